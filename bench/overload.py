"""Twice and four times what the server can take: how much is still answered within the p95 goal.

`python bench/overload.py [--variant FOLDER] [--goal MS] [--quick]`. Capacity is what 8, 16 or 32
closed-loop clients get answered within the goal; then requests come at fixed random times, whether or not
earlier ones were answered, from a process of its own. Late is measured from the moment it was due. The
clients that gave the capacity come again behind every load, since a shared machine is not the same
for minutes: goodput is compared with the mean of the capacity before and behind it.

Clients that wait come in step, so their requests share batches by themselves; users do not. So a second
figure is taken: what is answered in time of requests at random times, at the best of several rates
(`sustained`). Goodput of an overload is given as a share of both.
"""

from __future__ import annotations

import argparse
import json
import random
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from common import machine, save

from serving import bodies, make, percentiles, serving

CLIENTS = (8, 16, 32)  # capacity is that of the number that gets most answers in time
RATES = (0.6, 0.7, 0.8, 0.9, 1.0)  # of the capacity, to find what is sustained
LOADS = (0.5, 2.0, 4.0)


class Line:
    """One kept-alive connection and the request under way on it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.due, self.said, self.asked = 0.0, b"", False

    def ask(self, sent: bytes, due: float) -> None:
        self.due, self.said, self.asked = due, b"", True
        self.socket.send(sent)  # a request is smaller than any buffer of a socket

    def heard(self) -> int | None:
        """The status of a whole answer, 0 when the connection broke, None while it is not there."""
        try:
            part = self.socket.recv(65_536)
        except BlockingIOError:
            return None
        except OSError:
            return 0
        self.said += part
        head, found, body = self.said.partition(b"\r\n\r\n")
        if not found:
            return None if part else 0
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return int(head[9:12]) if len(body) >= length else None if part else 0


class Crowd:
    """A client that takes little of the machine: one thread, sockets as they become readable."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self.address, self.idle = (host, int(port)), []
        self.ready, self.at = selectors.DefaultSelector(), 0
        self.under_way, self.statuses, self.taken = 0, Counter(), []
        self.late: list[float] = []  # how much later than due this client itself was
        self.sent = [
            f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(b)}\r\n\r\n".encode()
            + b
            for b in bodies(pictures=False)
        ]

    def ask(self, due: float) -> None:
        line, sent = (
            self.idle.pop() if self.idle else self.open(),
            self.sent[self.at % len(self.sent)],
        )
        try:
            line.ask(sent, due)
        except OSError:  # the server had closed it meanwhile
            self.close(line)
            line = self.open()
            line.ask(sent, due)
        self.late.append((time.perf_counter() - due) * 1000)
        self.at += 1
        self.under_way += 1

    def open(self) -> Line:
        line = Line(self.address)
        self.ready.register(line.socket, selectors.EVENT_READ, line)
        return line

    def close(self, line: Line) -> None:
        self.ready.unregister(line.socket)
        line.socket.close()

    def hear(self, wait_s: float) -> int:
        """Answers that came within `wait_s`."""
        came = 0
        for key, _ in self.ready.select(max(0.0, wait_s)):
            line = key.data
            if not line.asked:  # closed by the server while it rested
                self.idle.remove(line)
                self.close(line)
                continue
            status = line.heard()
            if status is None:
                continue
            came, line.asked = came + 1, False
            self.under_way -= 1
            self.statuses[str(status)] += 1
            if status == 200:
                self.taken.append((time.perf_counter() - line.due) * 1000)
            if status and b"connection: close" not in line.said.lower():
                self.idle.append(line)
            else:
                self.close(line)
        return came


def closed_loop(url: str, *, seconds: float, goal_ms: float, clients: int) -> dict:
    """Answers a second within the goal, of clients that wait for each answer."""
    crowd = Crowd(url)
    end = time.perf_counter() + seconds
    for _ in range(clients):
        crowd.ask(time.perf_counter())
    while crowd.under_way:
        came = crowd.hear(1.0)
        if time.perf_counter() < end:
            for _ in range(came):
                crowd.ask(time.perf_counter())
    within = sum(ms <= goal_ms for ms in crowd.taken)
    return {
        "clients": clients,
        "per_second": round(within / seconds, 1),
        **percentiles(crowd.taken),
    }


def open_loop(url: str, *, seconds: float, per_second: float, goal_ms: float) -> dict:
    crowd, rng = Crowd(url), random.Random(0)
    due = start = time.perf_counter()
    before = time.process_time()
    while due < start + seconds:
        while (left := due - time.perf_counter()) > 0:
            crowd.hear(left)
        crowd.ask(due)
        due += rng.expovariate(per_second)
        crowd.hear(0.0)
    while crowd.under_way:
        crowd.hear(1.0)
    within = sum(ms <= goal_ms for ms in crowd.taken)
    return {
        "offered_per_second": round(per_second, 1),
        "goodput_per_second": round(within / seconds, 1),
        "statuses": dict(crowd.statuses),
        **percentiles(crowd.taken),
        "client_late_p95_ms": percentiles(crowd.late)["p95_ms"],
        "connections": len(crowd.idle),
        "client_cpu": round((time.process_time() - before) / seconds, 2),  # of one core
    }


def client(url: str, kind: str, **options: float) -> dict:
    """One of the loops in a process of its own."""
    command = [
        sys.executable,
        __file__,
        "--client",
        kind,
        "--url",
        url,
        "--options",
        json.dumps(options),
    ]
    found: dict = json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    )
    return found


def measure(python: str, variant: Path | None, *, goal_ms: float, seconds: float) -> dict:
    options = ["--goal", str(goal_ms)] + (["--variant", str(variant)] if variant else [])
    with tempfile.TemporaryDirectory() as folder:
        product = make(python, Path(folder), *options)
        with serving(python, product) as (url, _):
            client(url, "closed", seconds=3, goal_ms=goal_ms, clients=CLIENTS[0])  # warm
            seen = [
                client(url, "closed", seconds=seconds / 2, goal_ms=goal_ms, clients=n)
                for n in CLIENTS
            ]
            capacity = max(seen, key=lambda found: found["per_second"])
            clients, before = capacity["clients"], capacity["per_second"]
            tried = [
                client(url, "open", seconds=seconds / 2, per_second=r * before, goal_ms=goal_ms)
                for r in RATES
            ]
            sustained = max(tried, key=lambda found: found["goodput_per_second"])
            figures: dict = {"goal_ms": goal_ms, "capacity": capacity, "sustained": sustained}
            for load in LOADS:
                per_second = load * capacity["per_second"]
                seen = client(url, "open", seconds=seconds, per_second=per_second, goal_ms=goal_ms)
                again = client(url, "closed", seconds=seconds / 2, goal_ms=goal_ms, clients=clients)
                behind = again["per_second"]
                seen["capacity_around"] = [before, behind]
                seen["goodput_of_capacity"] = round(
                    2 * seen["goodput_per_second"] / (before + behind), 3
                )
                seen["goodput_of_sustained"] = round(
                    seen["goodput_per_second"] / max(1e-9, sustained["goodput_per_second"]), 3
                )
                before = behind
                figures[f"{load}x"] = seen
                print(load, json.dumps(seen), flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", type=Path)
    parser.add_argument("--goal", type=float, default=100.0)
    parser.add_argument("--before", help="python of another install of steelyard")
    parser.add_argument("--name", default="", help="behind that of the results file")
    parser.add_argument("--quick", action="store_true")
    for hidden in ("--client", "--url", "--options"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        loop = {"closed": closed_loop, "open": open_loop}[asked.client]
        print(json.dumps(loop(asked.url, **json.loads(asked.options))))
        return
    state, seconds = machine(), 6.0 if asked.quick else 30.0
    figures = {"now": measure(sys.executable, asked.variant, goal_ms=asked.goal, seconds=seconds)}
    if asked.before:
        figures["before"] = measure(
            asked.before, asked.variant, goal_ms=asked.goal, seconds=seconds
        )
    options = " --before PYTHON" * bool(asked.before) + " --variant FOLDER" * bool(asked.variant)
    options += f" --name {asked.name}" * bool(asked.name)
    save(f"overload{asked.name}", f"python bench/overload.py{options}", figures, state)


if __name__ == "__main__":
    main()

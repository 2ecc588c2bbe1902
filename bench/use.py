"""`steelyard economics` on many answers and outcomes over a year, and what counting them by day costs a write.

    PYTHONPATH=. python bench/use.py [--rows 1000000] [--postgresql]

Answers to 20,000 users of two variants spread evenly over a year, nearly each on a day of its own, which is the worst
case for sums by user and day; each answer has an outcome with its utility, and there are 5,000 sales. Economics is
read of the last 90 days and of the whole year, in a process of its own. The plain join of answers and outcomes, which
told the same before, is timed beside it and its figures are compared. A write is a commit of 32 answers.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from common import machine, save
from large import USERS, base, batches, timed
from tests.store.plain_use import plain_payers, plain_right, plain_variants

from steelyard.spec import load
from steelyard.store import Store, days, tables
from steelyard.store.database import _MIGRATIONS
from steelyard.store.rows import put_all

DAYS, SALES, BUYERS = 365, 5_000, 2_000
READ = "from steelyard.api.economics import economics; economics(file, since=%r)"


def users() -> list[str]:
    return [f"{i:024x}" for i in range(USERS)]


def rows(n: int, today: date) -> Iterator[tuple[dict, dict]]:
    """Answers in the order of their time, and an outcome of each."""
    rng, everybody = random.Random(0), users()
    begin = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=DAYS)
    for i in range(n):
        at = (begin + timedelta(days=DAYS * i / n)).isoformat()
        user, side = everybody[int(rng.random() * USERS)], int(rng.random() * 2)
        answer = {
            "id": f"{rng.getrandbits(96):024x}",
            "product": "tiny",
            "variant": "vw"[side] * 24,
            "state": ("live", "canary")[side],
            "user": user,
            "request": f"{user}:{i}",
            "value": "positive",
            "score": 0.5,
            "detail": {"scores": {"positive": 0.5, "negative": 0.5}},
            "cpu_s": 0.001,
            "latency_ms": 5.0,
            "created": at,
            "origin": "user",
        }
        said = {
            "id": f"f{i:023x}",
            "answer": answer["id"],
            "kind": "outcome",
            "value": "positive",
            "created": at,
            "utility": float(rng.random() < (0.8, 0.85)[side]),
        }
        yield answer, said


def sales(store: Store, today: date) -> None:
    """Purchases of a tenth of the users."""
    rng, buyers = random.Random(1), users()[:BUYERS]
    shared = {"product": "tiny", "kind": "sales", "revision": 0, "at": None, "channel": "search"}
    shared |= {"currency": "CNY", "body": {}, "file": "server", "created": today.isoformat()}
    paid = [
        shared
        | {"id": f"s{i}", "key": f"k{i}", "row": i, "customer": rng.choice(buyers)}
        | {"nano": int(1e9 * rng.lognormvariate(2, 0.5))}
        | {"day": (today - timedelta(days=rng.randrange(DAYS))).isoformat()}
        for i in range(SALES)
    ]
    with store.database.write() as connection:
        put_all(connection, tables.event, paid)


def fill(engine: sa.Engine, n: int, today: date) -> None:
    """As the version before had them, without hashes of rows: an upgrade adds them up."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        connection.commit()
    for part in batches(rows(n, today)):
        with engine.begin() as connection:
            connection.execute(tables.answer.insert(), [a for a, _ in part])
            connection.execute(tables.feedback.insert(), [f for _, f in part])


def write_cost(store: Store, today: date, *, size: int = 32, times: int = 90) -> dict[str, float]:
    """CPU microseconds an answer of a commit of 32: as it is, and without the count by day, in turns; then without
    the index too."""
    keep, spent = days.keep, {"as_it_is": 0.0, "without_the_count": 0.0, "without_the_index": 0.0}
    made = [
        a | {"id": f"w{a['id']}", "created": f"{today}T12:{i // 60_000:02d}:{i / 1000 % 60:09.6f}"}
        for i, (a, _) in enumerate(rows(3 * size * times, today))
    ]
    turns = ["as_it_is", "without_the_count"] * times + ["without_the_index"] * times
    for i, which in enumerate(turns):
        days.keep = keep if which == "as_it_is" else lambda *_: None
        if i == 2 * times:
            with store.database.write() as connection:
                connection.execute(sa.text("DROP INDEX answer_by_time"))
        began = time.process_time()
        with store.database.write() as connection:
            put_all(connection, tables.answer, made[i * size : (i + 1) * size])
        spent[which] += time.process_time() - began
    days.keep = keep
    return {name: round(s / size / times * 1e6, 1) for name, s in spent.items()}


def beside_the_join(store: Store, since: str) -> dict[str, Any]:
    """Seconds of each, by the wall and of the CPU, and whether they say the same."""
    began, cpu = time.perf_counter(), [time.process_time()]
    with store.database.read() as connection:
        plain = (
            plain_variants(connection, store.use.product, since),
            plain_payers(connection, store.use.product, since),
            plain_right(connection, store.use.product, since),
        )
    middle = time.perf_counter()
    cpu.append(time.process_time())
    use = store.use
    kept = (
        use.of_variants(since=since),
        {(r["user"], r["variant"]): r["n"] for r in use.of_payers(since=since)},
        {v: vars(right) for v, right in use.right(since=since).items()},
    )
    ended = time.perf_counter()
    cpu.append(time.process_time())
    same = plain[:2] == kept[:2] and all(
        abs(plain[2][v][k] - kept[2][v][k]) < 1e-6 * max(1.0, plain[2][v][k])
        for v in plain[2]
        for k in plain[2][v]
    )
    return {
        "join_s": round(middle - began, 3),
        "kept_s": round(ended - middle, 3),
        # of this process: all of it in SQLite, hardly any in PostgreSQL, whose server is another
        "join_cpu_s": round(cpu[1] - cpu[0], 3),
        "kept_cpu_s": round(cpu[2] - cpu[1], 3),
        "same": same,
    }


def measure(n: int, *, postgresql: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        product, engine = base(Path(name), postgresql)
        today, began = datetime.now(UTC).date(), time.perf_counter()
        fill(engine, n, today)
        engine.dispose()
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        figures: dict[str, Any] = {"rows_of_each_table": n, "upgrade": timed(product, "pass")}
        print(json.dumps(figures), flush=True)
        with closing(Store.open(load(product))) as store:
            sales(store, today)
            if postgresql:
                with store.database.engine.connect() as connection:
                    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
                    alone.execute(sa.text("VACUUM ANALYZE"))
            counted = sa.select(sa.func.count().label("n")).select_from(tables.daily_outcomes)
            figures["user_days"] = store.database.rows(counted)[0]["n"]
            for what, back in (("90_days", 89), ("year", DAYS)):
                since = (today - timedelta(days=back)).isoformat()
                figures[what] = beside_the_join(store, since)
                figures[what]["economics"] = timed(product, READ % since)
                print(what, json.dumps(figures[what]), flush=True)
            figures["write_cpu_us_an_answer"] = write_cost(store, today)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    state = machine()
    figures = measure(asked.rows, postgresql=asked.postgresql)
    print(json.dumps(figures, indent=1))
    name = "use_postgresql" if asked.postgresql else "use"
    options = f" --rows {asked.rows}" + " --postgresql" * asked.postgresql
    save(name, f"PYTHONPATH=. python bench/use.py{options}", figures, state)


if __name__ == "__main__":
    main()

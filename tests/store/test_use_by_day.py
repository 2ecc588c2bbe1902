"""Sums by day are those of a plain join of answers and outcomes, however they came, and damage to them is seen."""

import random
from collections import Counter
from contextlib import closing

import pytest
import sqlalchemy as sa
from tests.store.plain_use import plain_payers, plain_right, plain_variants

from steelyard.errors import Damaged
from steelyard.spec import load
from steelyard.store import Store, nouns, tables
from steelyard.store.rows import put_all

SHARED = {
    "state": "live",
    "request": "",
    "value": "好评",
    "score": 1.0,
    "detail": {},
    "cpu_s": 0.1,
    "latency_ms": 2.5,
    "release": 1,
}
DAYS = [f"2026-01-{day:02d}" for day in range(1, 13)]
PERIODS = [("", "~"), ("2026-01-04", "~"), ("", "2026-01-06"), ("2026-01-03", "2026-01-09")]


def history(store, seed, n=160):
    """Answers of every origin in commits of any size; outcomes with them, late, twice, without a utility, and other
    kinds of feedback; of two products, one user of whom is nobody."""
    rng = random.Random(seed)
    answers = [
        SHARED
        | {
            "id": f"a{i}",
            "product": rng.choice(["tiny", "tiny", "other"]),
            "variant": rng.choice(["v", "w"]),
            "user": rng.choice(["", "u1", "用户", "u'3"]),
            "created": f"{rng.choice(DAYS)}T{rng.choice(['00:00:00', '23:59:59.999999'])}+00:00",
            "origin": rng.choice(["user", "user", "user", "replay", "demo"]),
            "experiment": rng.choice([None, "e"]),
            "arm": "live",
        }
        for i in range(n)
    ]
    waiting: list[dict] = []
    while answers or waiting:
        size = rng.choice([1, 2, 30])
        part, answers = answers[:size], answers[size:]
        waiting += [outcome(rng, row) for row in part for _ in range(rng.choice([0, 1, 1, 2]))]
        now = [row for row in waiting if not answers or rng.random() < 0.4]
        waiting = [row for row in waiting if row not in now]
        with store.database.write() as connection:
            put_all(connection, tables.answer, part)
            put_all(connection, tables.feedback, now)
    paid(store, ["u1", "u'3", "用户", "nobody asked"])


def outcome(rng, answer):
    kind = rng.choice(["outcome", "outcome", "outcome", "rating"])
    return {
        "id": f"f{rng.getrandbits(60)}",
        "answer": answer["id"],
        "kind": kind,
        "value": "好评",
        "created": "2026-02",
        "at": None,
        "utility": rng.choice([None, 0.0, 0.125, 1.0]) if kind == "outcome" else None,
    }


def paid(store, customers):
    shared = {"product": "tiny", "kind": "sales", "revision": 0, "at": None, "channel": None}
    shared |= {"day": "2026-01-05", "nano": 1, "currency": "CNY", "body": {}, "file": "server"}
    rows = [
        shared
        | {"id": f"e{i}", "key": f"k{i}", "row": i, "customer": who, "created": "2026"}
        | {"kind": ("sales", "conversion", "customers")[i % 3]}
        for i, who in enumerate(customers)
    ]
    with store.database.write() as connection:
        put_all(connection, tables.event, rows)


def assert_same(store, product="tiny"):
    use = nouns.Use(store.database, product)
    for since, until in PERIODS:
        with store.database.read() as connection:
            asked = (connection, product, since, until if until != "~" else "9999")
            variants, payers, right = (
                plain(*asked) for plain in (plain_variants, plain_payers, plain_right)
            )
        assert use.of_variants(since=since, until=until) == variants
        of_payers = use.of_payers(since=since, until=until)
        assert {(row["user"], row["variant"]): row["n"] for row in of_payers} == payers
        kept = {v: vars(one) for v, one in use.right(since=since, until=until).items()}
        assert kept == {v: pytest.approx(one) for v, one in right.items()}
    assert variants and right and (payers or product != "tiny")


@pytest.mark.parametrize("seed", range(4))
def test_sums_by_day_are_those_of_the_plain_join(any_store, seed):
    history(any_store, seed)
    any_store.ledger.look_over()
    assert_same(any_store)
    assert_same(any_store, "other")


def test_a_ledger_of_before_is_added_up_when_it_is_opened(any_store, product_file):
    history(any_store, 9)
    for statement in (
        "DROP TABLE daily_answers",
        "DROP TABLE daily_outcomes",
        "DROP INDEX answer_by_time",
        "DROP TABLE asked",
        "UPDATE alembic_version SET version_num = '0008'",
    ):
        change(any_store, statement)
    with closing(Store.open(load(product_file))) as store:
        store.ledger.look_over()
        assert_same(store)


@pytest.mark.parametrize(
    ("table", "harm"),
    [
        ("daily_answers", "UPDATE daily_answers SET n = n + 1 WHERE variant = 'v'"),
        ("daily_answers", "DELETE FROM daily_answers WHERE day = '2026-01-03'"),
        ("daily_answers", "UPDATE answer SET variant = 'x', sha256 = NULL WHERE id = 'a1'"),
        ("daily_outcomes", "UPDATE daily_outcomes SET total = total + 0.5"),
        ("daily_outcomes", "UPDATE daily_outcomes SET n = 7 WHERE \"user\" = 'u1'"),
        (
            "daily_outcomes",
            "UPDATE daily_outcomes SET day = '2026-03-01' WHERE day = '2026-01-02' AND \"user\" = 'u1' AND variant = 'v'",
        ),
        ("daily_outcomes", "DELETE FROM daily_outcomes WHERE variant = 'w'"),
    ],
)
def test_sums_of_a_day_that_are_not_those_of_its_rows_are_damaged(any_store, table, harm):
    with any_store.database.write() as connection:
        rows = [
            SHARED
            | {"id": f"a{i}", "product": "tiny", "variant": "vw"[i % 2], "user": f"u{i % 3}"}
            | {"created": f"2026-01-{i % 5 + 1:02d}", "origin": "user"}
            for i in range(30)
        ]
        told = {"kind": "outcome", "value": "好评", "created": "2026", "at": None, "utility": 0.5}
        put_all(connection, tables.answer, rows)
        said = [told | {"id": f"f{i}", "answer": f"a{i}"} for i in range(30)]
        put_all(connection, tables.feedback, said)
    any_store.ledger.look_over()
    change(any_store, harm)
    with pytest.raises(Damaged, match=f"ledger {table} of product 'tiny', variant [vwx], day 2026"):
        any_store.ledger.look_over()


def test_users_of_an_economics_are_read_without_a_look_at_every_answer(store):
    """Neither of them reads the table of answers: its rows are wide, and a million of them are a gigabyte."""
    use = store.use
    queries = []
    use.rows = lambda query: queries.append(query) or []
    use.of_variants(since="2026-01-01"), use.of_payers(since="2026-01-01"), use.right(since="2026")
    plans = []
    with store.database.read() as connection:
        for query in queries:
            text = query.compile(store.database.engine, compile_kwargs={"literal_binds": True})
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
            plans.append(" ".join(row[-1] for row in found))
    assert "answer" not in plans[0].replace("daily_answers", "")
    assert "USING COVERING INDEX answer_by_time (product=? AND created>?" in plans[1]
    assert "SEARCH daily_outcomes USING PRIMARY KEY (product=?)" in plans[2]
    assert "answer" not in plans[2]


def change(store, statement):
    with store.database.write() as connection:
        connection.execute(sa.text(statement))


def test_answers_by_day_and_by_hour_are_those_of_the_answers(any_store):
    history(any_store, 5)
    use = any_store.use
    every = any_store.database.rows(
        sa.select(tables.answer).where(tables.answer.c.product == "tiny")
    )
    first, last = DAYS[0], DAYS[-2]
    within = [row for row in every if first <= row["created"][:10] <= last]
    assert use.of_days(since=first, until=last) == Counter(row["created"][:10] for row in within)
    hours = Counter(int(row["created"][11:13]) for row in within if row["origin"] == "user")
    assert use.by_hour(since=first, until=last) == [hours[h] for h in range(24)]
    assert sum(hours.values()) > 20 and len(hours) == 2

"""Sums of outcomes are compared with their outcomes whenever all rows are, and damage is seen."""

from contextlib import closing

import pytest
import sqlalchemy as sa

from steelyard.errors import Damaged, StoreError
from steelyard.spec import load
from steelyard.store import Store, tables
from steelyard.store.functions import sha256_hex, sha256_of_text
from steelyard.store.rows import put_all
from steelyard.store.slices import bounds, number_of, slice_of

SHARED = {
    "product": "tiny",
    "variant": "v",
    "state": "live",
    "request": "",
    "value": "好评",
    "score": 1.0,
    "detail": {},
    "cpu_s": 0.1,
    "latency_ms": 2.5,
    "release": 1,
    "experiment": "e",
    "arm": "live",
    "origin": "user",
}


def told(store, n):
    """Outcomes of two users, every third one without a utility."""
    with store.database.write() as connection:
        put_all(
            connection,
            tables.answer,
            [
                SHARED | {"id": f"a{i}", "user": f"u{i % 2}", "created": f"2026-{i:04d}"}
                for i in range(n)
            ],
        )
        put_all(
            connection,
            tables.feedback,
            [
                {
                    "id": f"f{i}",
                    "answer": f"a{i}",
                    "kind": "outcome",
                    "value": "好评",
                    "created": "2026",
                    "at": None,
                    "utility": None if i % 3 == 2 else 0.1 * (i % 5),
                }
                for i in range(n)
            ],
        )


def change(store, statement):
    with store.database.write() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE tally SET total = total + 0.1 WHERE pair = '' AND \"user\" = 'u0'",
        "UPDATE tally SET n = n + 1 WHERE pair <> ''",
        "UPDATE tally SET \"user\" = 'u7' WHERE pair = '' AND \"user\" = 'u1'",
        "UPDATE tally SET said = '\"negative\"' WHERE pair <> ''",
        "UPDATE tally SET since = '2027' WHERE pair = ''",
        "DELETE FROM tally WHERE pair = ''",
        "INSERT INTO tally SELECT product, 'other', arm, \"user\", since, pair, said, truth, n, total FROM tally",
        "UPDATE feedback SET utility = 0.9, sha256 = NULL WHERE id = 'f1'",
        "UPDATE answer SET \"user\" = 'u1', sha256 = NULL WHERE id = 'a0'",
        "DELETE FROM feedback WHERE id = 'f4'",
        "UPDATE pace SET n = n + 1 WHERE slice = 40",
        "UPDATE pace SET total = 5.0",
        "UPDATE pace SET slice = 41",
        "DELETE FROM pace",
        "UPDATE asked SET n = n + 1 WHERE \"user\" = 'u1'",
        "UPDATE asked SET since = '2027'",
        "DELETE FROM asked WHERE \"user\" = 'u0'",
        "UPDATE answer SET latency_ms = 90.0, sha256 = NULL WHERE id = 'a0'",
    ],
)
def test_sums_that_are_not_those_of_their_outcomes_are_damaged(any_store, product_file, harm):
    told(any_store, 20)
    any_store.ledger.look_over()
    change(any_store, harm)
    with pytest.raises(Damaged, match=r"ledger (tally|pace|asked) of product 'tiny', experiment"):
        any_store.ledger.look_over()


def test_damaged_sums_of_a_small_ledger_are_seen_when_it_is_opened(store, product_file):
    told(store, 20)
    change(store, "UPDATE tally SET n = 5")
    with pytest.raises(Damaged, match="ledger tally"):
        Store.open(load(product_file))


def test_a_seal_holds_when_a_later_release_leaves_fewer_sums(store, product_file):
    told(store, 20)
    seal = store.ledger.seal(now="2026")
    change(store, "DELETE FROM tally")
    assert not {"tally", "pace", "asked"} & seal["counts"].keys()
    assert store.ledger.verify(sealed=seal) == seal["lines"]


def released(store, moments):
    with store.database.write() as connection:
        for created in moments:
            release = {"product": "tiny", "variant": "v", "state": "live", "share": 1.0}
            more = {"reason": "", "who": "x", "created": created}
            connection.execute(tables.release.insert().values(release | more))


def variants(store):
    with store.database.write() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO dataset VALUES ('d', 'tiny', 1, 't', NULL, '[]', '[]', '[]', '2026', NULL)"
            )
        )
        connection.execute(
            sa.text("INSERT INTO variant VALUES ('v', 'v', 't', NULL, 'd', 1, '{}', '2026', NULL)")
        )


@pytest.mark.parametrize(
    "moments", [[], ["2025"], ["2025", "2026-0007"], ["2026-0003", "2026-0011"]]
)
def test_answers_of_one_commit_are_counted_by_the_release_of_each(any_store, moments):
    variants(any_store)
    released(any_store, moments)
    told(any_store, 20)
    a = tables.asked.c
    kept = any_store.database.rows(sa.select(a.user, a.since, a.n).order_by(a.user, a.since))
    wanted = {}
    for i in range(20):
        since = max([m for m in moments if m <= f"2026-{i:04d}"], default="")
        wanted[f"u{i % 2}", since] = wanted.get((f"u{i % 2}", since), 0) + 1
    assert {(row["user"], row["since"]): row["n"] for row in kept} == wanted
    any_store.ledger.look_over()


def test_users_of_a_ledger_of_before_are_counted_when_it_is_opened(any_store, product_file):
    told(any_store, 20)
    before = any_store.database.rows(sa.select(tables.asked))
    change(any_store, "DROP TABLE asked")
    change(any_store, "UPDATE alembic_version SET version_num = '0009'")
    with closing(Store.open(load(product_file))) as again:
        again.ledger.look_over()
        assert again.database.rows(sa.select(tables.asked)) == before != []


def test_a_process_that_still_runs_writes_nothing_into_a_ledger_that_was_upgraded(any_store):
    change(any_store, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        StoreError, match=r"found 9999, to which a newer .* start it again with that version"
    ):
        told(any_store, 1)
    assert any_store.database.rows(sa.select(tables.answer.c.id)) == []


@pytest.mark.parametrize("n", [1, 2, 3, 511, 512, 513, 1_300])
def test_outcomes_of_one_transaction_are_counted_however_many(any_store, n):
    told(any_store, n)
    (row,) = any_store.database.rows(sa.select(sa.func.sum(tables.tally.c.n).label("n")))
    assert row["n"] == n
    any_store.ledger.look_over()


def test_a_hash_of_a_text_is_the_same_on_every_database(any_store):
    texts = ["", "好评\n\"a'b", "x" * 10_000, "🙂"]
    with any_store.database.read() as connection:
        found = [
            connection.execute(sa.select(sha256_of_text(sa.literal(t)))).scalar() for t in texts
        ]
    assert found == [sha256_hex(text) for text in texts]


LATENCIES = [
    -3.5,
    -0.0,
    0.0,
    0.0624,
    0.0625,
    1.0,
    28.53,
    1023.9375,
    1023.99,
    1024.0,
    1024.5,
    1025.0,
    34308.87,
    9e8,
]


def test_every_latency_is_within_the_bounds_of_its_slice_and_slices_grow_with_it(any_store):
    with any_store.database.read() as connection:
        found = [
            connection.execute(sa.select(slice_of(sa.literal(x, sa.Float)))).scalar()
            for x in LATENCIES
        ]
    assert found == sorted(found) and len(set(found)) == len(LATENCIES) - 4
    for latency_ms, number in zip(LATENCIES, found, strict=True):
        low, high = bounds(number)
        assert low <= latency_ms < high
        assert number_of(latency_ms) == number


def test_answers_that_are_counted_and_gone_are_told_to_whoever_reads_them(store):
    told(store, 20)
    for statement in ("DELETE FROM feedback", "DELETE FROM answer"):
        change(store, statement)
    with pytest.raises(Damaged, match="ledger pace of experiment e, live: expected the answers"):
        store.answers.took("e", since="", arm="live")


def test_answers_and_releases_of_before_an_experiment_are_not_counted(store, product_file):
    told(store, 4)
    before = [store.database.rows(sa.select(table)) for table in (tables.tally, tables.pace)]
    rows = [
        SHARED | {"id": "x", "user": "u", "created": "2026"} | more
        for more in ({"experiment": None, "arm": None},)
    ]
    rows += [SHARED | {"id": "y", "user": "u", "created": "2026", "origin": "replay"}]
    with store.database.write() as connection:
        put_all(connection, tables.answer, rows)
        put_all(
            connection,
            tables.feedback,
            [
                {
                    "id": f"f{i}",
                    "answer": i,
                    "kind": kind,
                    "value": "1",
                    "created": "2026",
                    "at": None,
                    "utility": 1.0,
                }
                for i, kind in (("x", "outcome"), ("y", "outcome"), ("a0", "rating"))
            ],
        )
    after = [store.database.rows(sa.select(table)) for table in (tables.tally, tables.pace)]
    assert after == before
    with closing(Store.open(load(product_file))) as again:
        again.ledger.look_over()

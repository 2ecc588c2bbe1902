"""Money is read from sums of whole blocks of lines: the same to the last digit, and damage is seen."""

import threading
from decimal import Decimal

import pytest
import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.spec import Money
from steelyard.store import CASH, IMPUTED, Line, ledger, subtotals, tables
from steelyard.store.ledger import verify


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(subtotals, "BLOCK", 10)


def spend(store, n, *, start=0, turn=0, product="tiny"):
    """Lines of three accounts, two currencies and two bases, with quantities no binary fraction holds."""
    lines = [
        Line(
            ("cpu.serve", "value.correct", "label")[i % 3],
            Decimal("0.000000000000001") * i,
            "unit",
            Money(7 * i, ("CNY", "USD")[i % 2]),
            f"line:{i}",
            basis=(CASH, IMPUTED, CASH)[i % 3],
            about={"variant": "v"} if i % 2 else None,
        )
        for i in range(start, start + n)
    ]
    with store.database.write() as connection:
        ledger.append(connection, lines, product=product, turn=turn, time="2026")


def expected(numbers):
    found = {}
    for i in numbers:
        key = (("cpu.serve", "value.correct", "label")[i % 3], ("CNY", "USD")[i % 2])
        lines, quantity, nano = found.get(key, (0, Decimal(0), 0))
        found[key] = lines + 1, quantity + Decimal("0.000000000000001") * i, nano + 7 * i
    return found


def read(store, **of):
    rows = store.ledger.sums(**of)
    assert all(
        row["basis"] == (IMPUTED if row["account"] == "value.correct" else CASH) for row in rows
    )
    return {
        (r["account"], r["currency"]): (r["lines"], Decimal(r["quantity"]), r["nano"]) for r in rows
    }


def kept(store):
    return store.database.rows(sa.select(tables.subtotal).order_by(tables.subtotal.c.id))


@pytest.mark.parametrize("sizes", [[9], [10], [1] * 23, [7, 7, 7, 7], [53], [10, 10]])
def test_sums_are_those_of_every_line_however_they_came(store, sizes):
    start = 0
    for n in sizes:
        spend(store, n, start=start)
        start += n
        assert read(store) == expected(range(start))
    assert max((row["last"] for row in kept(store)), default=0) == start // 10 * 10
    store.ledger.look_over()
    assert store.ledger.verify() == start


def test_sums_of_a_turn_and_of_another_product_are_their_own(any_store):
    for turn in (1, 2, 3):
        any_store.turns.end(any_store.begin_turn(f"spec {turn}"), now="2026")
        spend(any_store, 8, start=8 * turn, turn=turn)
    spend(any_store, 8, start=0, product="other")
    assert read(any_store, turn=2) == expected(range(16, 24))
    assert read(any_store, until=2) == expected(range(8, 24))
    assert read(any_store) == expected(range(8, 32))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("UPDATE subtotal SET nano = '5' WHERE id = 2", "subtotal 2"),
        ("UPDATE subtotal SET product = 'other' WHERE id = 2", "subtotal 2"),
        ("DELETE FROM subtotal WHERE id = 2", "subtotal of line 10: expected 6 rows"),
        ("DELETE FROM subtotal WHERE last = 10", "subtotal of line 20"),
        ("UPDATE entry SET hash = 'x' WHERE id = 20", "ledger entry 20"),
        ("UPDATE entry SET nano = 5 WHERE id = 23", "ledger entry 23"),
        ("DELETE FROM entry WHERE id > 19", "ledger entry 20"),
    ],
)
def test_what_sums_are_read_from_is_checked(store, harm, said):
    spend(store, 24)
    with store.database.write() as connection:
        connection.execute(sa.text(harm))
    with pytest.raises(Damaged, match=said):
        store.ledger.sums()


def test_a_line_in_a_closed_block_is_found_when_every_line_is_verified(store):
    spend(store, 24)
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE entry SET nano = 5 WHERE id = 3"))
    assert read(store) == expected(range(24))  # as it was when the block was closed
    with pytest.raises(Damaged, match="ledger entry 3"):
        store.ledger.verify()


def test_a_sum_that_was_written_anew_with_its_hash_is_found_by_its_lines(store):
    spend(store, 24)
    s = tables.subtotal
    row = kept(store)[0] | {"nano": "5"}
    with store.database.write() as connection:
        hashed = {"nano": "5", "sha256": tables.row_sha256(s, row)}
        connection.execute(s.update().where(s.c.id == row["id"]).values(**hashed))
    with pytest.raises(Damaged, match="subtotal of line 10: expected the sums of its lines"):
        store.ledger.verify()


def test_a_damaged_line_stops_nobody_from_writing_and_its_block_stays_open(store):
    spend(store, 5)
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE entry SET nano = 5 WHERE id = 3"))
    spend(store, 30, start=5)
    assert kept(store) == []
    with pytest.raises(Damaged, match="ledger entry 3"):
        store.ledger.sums()


def test_an_older_ledger_gets_its_blocks_when_it_is_opened(store):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subtotals, "BLOCK", 10**6)
        spend(store, 24)
    assert kept(store) == []
    with store.database.write() as connection:
        subtotals.close_blocks(connection)
    assert {row["last"] for row in kept(store)} == {10, 20}
    assert read(store) == expected(range(24)) and store.ledger.verify() == 24


def test_lines_that_come_meanwhile_are_counted_once(store):
    done, seen = threading.Event(), []

    def reading():
        while not done.is_set():
            seen.append(sum(row["lines"] for row in store.ledger.sums()))

    reader = threading.Thread(target=reading)
    reader.start()
    for i in range(60):
        spend(store, 5, start=5 * i)
    done.set()
    reader.join()
    assert len(seen) > 3 and seen == sorted(seen) and seen[-1] <= 300
    assert all(n % 5 == 0 for n in seen)  # no half of a transaction


def test_verify_reads_lines_and_products_of_one_state(any_store):
    spend(any_store, 24)
    with any_store.database.snapshot() as connection:
        assert verify(connection) == 24
        spend(any_store, 24, start=24)
        assert verify(connection) == 24
    assert any_store.ledger.verify() == 48

"""Lines of money in a chain: any change shows, any part can be read alone, and sums are exact."""

from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from steelyard.errors import Damaged, RowRefused
from steelyard.spec import Money
from steelyard.store import CASH, IMPUTED, Line, ledger, subtotals, tables
from steelyard.store.chain import GENESIS, basis_of, chain, digest
from steelyard.store.database import Database
from steelyard.store.seal import against, behind, seal

LINE = Line("label", 3, "label", Money(-9, "CNY"), "labels:好评", about={"variant": "v"})
few = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with closing(Database.open(f"sqlite:///{tmp_path_factory.mktemp('chain')}/l.db")) as database:
        yield database


@pytest.fixture
def connection(opened):
    """In a transaction that is taken back, so that each test begins with no line."""
    with opened.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection
        connection.rollback()


def append(connection, *lines, turn=0, product="产品", time="2026"):
    ledger.append(connection, lines, product=product, turn=turn, time=time)


def stored(connection):
    return [dict(row) for row in connection.execute(sa.select(tables.entry)).mappings()]


def emptied(connection):
    for table in (tables.entry, tables.subtotal):
        connection.execute(table.delete())


CHANGES = {
    "id": 2,
    "time": "2027",
    "turn": 1,
    "account": "cpu",
    "quantity": "4",
    "unit": "s",
    "nano": -8,
    "currency": "USD",
    "evidence": "labels:差评",
    "previous": "1" * 64,
    "product": None,
    "basis": IMPUTED,
    "about": {"variant": "w"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_hash_of_a_line_covers_each_of_its_columns(connection, name):
    append(connection, LINE)
    (row,) = stored(connection)
    assert row["hash"] == digest(row)
    assert digest(row | {name: CHANGES[name]}) != row["hash"]


def test_every_column_of_a_line_is_under_its_hash():
    assert {c.name for c in tables.entry.columns} - {"hash"} == CHANGES.keys()


def test_a_line_of_an_older_schema_keeps_the_hash_it_had(connection):
    append(connection, LINE)
    (row,) = stored(connection)
    second = row | {"basis": None, "about": None}
    first = second | {"product": None}
    assert len({digest(row), digest(second), digest(first)}) == 3
    assert digest(second | {"about": {"x": 1}}) == digest(second)  # there was no such column


@pytest.mark.parametrize(
    ("account", "basis", "expected"),
    [
        ("value.correct", None, IMPUTED),
        ("value", None, CASH),
        ("label", None, CASH),
        ("label", IMPUTED, IMPUTED),
        ("value.correct", CASH, CASH),
    ],
)
def test_what_no_money_moved_for_is_told_by_the_line_or_of_old_by_its_account(
    account, basis, expected
):
    assert basis_of({"account": account, "basis": basis}) == expected


@few
@given(
    n=st.integers(0, 12),
    after=st.integers(0, 12),
    until=st.none() | st.integers(0, 14),
)
def test_any_part_of_a_chain_can_be_read_from_the_hash_before_it(connection, n, after, until):
    emptied(connection)
    append(connection, *(replace(LINE, quantity=i) for i in range(n)))
    rows, after = stored(connection), min(n, after)
    previous = rows[after - 1]["hash"] if after else GENESIS
    part = list(chain(connection, after=after, previous=previous, until=until))
    assert part == rows[after : max(after, n if until is None else until)]


@pytest.mark.parametrize("previous", [GENESIS, "x"])
def test_a_part_behind_another_hash_is_damaged(connection, previous):
    append(connection, LINE, LINE, LINE)
    with pytest.raises(Damaged, match="ledger entry 2"):
        list(chain(connection, after=1, previous=previous))


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_a_line_that_is_gone_leaves_a_gap_at_the_next(connection, gone):
    append(connection, *[LINE] * 4)
    connection.execute(tables.entry.delete().where(tables.entry.c.id == gone))
    with pytest.raises(
        Damaged, match=f"ledger entry {gone + 1}: expected entry {gone}, found a gap"
    ):
        list(chain(connection))


def test_two_lines_that_change_places_are_damaged(connection):
    append(connection, LINE, replace(LINE, quantity=4))
    one, two = stored(connection)
    emptied(connection)
    connection.execute(tables.entry.insert(), [two | {"id": 1}, one | {"id": 2}])
    with pytest.raises(Damaged, match="ledger entry 1"):
        list(chain(connection))


def test_no_lines_are_a_chain_and_have_no_sums(connection):
    append(connection)
    assert stored(connection) == [] == ledger.sums(connection, product="产品")
    assert ledger.verify(connection) == 0


def test_a_line_that_is_no_text_is_damaged_and_no_traceback(connection):
    append(connection, LINE)
    connection.execute(sa.text("UPDATE entry SET account = x'ff'"))
    with pytest.raises(Damaged, match="ledger entry 1"):
        list(chain(connection))


wide = st.decimals("-1e20", "1e20", places=15)


@few
@example(quantities=[Decimal(10) ** 20, Decimal("1E-15")], block=1)
@given(quantities=st.lists(wide, max_size=12), block=st.sampled_from([1, 3, 1000]))
def test_quantities_add_up_to_the_last_digit_however_far_apart_they_are(
    connection, quantities, block
):
    emptied(connection)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subtotals, "BLOCK", block)
        for quantity in quantities:
            append(connection, replace(LINE, quantity=quantity))
        total = ledger.sums(connection, product="产品")
    expected = sum(map(Fraction, quantities), Fraction())
    assert [Fraction(Decimal(row["quantity"])) for row in total] == [expected][: len(quantities)]
    assert ledger.verify(connection) == len(quantities)


@pytest.mark.parametrize(
    ("quantity", "kept"),
    [(2000, "2000"), (0.1, "0.1"), (1e-9, "0.000000001"), (Decimal("1E+3"), "1000"), (0, "0")],
)
def test_a_quantity_is_kept_in_digits_and_as_it_was_given(connection, quantity, kept):
    append(connection, replace(LINE, quantity=quantity))
    assert stored(connection)[0]["quantity"] == kept
    assert ledger.sums(connection, product="产品")[0]["quantity"] == kept


def test_sums_larger_than_a_column_of_whole_numbers_are_exact(connection):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subtotals, "BLOCK", 2)
        most = replace(LINE, money=Money(2**63 - 1, "CNY"))
        append(connection, *[most] * 5)
        assert ledger.sums(connection, product="产品")[0]["nano"] == 5 * (2**63 - 1)
        assert ledger.verify(connection) == 5


@pytest.mark.parametrize(
    ("newest", "added", "is_due"),
    [(999, 999, False), (1000, 1, True), (1000, 1000, True), (1001, 1, False), (2500, 1600, True)],
)
def test_a_block_is_closed_by_the_lines_that_fill_it(newest, added, is_due):
    assert subtotals.due(newest, added) == is_due


@pytest.mark.parametrize(("turn", "product"), [(7, "产品"), (1, "another")])
def test_a_line_of_no_turn_or_of_another_product_than_its_turn_is_damaged(
    connection, turn, product
):
    row = {"id": 1, "product": "产品", "spec_sha256": "s", "started": "2026"}
    connection.execute(tables.turn.insert().values(row))
    append(connection, LINE, turn=turn, product=product)
    with pytest.raises(Damaged):
        ledger.verify(connection)


def test_a_step_without_its_line_is_damaged_and_with_it_is_not(connection):
    turn = {"id": 1, "product": "产品", "spec_sha256": "s", "started": "2026"}
    connection.execute(tables.turn.insert().values(turn))
    step = {"key": "k", "name": "train", "turn": 1, "done": "2026", "cpu_s": 1.0, "output": {}}
    connection.execute(tables.step.insert().values(step))
    with pytest.raises(Damaged, match="ledger step train: expected a line for step:k"):
        ledger.every_step_paid(connection)
    append(connection, replace(LINE, evidence="step:kk"), turn=1)
    with pytest.raises(Damaged):
        ledger.every_step_paid(connection)
    append(connection, replace(LINE, evidence="step:k"), turn=1)
    ledger.every_step_paid(connection)


moves = st.lists(
    st.tuples(
        st.sampled_from(["产品", "other"]),
        st.sampled_from(["CNY", "USD"]),
        st.integers(-(2**62), 2**62),
    ),
    max_size=6,
)


def booked(connection, several):
    for product, currency, nano in several:
        append(connection, replace(LINE, money=Money(nano, currency)), product=product)


@few
@given(first=moves, more=moves)
def test_a_seal_holds_the_sums_of_its_lines_while_lines_are_only_added(connection, first, more):
    emptied(connection)
    booked(connection, first)
    sealed = seal(connection, time="2026")
    expected: dict = {}
    for product, currency, nano in first:
        own = expected.setdefault(product, {})
        own[currency] = str(int(own.get(currency, 0)) + nano)
    assert (sealed["lines"], sealed["sums"]) == (len(first), expected)
    booked(connection, more)
    assert against(connection, sealed) == behind(connection, sealed) == len(first) + len(more)


@few
@given(several=moves.filter(bool), more=moves, data=st.data())
def test_a_chain_that_is_computed_anew_with_one_other_amount_is_found(
    connection, several, more, data
):
    emptied(connection)
    booked(connection, several)
    sealed = seal(connection, time="2026")
    at = data.draw(st.integers(0, len(several) - 1))
    product, currency, nano = several[at]
    emptied(connection)
    booked(connection, [*several[:at], (product, currency, nano + 1), *several[at + 1 :], *more])
    assert ledger.verify(connection) == len(several) + len(more)  # in itself it holds
    for compared in (against, behind):
        with pytest.raises(Damaged):
            compared(connection, sealed)


@pytest.mark.parametrize("nano", [2**63, -(2**63) - 1])
def test_money_that_no_column_holds_is_refused_in_one_sentence(opened, nano):
    with pytest.raises(RowRefused, match="a row that fits the table"), opened.write() as writing:
        append(writing, replace(LINE, money=Money(nano, "VND")))

"""A cell is read as what was written, or refused; never as one of two things it might be."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.market.cells import CellError, currency_of, is_nothing, numbers, plain, unique


def values(cells, **how):
    return [None if n is None else n.value for n in numbers(cells, **how)]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1234.50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("１，２３４．５０", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u202f234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("0.123", "0.123"),
        (".5", "0.5"),
        ("+5", "5"),
        ("-5.00", "-5.00"),
        ("\u22125.00", "-5.00"),
        ("5.00-", "-5.00"),
        ("(5.00)", "-5.00"),
        ("￥12.50", "12.50"),
        ("-$4.00", "-4.00"),
        ("$ -4.00", "-4.00"),
        ("12.50 元", "12.50"),
        ("US$1,000.00", "1000.00"),
        ("1.000,00 €", "1000.00"),
        ("CNY 7.00", "7.00"),
        ("`66.00", "66.00"),
        ("\t66.00", "66.00"),
        ('="66.00"', "66.00"),
        ("'66.00", "66.00"),
        ("1.05e-05", "0.0000105"),
        ("1,05E-05", "0.0000105"),
        ("9.5e-06", "0.0000095"),
        ("5e-06", "0.000005"),
        ("-1.050e-05", "-0.0000105"),
        ("$9.5e-06", "0.0000095"),
    ],
)
def test_a_number_as_people_and_programs_write_it(cell, value):
    assert values([cell]) == [Decimal(value)]


@pytest.mark.parametrize(
    "cell",
    [
        "12%",
        "1.2万",
        "abc",
        "1,2,3",
        "1..2",
        "12,34.5",
        "--5",
        "(5",
        "5)",
        "¥5 USD",
        "1e5",
        "1E+05",
        "1.2E+05",
        "12e-05",
        "1e-5e-5",
        "1.e-05",
        "1,000.5e-05",
        "1e-1000",
        "0x5",
        "1/2",
    ],
)
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(CellError) as refused:
        numbers(["1.50", cell])
    assert refused.value.index == 1


@pytest.mark.parametrize("cell", ["", " ", "-", "--", "—", "N/A", "null", "无", "\ufeff"])
def test_what_says_nothing_is_nothing(cell):
    assert is_nothing(cell) and numbers([cell, "1.5"])[0] is None


@pytest.mark.parametrize("cell", ["1,234", "1.234", "12,345", "999.999"])
def test_a_mark_that_may_part_thousands_or_cents_is_refused_unless_it_is_said(cell):
    with pytest.raises(CellError, match="can be read in one way") as refused:
        numbers(["5", cell])
    assert refused.value.index == 1 and "decimal" in refused.value.repair
    said = {values([cell], decimal=mark)[0] for mark in ".,"}
    assert len(said) == 2


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,234", "5.5"], ["1234", "5.5"]),
        (["1,234", "5,5"], ["1.234", "5.5"]),
        (["1.234", "1.234.567"], ["1234", "1234567"]),
        (["1.234", "1,5"], ["1234", "1.5"]),
    ],
)
def test_the_column_decides_what_one_cell_leaves_open(cells, expected):
    assert values(cells) == [Decimal(e) for e in expected]


def test_a_power_of_ten_tells_the_mark_of_its_column_and_is_no_count():
    assert values(["1,234", "1.5e-05"]) == [1234, Decimal("0.000015")]
    with pytest.raises(CellError, match="a whole number") as refused:
        numbers(["5e-06"], whole=True)
    assert refused.value.index == 0


def test_a_column_in_two_conventions_is_refused_at_the_cell_that_breaks_it():
    with pytest.raises(CellError) as refused:
        numbers(["1,234.50", "12.00", "1.234,50"])
    assert refused.value.index == 2


def test_whole_numbers_have_no_cents_so_that_their_mark_parts_thousands():
    assert values(["1,234", "7"], whole=True) == [1234, 7]
    assert values(["1.234"], whole=True) == [1234]
    with pytest.raises(CellError):
        numbers(["12.5"], whole=True)
    assert values(["12.00"], whole=True) == [12]  # as spreadsheets write them


@given(
    st.decimals(0, 10**9, places=2),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]),
)
def test_any_amount_is_read_back_from_any_convention(amount, marks):
    thousands, decimal = marks
    text = f"{amount:,.2f}".replace(",", "_").replace(".", decimal).replace("_", thousands)
    assert values([text], decimal=decimal) == [amount]


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_nothing_or_refused_and_no_traceback(text):
    try:
        (number,) = numbers([text])
    except CellError as error:
        assert error.index == 0
    else:
        assert number is None or number.value.is_finite()


@pytest.mark.parametrize(
    ("cell", "fits", "not_"),
    [
        ("¥5", "CNY", "USD"),
        ("¥5", "JPY", "EUR"),
        ("$5", "USD", "CNY"),
        ("HK$5", "HKD", "USD"),
        ("5 EUR", "EUR", "GBP"),
    ],
)
def test_a_sign_is_a_currency_or_one_of_several(cell, fits, not_):
    (number,) = numbers([cell], decimal=".")
    assert currency_of(number, fits) and not currency_of(number, not_)
    assert currency_of(numbers(["5"])[0], not_)


def test_armour_for_spreadsheets_is_taken_off():
    assert plain(" `2026-01-02 ") == "2026-01-02" and plain('="00123"') == "00123"


def test_equal_values_are_told_apart_by_how_often_they_came():
    assert list(unique(["a", "b", "a", "a"])) == [0, 0, 1, 2]

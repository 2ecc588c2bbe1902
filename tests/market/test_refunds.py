"""Refunds that are rows of their own: never more than was paid, in one file or over several."""

import pytest
from tests.market.books import exported, money

from steelyard.api.market import import_file
from steelyard.errors import DataError
from steelyard.spec import load

HEADER = "day,order,back,amount,currency\n"
PAID = "2026-01-10,o1,,100,USD\n"
BACK = "2026-02-10,o1,r1,60,USD\n"
REST = "2026-02-11,o1,r2,40,USD\n"
MORE = "2026-02-11,o1,r2,40.01,USD\n"
MAPPING = """\
    payments:
      kind: sales
      columns: {day: day, id: order, refund_id: back, amount: amount, currency: currency}
"""


@pytest.fixture
def paying(shop):
    shop.path.write_text(shop.path.read_text(encoding="utf-8") + MAPPING, encoding="utf-8")
    return load(shop.path)


def books(shop, *rows, **how):
    return import_file(shop, exported(shop, HEADER + "".join(rows)), **how)


def test_all_is_given_back_though_the_rate_is_another_by_then(paying):
    books(paying, PAID)
    books(paying, BACK, REST)
    assert {name: float(n) for name, n in money(paying).items()} == {
        "sale.income": 710,
        "sale.refund": -720,
    }


@pytest.mark.parametrize(
    "files",
    [
        [[PAID, BACK], [MORE]],
        [[PAID], [BACK, MORE]],
        [[BACK], [MORE], [PAID]],
        [[BACK, MORE], [PAID]],
        [[PAID, BACK, MORE]],
    ],
)
def test_over_all_files_no_more_than_was_paid(paying, files):
    for rows in files[:-1]:
        books(paying, *rows)
    before = money(paying)
    with pytest.raises(DataError, match=r"at most what was paid, 100.00 USD, found 100.01 USD in"):
        books(paying, *files[-1])
    assert money(paying) == before


def test_a_payment_is_not_corrected_to_less_than_was_given_back(paying):
    books(paying, PAID, BACK)
    less = PAID.replace(",100,", ",59,")
    with pytest.raises(DataError, match=r"csv:2 .*at most what was paid, 59.00 USD"):
        books(paying, less, correct=True)
    assert (
        books(paying, less, BACK.replace(",60,", ",59,"), correct=True)["booked"]["corrected"] == 2
    )


def test_a_refund_in_another_currency_is_compared_as_it_is_booked(paying):
    books(paying, PAID)
    with pytest.raises(DataError, match=r"at most what was paid, 710.00 CNY, found 711.00 CNY"):
        books(paying, BACK.replace("60,USD", "711,CNY"))
    assert books(paying, BACK.replace("60,USD", "710,CNY"))["booked"]["new"] == 1

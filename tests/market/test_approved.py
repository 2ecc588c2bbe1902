"""What an approved amount brought is told once its days are over and booked, beside as many days before."""

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import pytest

from steelyard.api.market import import_file
from steelyard.market.approved import Approved, Won, approvals, approve, sold_since, won_since
from steelyard.market.keeping import APPROVED
from steelyard.scoring import brought_by
from steelyard.store import Store

FIRST = date(2026, 1, 1)
ONE = Approved(
    1, "li", "2026-01-10", None, {"search": 300.0}, (), {"search": (4.0, 1.0, 7.0)}, 10.0, "CNY"
)


def sold(shop, days, *, channel="search"):
    """A new customer on each of the days."""
    path = shop.folder / "sales.csv"
    rows = [
        f"{FIRST + timedelta(days=n)},s{n}-{i},20,c{n}-{i},{channel}" for i, n in enumerate(days)
    ]
    path.write_text("\n".join(["day,id,amount,customer,channel", *rows]) + "\n", encoding="utf-8")
    import_file(shop, path, preset="plain_sales")


@pytest.fixture
def store(shop):
    # 10 days before the day of approval are 2026-01-01 to 10, its own are 11 to 20
    sold(shop, [0, 4, 9, 10, 11, 12, 13, 19, 24])
    with closing(Store.open(shop)) as opened:
        yield opened


def test_customers_of_its_days_stand_beside_those_of_as_many_before(store):
    assert won_since(store, ONE, until="2026-02-01") == [Won("search", 5, 3)]


@pytest.mark.parametrize("until", ["2026-01-10", "2026-01-19"])
def test_days_that_are_not_over_are_not_told(store, until):
    assert won_since(store, ONE, until=until) == []
    assert won_since(store, ONE, until="2026-01-20") != []


def test_days_that_the_books_do_not_reach_are_not_told(shop):
    sold(shop, [5, 12, 30])
    with closing(Store.open(shop)) as store:
        assert (
            won_since(store, ONE, until="2026-03-01") == []
        )  # nothing is booked of 1 to 5 January
        late = Approved(
            2, "li", "2026-01-25", None, {"search": 1.0}, (), {"search": (1, 0, 2)}, 10, "CNY"
        )
        assert won_since(store, late, until="2026-03-01") == []  # nor behind the 31st


def test_another_channel_won_nobody(store):
    radio = Approved(
        1, "li", "2026-01-10", None, {"radio": 1.0}, (), {"radio": (1.0, 0.0, 2.0)}, 10.0, "CNY"
    )
    assert won_since(store, radio, until="2026-02-01") == [Won("radio", 0, 0)]


def test_an_approval_is_told_with_its_money_and_is_no_row_of_the_market(shop, store):
    approve(store, ONE)
    (brought,) = brought_by(store, shop)
    assert (brought.money, brought.since, brought.before) == (300.0, 5, 3)
    assert brought.said == (4.0, 1.0, 7.0) and brought.turn == 1
    from steelyard.api.market import imported

    assert APPROVED not in {row["kind"] for row in imported(shop)}
    store.ledger.verify()


SELLS = Approved(
    1,
    "li",
    "2026-01-10",
    None,
    {"search": 300.0},
    (),
    {},
    10.0,
    "CNY",
    sales={"search": (90.0, 40.0, 140.0)},
)


def test_what_sales_left_stands_beside_as_many_days_before(shop, store):
    (found,) = sold_since(store, SELLS, until="2026-02-01")
    assert (found.channel, found.since, found.before) == ("search", 100.0, 60.0)
    assert found.error == pytest.approx((8 * 20.0**2) ** 0.5)
    assert sold_since(store, SELLS, until="2026-01-19") == []  # not over
    approve(store, SELLS)
    assert approvals(store) == [replace(SELLS, created=approvals(store)[0].created)]
    (brought,) = brought_by(store, shop)
    assert (brought.of, brought.since, brought.before) == ("sales", 100.0, 60.0)
    assert brought.said == (90.0, 40.0, 140.0)


def test_refunds_and_fees_are_off_and_who_won_the_customer_counts(shop):
    sales = ["day,id,amount,refund,fee,customer,channel"]
    sales += [f"2026-01-{day:02},s{day},20,5,1,c{day}," for day in (1, 5, 12, 15, 25)]
    customers = ["since,id,channel"] + [f"2026-01-{day:02},c{day},search" for day in (1, 5, 12, 15)]
    for name, rows in (("sales", sales), ("customers", customers)):
        path = shop.folder / f"{name}.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        import_file(shop, path, preset=f"plain_{name}")
    with closing(Store.open(shop)) as store:
        (found,) = sold_since(store, SELLS, until="2026-02-01")
    assert (found.since, found.before) == (28.0, 28.0)


def test_sales_that_name_no_channel_score_nothing(shop):
    sold(shop, [0, 4, 12, 24], channel="")
    with closing(Store.open(shop)) as store:
        assert sold_since(store, SELLS, until="2026-02-01") == []

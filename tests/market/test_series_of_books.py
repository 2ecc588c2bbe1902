"""What the books say by week: whole weeks only, each outcome once, and what moves it beside spend."""

from contextlib import closing
from datetime import date

import numpy as np
import pytest
from tests.market.companies import At
from tests.serving import publish, release

from steelyard.api.market import import_file
from steelyard.api.measuring import design_test
from steelyard.errors import StoreError, UserError
from steelyard.market.controls import controls_of
from steelyard.market.keeping import FIT, keep
from steelyard.market.series import history, regions
from steelyard.market.weekly import weekly
from steelyard.store import Store


def put(shop, kind, *rows):
    path = shop.folder / f"{kind}-{len(rows)}-{abs(hash(rows))}.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_file(shop, path, preset=f"plain_{kind}")


@pytest.fixture
def booked(shop):
    put(
        shop, "spend", "day,channel,amount", "2025-01-08,tv,5", "2025-01-20,tv,7", "2025-01-21,tv,1"
    )
    put(
        shop,
        "sales",
        "day,id,amount,region",
        "2025-01-06,a,10,north",
        "2025-01-15,b,20,north",
        "2025-01-16,c,40,south",
        "2025-01-26,d,30,south",
        "2025-01-27,e,99,south",
    )
    with closing(Store.open(shop)) as store:
        yield store


def test_a_history_has_the_weeks_that_are_over_and_begins_where_both_are_booked(booked):
    past = history(booked, "sales")
    # the week of the first spend began two days before it, and that of the last sale is not over
    assert past.periods == (date(2025, 1, 13), date(2025, 1, 20))
    assert past.outcome.tolist() == [60.0, 30.0] and past.spend["tv"].tolist() == [0.0, 8.0]
    assert past.until == date(2025, 1, 27) and past.spent_until["tv"] == date(2025, 1, 21)


def test_quality_is_that_of_the_release_that_was_live(shop, booked):
    for number, (day, value) in enumerate(
        [(date(2025, 1, 10), 0.7), (date(2025, 1, 14), 0.8), (date(2025, 1, 22), 0.9)]
    ):
        with closing(Store.open(shop, clock=At(day))) as store:
            variant = publish(store, seed=number)

            def measured(step, variant=variant, value=value):
                step.measure(variant, "utility", value, n=100, on="holdout:d")
                return {}

            store.step(store.begin_turn("m"), "m", f"m{number}", measured, cpu_price=0)
            release(store, variant, "live")
    past = history(booked, "sales")  # weeks from the 13th and the 20th
    assert controls_of(booked, past, ("quality",))["quality"].tolist() == [0.8, 0.9]
    days = history(booked, "sales", period="day")
    column = controls_of(booked, days, ("quality",))["quality"]
    by_day = dict(zip((day.day for day in days.periods), column, strict=True))
    assert (by_day[8], by_day[13], by_day[14], by_day[22]) == (0.7, 0.7, 0.8, 0.9)


def test_days_are_days(booked):
    past = history(booked, "sales", period="day")
    assert past.periods[0] == date(2025, 1, 8) and len(past.periods) == 20
    assert past.outcome.sum() == 189.0


def test_regions_are_columns_of_the_same_weeks(booked):
    past = history(booked, "sales")
    by_region = regions(booked, past)
    assert by_region.names == ("north", "south") and by_region.spend == {}
    assert by_region.outcome.tolist() == [[20.0, 40.0], [0.0, 30.0]]


def test_the_price_is_the_mean_of_a_week_and_goes_on_where_nothing_was_sold(booked):
    past = history(booked, "sales", since=date(2025, 1, 6))
    assert controls_of(booked, past, ("price",))["price"].tolist() == [10.0, 30.0, 30.0]


def test_a_control_of_which_nothing_is_known_is_refused(booked):
    with pytest.raises(UserError, match=r"market.mix.controls: quality"):
        controls_of(booked, history(booked, "sales"), ("quality",))


def test_visits_are_summed_and_a_day_that_was_counted_is_not_imported_as_well(shop, booked):
    put(
        shop,
        "visits",
        "day,channel,visits,conversions",
        "2025-01-14,tv,100,3",
        "2025-01-13,mail,50,1.5",
        "2025-01-26,tv,7,0",
    )
    assert history(booked, "visits").outcome.tolist() == [150.0, 7.0]
    assert history(booked, "conversions").outcome.tolist() == [4.5, 0.0]
    for name in ("one", "other", "third"):
        keep(booked, "visit", name, day="2025-01-14", channel="tv", body={"name": name})
    assert history(booked, "visits").outcome.tolist() == [53.0, 7.0]
    # what a partner says of its own channel is no count, and hides no day of an export
    said = {"said": {"channel": "acme"}, "partner": "acme"}
    keep(booked, "visit", "theirs", day="2025-01-13", channel="acme", body=said)
    assert history(booked, "visits").outcome.tolist() == [53.0, 7.0]
    assert "acme" not in {row["channel"] for row in weekly(booked)}


def test_few_regions_are_refused_where_a_test_by_region_is_asked_for(shop, booked):
    with pytest.raises(UserError, match="2 regions; a test needs 8"):
        design_test(shop, "tv", form="regions")


@pytest.mark.parametrize(
    ("how", "said"),
    [({"form": "weeks"}, "--by"), ({"lift": 0.0}, "--lift"), ({"lift": float("nan")}, "--lift")],
)
def test_what_a_test_cannot_be_asked_is_refused_with_its_option(shop, booked, how, said):
    with pytest.raises(UserError, match=said):
        design_test(shop, "tv", **how)


def test_a_fact_of_a_name_is_one_and_the_same_again_is_no_other(booked):
    body = {"x": np.pi, "many": [1, 2.5], "none": float("inf")}
    first = keep(booked, FIT, "n", day="2025-01-01", channel="", body=body)
    assert keep(booked, FIT, "n", day="2025-01-01", channel="", body=body) == first
    with pytest.raises(StoreError):
        keep(booked, FIT, "n", day="2025-01-01", channel="", body={"x": 3.0})


def counted(store, day, name, *, nano=None, **body):
    row = {"product": store.product, "kind": "conversion", "key": name, "revision": 0, "day": day}
    row |= {"id": name, "at": None, "channel": "tv", "customer": None, "file": "", "row": 0}
    row |= {"nano": nano, "currency": nano and "CNY", "body": body}
    store.record_once([("event", row)], lambda new: [], turn=0)


def test_conversions_that_were_counted_are_sales_where_they_were_paid_and_a_partners_are_none(
    booked,
):
    counted(booked, "2025-01-14", "paid", nano=8 * 10**9, cash=True)
    counted(booked, "2025-01-14", "promised", nano=8 * 10**9)
    counted(booked, "2025-01-15", "claimed", nano=8 * 10**9, partner="mail")
    counted(booked, "2025-01-13", "first")
    counted(booked, "2025-01-19", "last")
    assert history(booked, "sales").outcome.tolist() == [68.0, 30.0]
    assert history(booked, "conversions").outcome.tolist() == [4.0]

"""Forecasts of customers who live by the model: their intervals hold what they say, exactly by seed."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from tests.stats.lifetime.simulated import customers

from steelyard.reason import Reason
from steelyard.stats.lifetime import (
    acquisition_cost,
    earned,
    fit_bg_nbd,
    fit_gamma_gamma,
    forecast,
    payback,
    summarize,
)

CDNOW = Path(__file__).parents[4] / "shared" / "data" / "cdnow_sample.txt.gz"


@pytest.fixture(scope="module")
def shop():
    summary, _ = customers(1500, 7)
    return summary, fit_bg_nbd(summary), fit_gamma_gamma(summary)


def test_the_interval_of_a_total_holds_what_is_bought_as_often_as_it_says():
    held = []
    for seed in range(24):
        summary, later = customers(400, seed)
        model = fit_bg_nbd(summary)
        if not isinstance(model, Reason):
            total = forecast(model, summary, weeks=39.0, seed=seed, draws=200).purchases
            held.append(total.low <= later.sum() <= total.high)
    assert len(held) > 20 and np.mean(held) >= 0.75


def test_futures_have_the_mean_that_the_closed_form_says(shop):
    summary, model, spend = shop
    found = forecast(model, summary, weeks=39.0, spend=spend, seed=0, annual_discount_rate=0.1)
    assert found.purchases.value == pytest.approx(model.expected(summary, weeks=39.0).sum())
    assert found.purchases.low < found.purchases.value < found.purchases.high
    assert found.value.low < found.value.value < found.value.high
    assert found.purchases.n == len(summary) == len(found.value_each.expected)


def test_money_of_a_year_is_worth_less_the_higher_the_rate(shop):
    summary, model, spend = shop
    now, later = (
        forecast(model, summary, weeks=52.0, spend=spend, seed=0, annual_discount_rate=rate)
        for rate in (0.0, 0.2)
    )
    assert 0.9 < later.value.value / now.value.value < 0.96
    assert later.value.high < now.value.high
    assert now.value.value == pytest.approx(now.purchases_each.expected @ spend.mean_value(summary))


def test_a_forecast_is_the_same_by_seed_and_another_by_another(shop):
    summary, model, spend = shop
    one, same, other = (
        forecast(model, summary, weeks=10.0, spend=spend, seed=seed) for seed in (1, 1, 2)
    )
    assert one.value == same.value and one.value.low != other.value.low
    assert np.array_equal(one.purchases_each.high, same.purchases_each.high)


def test_each_customer_has_an_interval_of_what_he_may_do(shop):
    summary, model, _ = shop
    each = forecast(model, summary, weeks=39.0, seed=0).purchases_each
    best = int(np.argmax(each.expected))
    assert np.all(each.low <= each.high) and each.high[best] > each.expected[best] > 1


@pytest.mark.parametrize("given", [{"weeks": 0.0}, {"weeks": 9.0, "annual_discount_rate": -0.1}])
def test_a_time_or_a_rate_that_is_none_is_told(shop, given):
    with pytest.raises(ValueError, match="expected customers, weeks above zero"):
        forecast(shop[1], shop[0], seed=0, **given)


def test_a_customer_pays_back_when_his_margin_reaches_what_he_cost(shop):
    _, model, spend = shop
    found = payback(model, spend, cost_per_customer=20.0, margin_share=0.5, weeks_max=104, seed=0)
    week = int(found.weeks.value)
    earned = 0.5 * spend.mean_of_all * (1 + model.expected_new([week - 1, week]))
    assert earned[0] < 20.0 <= earned[1]
    assert found.weeks.low <= week <= found.weeks.high
    assert found.value.low < found.value.value < found.value.high


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_what_is_earned_by_the_end_of_each_week_is_the_closed_form(shop, share):
    _, model, spend = shop
    found = earned(model, spend, margin_share=share, weeks_max=60, seed=0)
    weeks = np.arange(61)
    right = share * spend.mean_of_all * (1 + model.expected_new(weeks))
    assert [one.value for one in found] == pytest.approx(right.tolist())
    assert all(one.low < one.value < one.high for one in found)
    lows, highs = ([getattr(one, end) for one in found] for end in ("low", "high"))
    assert lows == sorted(lows) and highs == sorted(highs)  # nobody gives a purchase back
    sure = earned(model, spend, margin_share=share, weeks_max=60, seed=0, confidence=0.5)
    assert all(a.high - a.low < b.high - b.low for a, b in zip(sure, found, strict=True))


@pytest.mark.parametrize("cost", [5.0, 12.0, 20.0])
def test_a_cost_is_paid_back_in_the_week_in_which_so_much_is_earned(shop, cost):
    given = {"margin_share": 0.5, "weeks_max": 104, "seed": 3}
    of_weeks = earned(shop[1], shop[2], **given)
    found = payback(shop[1], shop[2], cost_per_customer=cost, **given)
    assert found.weeks.value == next(w for w, one in enumerate(of_weeks) if one.value >= cost)
    assert found.value == of_weeks[-1]


@pytest.mark.parametrize("given", [(0.0, 9), (1.1, 9), (0.5, 0)])
def test_what_is_earned_needs_a_share_and_a_week(shop, given):
    with pytest.raises(ValueError, match="expected a share"):
        earned(shop[1], shop[2], margin_share=given[0], weeks_max=given[1], seed=0)


def test_a_cost_of_few_customers_pays_back_at_an_unsure_time(shop):
    given = {"cost_per_customer": 20.0, "margin_share": 0.5, "weeks_max": 104, "seed": 0}
    known = payback(shop[1], shop[2], **given)
    few, many = (payback(shop[1], shop[2], won=won, **given) for won in (5, 100_000))
    assert few.weeks.value == many.weeks.value == known.weeks.value
    assert few.weeks.low < known.weeks.low and few.weeks.high > known.weeks.high
    assert many.weeks.high - many.weeks.low == pytest.approx(
        known.weeks.high - known.weeks.low, abs=2
    )
    assert few.value == known.value  # what he is worth is none of it


def test_the_first_purchase_may_pay_for_everything(shop):
    given = {"margin_share": 1.0, "weeks_max": 10, "seed": 0}
    assert payback(shop[1], shop[2], cost_per_customer=0.0, **given).weeks.value == 0


def test_a_customer_who_never_pays_back_is_told_with_what_he_earns(shop):
    given = {"margin_share": 0.1, "weeks_max": 52, "seed": 0}
    found = payback(shop[1], shop[2], cost_per_customer=500.0, **given)
    assert found.code == "lifetime.never_pays_back" and 0 < found.numbers["earned"] < 500


@pytest.mark.parametrize("given", [(-1.0, 0.5, 9), (1.0, 0.0, 9), (1.0, 1.5, 9), (1.0, 0.5, 0)])
def test_a_cost_or_a_share_that_is_none_is_told(shop, given):
    cost, share, weeks = given
    with pytest.raises(ValueError, match="expected a cost"):
        payback(
            shop[1], shop[2], cost_per_customer=cost, margin_share=share, weeks_max=weeks, seed=0
        )


def test_a_cost_of_few_customers_has_a_wide_interval():
    few, many = acquisition_cost(100.0, 4), acquisition_cost(100000.0, 4000)
    assert few.value == many.value == 25.0
    # Garwood's 90 % interval of a count of 4 is [1.366, 9.154]
    assert (few.low, few.high) == (
        pytest.approx(100 / 9.154, rel=1e-3),
        pytest.approx(100 / 1.366, rel=1e-3),
    )
    assert many.high - many.low < 1.5


def test_a_spend_that_won_nobody_has_no_cost_a_customer():
    assert acquisition_cost(100.0, 0).code == "lifetime.nobody_won"
    with pytest.raises(ValueError, match="not negative"):
        acquisition_cost(-1.0, 3)


@pytest.mark.skipif(not CDNOW.is_file(), reason="the CDNOW purchases are not here")
def test_the_published_parameters_come_out_of_the_published_purchases():
    rows = [line.split() for line in gzip.decompress(CDNOW.read_bytes()).decode().splitlines()]
    days = [f"{r[2][:4]}-{r[2][4:6]}-{r[2][6:]}" for r in rows]
    summary = summarize([r[1] for r in rows], days, [float(r[4]) for r in rows], until="1997-09-30")
    model, spend = fit_bg_nbd(summary), fit_gamma_gamma(summary)
    assert (len(summary), summary.repeaters) == (2357, 946)
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx(
        (0.243, 4.414, 0.793, 2.426), abs=1e-3
    )  # Fader, Hardie & Lee 2005, table 2
    assert model.maximum.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert (spend.p, spend.q, spend.v) == pytest.approx((6.25, 3.74, 15.44), abs=5e-3)

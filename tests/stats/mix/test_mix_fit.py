"""A fit finds what a simulated company's market is, says how sure it is, and what it cannot tell."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from steelyard.errors import DataError, UserError
from steelyard.stats.mix import LiftTest, Series, Settings, best_split, fit, leave_future_out
from steelyard.stats.mix.diagnostics import Convergence
from steelyard.stats.mix.fit import disagreement
from steelyard.stats.mix.simulated import company
from steelyard.stats.mix.transforms import SATURATIONS
from steelyard.words import say

QUICK = Settings(warm_up=150, sweeps=150, draws=400)


@pytest.fixture(scope="module")
def made():
    return company(seed=1)


@pytest.fixture(scope="module")
def mix(made):
    return fit(made.series, seed=0)


def test_contributions_hold_the_truth_and_the_chains_agree(made, mix):
    assert mix.not_measured is None and mix.convergence.rhat < 1.01
    for name, brought in mix.contributions().items():
        assert brought.low <= made.contributions[name] <= brought.high
        assert brought.value == pytest.approx(made.contributions[name], rel=0.25)


def test_base_and_contributions_add_up_to_the_outcome(made, mix):
    parts = mix.base() + sum(mix.brought(name) for name in mix.channels)
    outcome = made.series.array("outcome")
    assert parts.mean(axis=0).sum() == pytest.approx(outcome.sum(), rel=0.01)
    assert np.std(outcome - parts.mean(axis=0)) == pytest.approx(50, rel=0.25)


def test_a_response_rises_from_nothing_and_its_marginal_is_its_slope(mix):
    spend = np.linspace(0, 300, 7)
    for name in mix.channels:
        response = mix.response(name, spend)
        assert response[:, 0] == pytest.approx(0)
        assert (np.diff(response, axis=1) >= 0).all()
        slope = (
            mix.response(name, spend + 1e-4) - mix.response(name, np.maximum(spend - 1e-4, 0))
        ) / (spend + 1e-4 - np.maximum(spend - 1e-4, 0))
        assert mix.marginal(name, spend) == pytest.approx(slope, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("n", [7, 100, 10**6])
def test_draws_of_a_curve_give_its_response_again(mix, n):
    """A plan keeps these and not the fit."""
    spend = np.array([[0.0, 40.0, 300.0]])
    of_all = len(mix.curves.beta)
    kept = sorted({int(at) for at in np.linspace(0, of_all - 1, n)})
    shape = SATURATIONS[mix.model.settings.saturation]
    for name in mix.channels:
        unit, values, effect = mix.drawn(name, n)
        assert len(values) == len(effect) == min(n, of_all)
        brought = effect[:, None] * shape.level(
            np.repeat(spend / unit, len(values), axis=0), values
        )
        assert brought == pytest.approx(mix.response(name, spend[0])[kept])


def test_a_return_is_what_was_brought_over_what_was_spent(made, mix):
    for name, roi in mix.roi().items():
        spent = made.series.array("spend", name).sum()
        assert roi.value == pytest.approx(mix.contributions()[name].value / spent)


def test_the_split_of_a_fit_loses_little_and_the_one_of_today_more(made, mix):
    today = {name: float(made.series.array("spend", name).mean()) for name in mix.channels}
    budget = sum(today.values())
    split = mix.split(budget)
    assert sum(split.spend.values()) == pytest.approx(budget)
    truth = {name: (lambda x, name=name: made.effect(name, x)) for name in mix.channels}
    best = best_split(truth, budget=budget).response
    assert 1 - made.response(split.spend) / best < 0.03 < 1 - made.response(today) / best


def test_the_same_seed_gives_the_same_draws_and_another_one_others(made):
    one, same, other = (fit(made.series, QUICK, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(one.curves.beta, same.curves.beta)
    assert one.contributions() == same.contributions() != other.contributions()


def test_a_scale_of_money_or_of_orders_changes_nothing_but_the_unit(made):
    given = made.series
    spend = {name: given.array("spend", name) * 7 for name in given.channels}
    scaled = Series(given.periods, given.array("outcome") * 1e-3, spend, before=given.before)
    one, other = fit(given, QUICK, seed=0), fit(scaled, QUICK, seed=0)
    for name in given.channels:
        expected = one.contributions()[name].value * 1e-3
        assert other.contributions()[name].value == pytest.approx(expected, rel=1e-3)


def test_a_lift_test_narrows_its_channel():
    made, name = company(seed=0), "social"
    given = made.series
    tests = []
    for at in (30, 60, 90, 120):
        first, last = given.periods[at], given.periods[at + 3]
        lift = made.lift(name, first, last, 40.0)
        tests.append(
            LiftTest(channel=name, first=first, last=last, change=40.0, lift=lift, se=0.05 * lift)
        )
    tested = Series(
        given.periods, given.outcome, given.spend, before=given.before, lift_tests=tests
    )
    before, after = (fit(each, QUICK, seed=0).contributions()[name] for each in (given, tested))
    assert after.high - after.low < 0.8 * (before.high - before.low)
    assert after.low <= made.contributions[name] <= after.high


@pytest.mark.parametrize(
    ("adstock", "saturation"), [("delayed", "tanh"), ("geometric", "hill"), ("delayed", "hill")]
)
def test_other_curves_find_the_same_contributions(made, adstock, saturation):
    found = fit(made.series, replace(QUICK, adstock=adstock, saturation=saturation), seed=0)
    for name, brought in found.contributions().items():
        assert brought.value == pytest.approx(made.contributions[name], rel=0.5)


def test_a_channel_that_never_changes_or_hardly_ran_is_told_and_gets_no_curve(made):
    given = made.series
    n = len(given.periods)
    spend = {**given.spend, "radio": np.full(n, 9.0), "print": np.r_[np.zeros(n - 2), 5.0, 8.0]}
    found = fit(Series(given.periods, given.outcome, spend, before=given.before), QUICK, seed=0)
    assert found.channels == given.channels
    said = [say(reason, "en") for reason in found.not_identified]
    assert any("radio always spent 9" in each for each in said)
    assert any("print changed its spend in 2 periods" in each for each in said)
    with pytest.raises(UserError, match="a channel with a curve"):
        found.response("radio", 1.0)


def test_a_spend_that_is_another_one_again_is_told_as_known_together_only(made):
    given = made.series
    rng = np.random.default_rng(0)
    twin = given.array("spend", "tv") * np.exp(rng.normal(0, 0.02, len(given.periods)))
    series = Series(given.periods, given.outcome, {"tv": given.spend["tv"], "twin": twin})
    said = " ".join(say(reason, "en") for reason in fit(series, QUICK, seed=0).not_identified)
    assert "0.99" in said and "tv and twin are known together, not apart" in said
    assert "a lift test of tv would tell" in said


def test_nothing_to_fit_and_too_much_to_fit_are_refused(made):
    given = made.series
    flat = Series(given.periods, given.outcome, {"radio": np.ones(len(given.periods))})
    with pytest.raises(UserError, match="a channel whose spend changes"):
        fit(flat, seed=0)
    many = {f"x{k}": np.random.default_rng(k).normal(size=20) for k in range(12)}
    spend = {name: given.array("spend", name)[:20] for name in given.channels}
    short = Series(given.periods[:20], given.array("outcome")[:20], spend, controls=many)
    with pytest.raises(UserError, match="more periods than"):
        fit(short, seed=0)


def test_chains_that_do_not_agree_are_no_measurement(mix):
    torn = replace(mix, not_measured=disagreement(Convergence(1.2, 50.0, 60.0)))
    assert torn.not_measured is not None and torn.not_measured.code == "mix.not_converged"
    with pytest.raises(UserError, match="chains agree"):
        torn.split(100.0)


def test_a_channel_that_takes_up_demand_is_no_lever(made):
    given, rng = made.series, np.random.default_rng(0)
    demand = given.array("spend", "search") + rng.normal(0, 20, len(given.periods))
    series = Series(given.periods, given.outcome, given.spend, captures={"search": demand})
    found = replace(fit(series, QUICK, seed=0), not_measured=None)
    assert "search" in found.channels and "demand search" in found.model.base.names
    assert set(found.split(100.0).spend) == {"tv", "social"}


def test_residuals_with_a_memory_are_told_and_clean_ones_are_not(made, mix):
    assert mix.misfits == ()
    given, rng = made.series, np.random.default_rng(2)
    drift = np.cumsum(rng.normal(0, 40, len(given.periods)))
    wandering = Series(given.periods, given.array("outcome") + drift, given.spend)
    codes = [dict(reason.numbers) for reason in fit(wandering, QUICK, seed=0).misfits]
    assert "memory" in [numbers["check"] for numbers in codes]


def test_a_forecast_beats_the_season_before_and_covers(made):
    score = leave_future_out(made.series, QUICK, horizon=13, folds=2, seed=0)
    assert score.ratio < 0.6 and score.saved.low > 0
    assert 0.8 <= score.covered <= 1


def test_the_naive_forecast_of_years_is_the_last_year():
    years = [date(1950 + k, 1, 1) for k in range(40)]
    rng = np.random.default_rng(0)
    spend = rng.gamma(2, 5, 40)
    series = Series(years, 50 + spend + rng.normal(0, 1, 40), {"ads": spend})
    score = leave_future_out(series, QUICK, horizon=1, folds=1, seed=0)
    outcome = series.array("outcome")
    assert score.naive_error == pytest.approx(abs(outcome[-1] - outcome[-2]))


def test_a_daily_series_has_a_week():
    days = [date(2024, 1, 1) + timedelta(days=k) for k in range(140)]
    rng = np.random.default_rng(0)
    spend = rng.gamma(2, 5, 140)
    week = 20 * (np.arange(140) % 7 == 5)
    series = Series(days, 100 + week + spend + rng.normal(0, 2, 140), {"ads": spend})
    drawn = fit(series, QUICK, seed=0).forecast({"ads": np.full(7, 10.0)}, seed=0).mean(axis=0)
    assert int(np.argmax(drawn)) == 140 % 7 + 5


@pytest.fixture(scope="module")
def lacking(made):
    """The company, and ten periods whose outcome nobody knows."""
    lost = made.series.periods[70:80]
    return replace(made.series, unknown=lost)


def test_an_outcome_that_nobody_knows_is_not_read_and_its_spend_still_works(made, lacking):
    away = np.array(lacking.array("outcome"))
    away[70:80] = 0.0
    one, other = fit(lacking, QUICK, seed=4), fit(replace(lacking, outcome=away), QUICK, seed=4)
    for name, brought in one.contributions().items():
        assert other.contributions()[name] == brought
        assert brought.low <= made.contributions[name] <= brought.high
    assert (one.brought("tv").mean(axis=0)[70:80] > 0).any()
    taken = fit(replace(made.series, outcome=away), QUICK, seed=4)
    assert one.curves.noise.mean() < taken.curves.noise.mean() / 2


def test_the_unknown_change_neither_the_order_of_time_nor_a_lift_test(made, lacking):
    mix = fit(lacking, QUICK, seed=4)
    whole = fit(made.series, QUICK, seed=4)
    for name in mix.channels:
        spent = made.series.array("spend", name)
        shapes = [each.brought(name).mean(axis=0) for each in (mix, whole)]
        assert np.corrcoef(*shapes)[0, 1] > 0.98
        assert np.corrcoef(shapes[0], spent)[0, 1] > 0.4
    first, last = made.series.periods[68], made.series.periods[75]
    lift = made.lift("tv", first, last, 40.0)
    test = LiftTest(channel="tv", first=first, last=last, change=40.0, lift=lift, se=lift / 20)
    tested = fit(replace(lacking, lift_tests=[test]), QUICK, seed=4).contributions()["tv"]
    before = mix.contributions()["tv"]
    assert tested.low <= made.contributions["tv"] <= tested.high
    assert tested.high - tested.low < before.high - before.low


def test_forecasts_are_scored_on_known_periods_only(made):
    series = replace(made.series, unknown=made.series.periods[-3:])
    away = np.array(series.array("outcome"))
    away[-3:] = 1e9
    scores = [
        leave_future_out(one, QUICK, horizon=4, seed=0)
        for one in (series, replace(series, outcome=away))
    ]
    assert scores[0] == scores[1] and scores[0].error < 200
    with pytest.raises(DataError, match="at least 20 periods whose outcome is known"):
        replace(made.series, unknown=made.series.periods[:140])
    with pytest.raises(DataError, match="one of the periods"):
        replace(made.series, unknown=[date(1999, 1, 1)])


def test_contributions_beyond_all_that_was_sold_are_not_told_by_name():
    """A spend that hardly moves, and no base: the series does not say where the base begins."""
    rng = np.random.default_rng(2)
    weeks = [date(2023, 1, 2) + timedelta(weeks=k) for k in range(60)]
    spend = 50 + 5 * rng.random(60)
    outcome = 10 * spend + rng.normal(0, 20, 60)
    mix = fit(Series(weeks, outcome, {"tv": spend}), QUICK, seed=1)
    (told,) = mix.not_identified
    assert "mix.beyond" in str(told.to_json()) and "may be more than all that came" in say(
        told, "en"
    )
    sure = fit(company(seed=1).series, QUICK, seed=1)
    assert "mix.beyond" not in str([one.to_json() for one in sure.not_identified])

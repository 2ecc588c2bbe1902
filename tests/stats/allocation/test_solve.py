"""The solver beside amounts that can be written down, at kinks, edges and limits."""

import numpy as np
import pytest

from steelyard.stats.allocation import Limit, Problem, Risk, best, power_amount, saturating_split
from steelyard.stats.allocation.risk import threshold, worst


def channels(most, scale):
    def value(x):
        left = np.exp(-x / scale)
        return float((most * (1 - left) - x).sum()), most / scale * left - 1

    return value


@pytest.mark.parametrize("seed", range(12))
def test_spends_and_the_price_of_money_are_those_that_can_be_written_down(seed):
    rng = np.random.default_rng(seed)
    most, scale = rng.uniform(100, 2000, 4), rng.uniform(20, 200, 4)
    budget = float(rng.uniform(20, 900))
    found = best(Problem(channels(most, scale), upper=np.full(4, budget), budget=budget))
    spends, price = saturating_split(most, scale, budget=budget)
    assert found.solved
    assert found.spend == pytest.approx(spends, abs=0.01 * budget)
    assert 1 + found.shadow == pytest.approx(price, rel=1e-3)


def test_the_price_of_money_is_what_one_more_unit_adds():
    most, scale = np.array([900.0, 400.0]), np.array([50.0, 80.0])
    problems = [
        Problem(channels(most, scale), upper=np.full(2, b), budget=b) for b in (100.0, 101.0)
    ]
    less, more = (best(problem) for problem in problems)
    assert more.value - less.value == pytest.approx(less.shadow, rel=0.02)
    rich = best(Problem(channels(most, scale), upper=np.full(2, 1e4), budget=1e4))
    assert rich.shadow == pytest.approx(0.0, abs=1e-6)
    assert float(rich.spend.sum()) < 400


def test_labels_by_a_power_law():
    worth, scale, exponent, price = 5000.0, 0.9, 0.4, 0.3

    def value(x):
        n = 1 + x[0] / price
        return -worth * scale * n**-exponent - float(x[0]), np.array(
            [worth * scale * exponent * n ** (-exponent - 1) / price - 1]
        )

    found = best(Problem(value, upper=np.array([1e4]), budget=1e4))
    assert 1 + found.spend[0] / price == pytest.approx(
        power_amount(worth, scale, exponent, price=price), rel=0.01
    )


def test_a_place_that_pays_only_in_the_large_is_found_though_its_first_unit_loses():
    def value(x):  # S-shaped beside a plain one
        s = x[0] ** 3 / (x[0] ** 3 + 40.0**3)
        slope = 3 * x[0] ** 2 * 40.0**3 / (x[0] ** 3 + 40.0**3) ** 2
        left = np.exp(-x[1] / 10)
        return float(500 * s + 30 * (1 - left) - x.sum()), np.array([500 * slope - 1, 3 * left - 1])

    found = best(Problem(value, upper=np.full(2, 100.0), budget=100.0))
    assert found.spend[0] > 60 and found.solved


def test_bounds_and_limits_bind_and_have_a_price():
    most, scale = np.array([900.0, 400.0]), np.array([50.0, 80.0])
    held = Limit("hours", lambda x: (30.0 - x[0], np.array([-1.0, 0.0])))
    free = best(Problem(channels(most, scale), upper=np.full(2, 200.0), budget=200.0))
    bound = best(
        Problem(channels(most, scale), upper=np.full(2, 200.0), budget=200.0, limits=[held])
    )
    assert free.spend[0] > 60 and bound.spend[0] == pytest.approx(30, abs=1e-3)
    assert bound.solved and bound.limits["hours"] > 1
    capped = best(Problem(channels(most, scale), upper=np.array([10.0, 200.0]), budget=200.0))
    assert capped.spend[0] == pytest.approx(10) and capped.solved
    least = Problem(
        channels(most, scale), upper=np.full(2, 200.0), lower=np.array([0.0, 150.0]), budget=200.0
    )
    assert best(least).spend == pytest.approx([50, 150], abs=1e-3)


def test_a_limit_that_nothing_meets_is_not_called_solved():
    never = Limit("cash", lambda x: (-50.0 - x.sum(), -np.ones(2)))
    problem = Problem(
        channels(np.array([900.0, 400.0]), np.array([50.0, 80.0])),
        upper=np.full(2, 100.0),
        budget=100.0,
        limits=[never],
    )
    assert not best(problem).solved


def test_no_place_and_no_budget_are_answered():
    nothing = best(Problem(lambda x: (7.0, np.zeros(0)), upper=np.zeros(0), budget=10.0))
    assert nothing.value == 7.0 and nothing.solved
    most, scale = np.array([900.0, 400.0]), np.array([50.0, 80.0])
    poor = best(Problem(channels(most, scale), upper=np.full(2, 5.0), budget=0.0))
    assert poor.spend == pytest.approx([0, 0])


@pytest.mark.parametrize(
    ("upper", "lower", "budget"),
    [([np.inf], [0.0], 1.0), ([1.0], [2.0], 3.0), ([5.0], [4.0], 3.0), ([1.0], [0.0], np.nan)],
)
def test_contradictions_are_refused(upper, lower, budget):
    with pytest.raises(ValueError, match="expected"):
        Problem(
            lambda x: (0.0, np.zeros(1)),
            upper=np.array(upper),
            lower=np.array(lower),
            budget=budget,
        )


def test_weights_are_the_gradient_of_the_value():
    rng = np.random.default_rng(1)
    profit, way = rng.normal(50, 20, 400), rng.normal(size=400)
    risk = Risk(caution=0.4, scale=20.0)
    step = 1e-4
    slope = (risk.of(profit + step * way)[0] - risk.of(profit - step * way)[0]) / (2 * step)
    assert risk.of(profit)[1] @ way == pytest.approx(slope, rel=1e-5)
    assert risk.of(profit)[1].sum() == pytest.approx(1)


def test_the_rounded_corner_stays_near_the_mean_of_the_worst():
    profit = np.random.default_rng(2).normal(50, 20, 5000)
    assert Risk(caution=1.0, scale=20.0).of(profit)[0] == pytest.approx(worst(profit), abs=1.0)
    assert Risk(caution=0.0).of(profit)[0] == profit.mean()
    assert threshold(profit, 0.1, 0.01) == pytest.approx(np.quantile(profit, 0.1), abs=0.1)


@pytest.mark.parametrize("wrong", [{"caution": 1.1}, {"caution": -0.1}, {"scale": 0.0}])
def test_caution_is_a_share(wrong):
    with pytest.raises(ValueError, match="caution"):
        Risk(**wrong)


@pytest.mark.parametrize("wrong", [([1.0], [0.0], 1.0), ([0.0], [1.0], 1.0), ([1.0], [1.0], -1.0)])
def test_channels_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        saturating_split(wrong[0], wrong[1], budget=wrong[2])


def test_an_amount_needs_positive_figures():
    with pytest.raises(ValueError, match="above 0"):
        power_amount(1.0, 0.0, 1.0)


def test_a_division_that_breaks_a_limit_is_worth_nothing_beside_one_that_keeps_it(monkeypatch):
    from steelyard.stats.allocation import solve
    from steelyard.stats.allocation.solve import Solved

    made = iter(
        [
            Solved(np.ones(1), 9.0, np.ones(1), 0.0, np.inf),
            Solved(np.zeros(1), 2.0, np.ones(1), 0.0, 0.0),
        ]
    )
    monkeypatch.setattr(solve, "_climb", lambda problem, start: next(made))
    problem = Problem(lambda x: (float(x[0]), np.ones(1)), upper=np.ones(1), budget=1.0)
    assert best(problem).value == 2.0


def moved(most, scale, today):
    """What is spent today and an amount beside it bring, in each of several places."""
    of = channels(most, scale)

    def value(x):
        return of(today + x)

    return value


@pytest.mark.parametrize("seed", range(8))
def test_where_all_of_today_may_be_moved_it_is_divided_as_if_nothing_were_spent(seed):
    rng = np.random.default_rng(seed)
    most, scale = rng.uniform(100, 2000, 4), rng.uniform(20, 200, 4)
    today, budget = rng.uniform(10, 300, 4), float(rng.choice([0.0, 40.0, 400.0]))
    whole = budget + float(today.sum())
    found = best(
        Problem(moved(most, scale, today), upper=np.full(4, whole), lower=-today, budget=budget)
    )
    spends, price = saturating_split(most, scale, budget=whole)
    assert found.solved and float(found.spend.sum()) <= budget + 1e-6 * whole
    assert today + found.spend == pytest.approx(spends, abs=0.01 * whole)
    assert 1 + found.shadow == pytest.approx(price, rel=2e-3)


@pytest.mark.parametrize("seed", range(6))
def test_no_division_of_a_grid_beats_one_that_takes_as_much_as_it_may(seed):
    rng = np.random.default_rng(seed)
    most, scale = rng.uniform(50, 900, 3), rng.uniform(20, 200, 3)
    today, budget = rng.uniform(40, 300, 3), 60.0
    value, least = moved(most, scale, today), -0.25 * today
    upper = np.array([200.0, 80.0, 200.0])
    found = best(Problem(value, upper=upper, lower=least, budget=budget))
    sides = [np.linspace(low, high, 25) for low, high in zip(least[:2], upper[:2], strict=True)]
    tried = [
        np.array([a, b, min(upper[2], budget - a - b) * share + least[2] * (1 - share)])
        for a in sides[0]
        for b in sides[1]
        for share in (0.0, 0.5, 1.0)
        if budget - a - b >= least[2]
    ]
    assert found.solved and np.all(found.spend >= least - 1e-9)
    assert found.value >= max(value(x)[0] for x in tried) - 1e-6
    richer = best(Problem(value, upper=upper, lower=least, budget=budget + 0.5))
    assert richer.value - found.value == pytest.approx(0.5 * found.shadow, rel=0.02, abs=1e-6)


def test_steps_that_cost_more_than_the_budget_are_paid_of_what_is_taken_away():
    today = np.array([100.0, 100.0])
    value = moved(np.array([900.0, 120.0]), np.array([80.0, 80.0]), today)
    found = best(Problem(value, upper=np.full(2, 50.0), lower=-today / 4, budget=-30.0))
    assert found.solved and float(found.spend.sum()) == pytest.approx(-30.0)
    assert found.spend[1] == pytest.approx(-25.0) and found.spend[0] == pytest.approx(-5.0)
    with pytest.raises(ValueError, match="bounds"):
        Problem(value, upper=np.full(2, 50.0), lower=-today / 4, budget=-51.0)


def test_money_is_taken_away_for_a_place_whose_first_units_lose():
    today, least = np.array([0.0, 30.0, 30.0]), np.array([0.0, -20.0, -20.0])

    def value(x):  # S-shaped beside two of which each returns a little more than it costs
        y = today + x
        s = y[0] ** 3 / (y[0] ** 3 + 20.0**3)
        slope = 3 * y[0] ** 2 * 20.0**3 / (y[0] ** 3 + 20.0**3) ** 2
        plain = 90 * (1 - np.exp(-y[1:] / 40))
        slopes = np.array([500 * slope, *(90 / 40 * np.exp(-y[1:] / 40))])
        return float(500 * s + plain.sum() - y.sum()), slopes - 1

    found = best(Problem(value, upper=np.full(3, 100.0), lower=least, budget=0.0))
    assert found.solved and found.spend[0] > 30 and found.value > value(np.zeros(3))[0] + 100

"""Profit of amounts and its slopes, beside sums that are done by hand and differences."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard.plan.company import Company, Move, Place, Profits, Step

T = 6
EVEN = np.full(T, 1 / T)
NOW = np.eye(T)[0]


def company(m=1, **changed):
    rng = np.random.default_rng(4)

    def about(value, share=0.2):
        return value * (1 + share * rng.uniform(-1, 1, m)) if m > 1 else np.array([value])

    plain = Company(
        visits=np.linspace(900, 1100, T),
        conversion=about(0.03),
        worth=about(120.0),
        requests=np.full(T, 5000.0),
        requests_a_visit=3.0,
        answer=0.05,
        cost=about(0.004),
        quality=about(0.85, 0.05),
        quality_to_conversion=about(0.02),
        quality_to_worth=about(0.01),
        price_to_conversion=about(-2.0),
        margin_share=0.6,
        discount=0.99,
    )
    return replace(plain, **changed)


def straight(driver, a_unit, *, ramp=None, m=1):
    def gain(money):
        return np.full(m, a_unit * money), np.full(m, a_unit)

    return Move(driver, gain, np.ones(T) if ramp is None else ramp)


def steady(driver, value, m=1):
    return Move(driver, lambda _: (np.full(m, value), np.zeros(m)), np.ones(T))


PLACES = [
    Place("labels", "technology", [straight("quality", 3e-5, ramp=np.arange(T) >= 2)], NOW),
    Place("ads", "market", [straight("visits", 0.4)], EVEN),
    Place("support", "market", [straight("worth", 1e-4), straight("serving", 1e-4)], EVEN),
    Place("page", "market", [straight("conversion", 2e-4)], NOW),
    Place("price", "market", [straight("price", 5e-5)], NOW),
    Place("deal", "market", [straight("money", 1.3, ramp=NOW)], NOW),
]


def test_without_a_move_profit_is_that_of_a_pencil():
    c = company(discount=1.0)
    visits = float(c.visits.sum())
    expected = visits * 0.03 * 120.0 - (5000 * T + 3 * visits) * 0.004
    assert Profits.of(c, [], []).profit[0] == pytest.approx(expected)


def test_better_answers_bring_money_three_ways_each_by_hand():
    c = company(
        discount=1.0, quality_to_conversion=np.array([0.0]), quality_to_worth=np.array([0.0])
    )
    plain = Profits.of(c, [], []).profit[0]
    visits = float(c.visits.sum())
    step = [Step("better", "technology", [steady("quality", 0.02)])]
    gained = Profits.of(c, [], [], step).profit[0] - plain
    assert gained == pytest.approx((5000 * T + 3 * visits) * 0.05 * 0.02)
    c = replace(c, answer=0.0, quality_to_worth=np.array([0.01]))
    gained = Profits.of(c, [], [], step).profit[0] - plain
    assert gained == pytest.approx(visits * 0.03 * 120 * (np.exp(0.02) - 1))
    c = replace(c, quality_to_worth=np.array([0.0]), quality_to_conversion=np.array([0.05]))
    odds = 0.03 / 0.97 * np.exp(0.1)
    gained = Profits.of(c, [], [], step).profit[0] - plain
    assert gained == pytest.approx(visits * 120 * (odds / (1 + odds) - 0.03))


def test_a_dearer_price_keeps_its_margin_and_loses_visitors():
    c = company(discount=1.0, cost=np.array([0.0]))
    up = [Step("dearer", "market", [steady("price", np.log(1.1))])]
    odds = 0.03 / 0.97 * 1.1**-2.0
    expected = float(c.visits.sum()) * odds / (1 + odds) * 120 * (1.1 - 0.4) / 0.6
    assert Profits.of(c, [], [], up).profit[0] == pytest.approx(expected)


def test_no_answer_is_better_than_right():
    c = company(quality=np.array([0.99]))
    steps = [[Step("better", "technology", [steady("quality", by)])] for by in (0.01, 0.2)]
    just, more = (Profits.of(c, PLACES[:1], [0.0], s) for s in steps)
    assert more.profit == pytest.approx(just.profit)
    assert more.slopes[0, 0] == pytest.approx(-1.0)


def test_slopes_are_those_of_differences_for_every_driver_together():
    c, amounts = company(m=7), np.array([300.0, 500.0, 200.0, 100.0, 150.0, 80.0])
    steps = [Step("larger", "technology", [steady("quality", 0.01), steady("serving", 0.5)], 40.0)]
    made = Profits.of(c, PLACES, amounts, steps)
    for at in range(len(amounts)):
        way = np.eye(len(amounts))[at] * 1e-3
        up, down = (Profits.of(c, PLACES, amounts + s * way, steps).profit for s in (1, -1))
        assert made.slopes[:, at] == pytest.approx((up - down) / 2e-3, rel=1e-5)


def test_slopes_of_the_least_cash_are_those_of_differences():
    late = np.array([0.1, 0.3, 0.6, 1.0])
    c = company(m=7, cash=900.0, fixed=2500.0, arrives=late)
    amounts = np.array([300.0, 500.0, 200.0, 100.0, 150.0, 80.0])
    made = Profits.of(c, PLACES, amounts, with_cash=True)
    for at in range(len(amounts)):
        way = np.eye(len(amounts))[at] * 1e-3
        up, down = (Profits.of(c, PLACES, amounts + s * way, with_cash=True).cash for s in (1, -1))
        assert made.cash_slopes[:, at] == pytest.approx((up - down) / 2e-3, rel=1e-4, abs=1e-6)


def test_cash_counts_what_came_and_not_what_answers_are_declared_to_be_worth():
    c = company(discount=1.0, cash=100.0, fixed=10.0, arrives=np.array([0.5, 1.0]))
    won = c.visits * 0.03 * 120.0
    came = np.cumsum(won * 0.5 + np.concatenate([[0.0], won[:-1]]) * 0.5)
    served = np.cumsum((5000 + 3 * c.visits) * 0.004)
    over = 100.0 + came - served - 10.0 * np.arange(1, T + 1)
    assert Profits.of(c, [], [], with_cash=True).cash[0] == pytest.approx(over.min())
    assert Profits.of(replace(c, answer=9.0), [], [], with_cash=True).cash[0] == pytest.approx(
        over.min()
    )

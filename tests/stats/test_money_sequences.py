"""Intervals of money a user hold at every look, however long the tail of what users pay."""

import math

import numpy as np
import pytest

from steelyard.stats import Sample, difference, lift, needed

LOOKS = np.unique(np.geomspace(60, 8000, 60).astype(int))
AMOUNTS = {
    "lognormal": lambda rng, n: np.exp(1.5 * rng.standard_normal(n)),
    "pareto": lambda rng, n: 1 + rng.pareto(2.2, n),  # its fourth moment does not exist
    "alike": lambda rng, n: np.full(n, 30.0),
}
MEANS = {"lognormal": math.exp(1.5**2 / 2), "pareto": 1 + 1 / 1.2, "alike": 30.0}


def looks(seed, amounts, *, share, rates):
    """(live, canary) at every look, from 20 buyers of both on; more of the canary's users buy."""
    rng = np.random.default_rng(seed)
    n = LOOKS[-1]
    canary = rng.random(n) < share
    buys = rng.random(n) < np.where(canary, rates[1], rates[0])
    paid = np.where(buys, AMOUNTS[amounts](rng, n), 0.0)
    for look in LOOKS:
        arms = paid[:look][~canary[:look]], paid[:look][canary[:look]]
        if buys[:look].sum() >= 20:
            yield tuple(Sample.of(arm) for arm in arms)


@pytest.mark.parametrize("amounts", AMOUNTS)
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_difference_and_lift_cover_the_truth_at_every_look(amounts, share):
    rates, seeds = (0.05, 0.08), 120
    true = (rates[1] - rates[0]) * MEANS[amounts]
    missed = np.zeros(2)
    for seed in range(seeds):
        wrong = np.zeros(2, bool)
        for live, canary in looks(seed, amounts, share=share, rates=rates):
            d = difference(live, canary, tuned_at=5000, bounded=False)
            r = lift(live, canary, tuned_at=5000, bounded=False)
            wrong |= [
                not d.low <= true <= d.high,
                r is not None and not r.low <= 0.6 <= r.high,
            ]
        missed += wrong
    assert (missed / seeds <= 0.05).all()


def test_an_interval_for_one_look_would_not_hold():
    """The simulation is one that an interval can fail."""
    missed = 0
    for seed in range(120):
        for live, canary in looks(seed, "lognormal", share=0.5, rates=(0.05, 0.05)):
            error = math.sqrt(live.variance / live.n + canary.variance / canary.n)
            if abs(canary.mean - live.mean) > 1.96 * error:
                missed += 1
                break
    assert missed / 120 > 0.1


def test_lift_holds_zero_just_when_the_difference_does_and_is_none_where_anything_may_be():
    rng = np.random.default_rng(0)
    both = set()
    for _ in range(300):
        live = Sample(4000, float(rng.uniform(2, 4)), 60.0)
        canary = Sample(4000, live.mean + float(rng.uniform(-2, 2)), 60.0)
        d = difference(live, canary, tuned_at=5000, bounded=False)
        r = lift(live, canary, tuned_at=5000, bounded=False)
        assert (r.low > 0, r.high < 0) == (d.low > 0, d.high < 0)
        assert r.value == pytest.approx(canary.mean / live.mean - 1)
        both.add((r.low > 0, r.high < 0))
    assert len(both) == 3
    assert lift(Sample(9, 0.1, 50.0), Sample(9, 0.1, 50.0), tuned_at=5000, bounded=False) is None
    assert lift(Sample(9, -5.0, 0.1), Sample(9, 1.0, 0.1), tuned_at=5000, bounded=False) is None


def test_amounts_that_are_all_alike_say_nothing_of_how_they_spread():
    nothing = Sample.of([0.0] * 50)
    assert math.isinf(difference(nothing, nothing, tuned_at=5000, bounded=False).high)
    assert needed(nothing, nothing, 1.0, tuned_at=5000, bounded=False) is None


@pytest.mark.parametrize("gap", [0.5, 0.05])
def test_so_many_users_are_needed_that_the_interval_is_as_narrow_as_the_gap(gap):
    live, canary = Sample(300, 2.0, 25.0), Sample(100, 2.5, 30.0)
    n = needed(live, canary, gap, tuned_at=5000, bounded=False)

    def half(total):
        grown = (
            Sample(total * 3 // 4, live.mean, live.variance),
            Sample(total - total * 3 // 4, canary.mean, canary.variance),
        )
        found = difference(*grown, tuned_at=5000, bounded=False)
        return found.high - found.value

    assert half(int(n * 1.02)) < gap < half(int(n * 0.98))
    assert needed(live, canary, 1e-9, tuned_at=5000, bounded=False) is None

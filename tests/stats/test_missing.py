"""The worst reading holds the truth whichever outcomes one arm alone told of, and costs nothing where all are told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.stats import Interval, Sample, difference, worst

D = Interval(0.02, 0.01, 0.03, 4000)
shares = st.floats(0.05, 1.0)
means = st.floats(0.0, 1.0)


def test_where_all_told_it_is_the_difference_itself():
    assert worst(D, means=(0.8, 0.82), told=(1.0, 1.0), told_half=0.05) == D


def test_an_arm_that_told_nothing_may_be_anything():
    found = worst(D, means=(0.8, 0.82), told=(0.5, 0.0), told_half=0.05)
    assert (found.low, found.high) == (-1.0, 1.0)


@given(means, means, shares, shares)
def test_it_is_never_narrower_than_the_difference(a, b, told_a, told_b):
    found = worst(D, means=(a, b), told=(told_a, told_b), told_half=0.0)
    assert found.low <= D.low and found.high >= D.high


@pytest.mark.parametrize(
    "wrong", [0.3, 0.8]
)  # of the canary's wrong answers, where of others .5 are told
def test_users_of_one_arm_who_tell_of_wrong_answers_less_or_more_do_not_mislead_it(wrong):
    missed = {"told": 0, "worst": 0}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        canary, good = rng.random(5000) < 0.5, rng.random(5000) < 0.8  # alike in truth
        tells = rng.random(5000) < np.where(canary & ~good, wrong, 0.5)
        arms = [good[tells & own].astype(float) for own in (~canary, canary)]
        told = [tells[own].astype(float) for own in (~canary, canary)]
        d = difference(*map(Sample.of, arms), tuned_at=2000)
        t = difference(*map(Sample.of, told), tuned_at=2000)
        w = worst(
            d,
            means=tuple(a.mean() for a in arms),
            told=tuple(a.mean() for a in told),
            told_half=(t.high - t.low) / 2,
        )
        missed["told"] += not d.low <= 0 <= d.high
        missed["worst"] += not w.low <= 0 <= w.high
    assert missed["told"] > 30 and missed["worst"] <= 3

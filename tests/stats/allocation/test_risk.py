"""Caution beside sorted draws, halvings and differences: what is told, what a solver climbs, where a share lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit

from steelyard.stats.allocation import Risk
from steelyard.stats.allocation.risk import WORST, threshold, worst
from steelyard.stats.allocation.solve import within

DRAWS = st.lists(st.floats(-1000, 1000), min_size=2, max_size=60).map(np.array)
CAUTION = st.floats(0, 1)
SCALE = st.floats(0.5, 500)


@given(DRAWS, st.floats(0.01, 1))
def test_the_mean_of_the_worst_is_that_of_the_first_when_sorted(draws, share):
    n = max(1, round(share * len(draws)))
    assert worst(draws, share) == pytest.approx(sum(sorted(draws.tolist())[:n]) / n, abs=1e-9)


@given(DRAWS, st.floats(0.02, 0.98), st.floats(0.01, 100))
def test_a_share_of_the_draws_lies_below_where_halvings_find_it_too(draws, share, width):
    def over(at):
        return float(expit((at - draws) / width).mean()) - share

    right = brentq(over, draws.min() - 40 * width, draws.max() + 40 * width, xtol=1e-12)
    found = threshold(draws, share, width)
    near = 1e-11 * max(1.0, abs(right))  # it ends where a step is as small beside where it stands
    assert over(found) == pytest.approx(0.0, abs=1e-9 + near / width)
    # where no draw is near, a wide stretch has the same share
    slope = float((expit((right - draws) / width) * expit((draws - right) / width)).mean()) / width
    assert found == pytest.approx(right, abs=near + 1e-7 * width + 1e-9 / max(slope, 1e-12))


@given(DRAWS, CAUTION, SCALE, st.integers(0, 59))
def test_what_each_draw_counts_is_the_slope_of_the_value(draws, caution, scale, at):
    risk, at = Risk(caution, scale), at % len(draws)
    counts = risk.of(draws)[1]
    assert counts.sum() == pytest.approx(1.0) and (counts >= 0).all()
    step = np.zeros(len(draws))
    step[at] = 1e-4 * scale
    slope = (risk.of(draws + step)[0] - risk.of(draws - step)[0]) / (2 * step[at])
    assert counts[at] == pytest.approx(slope, abs=1e-4)


@given(DRAWS, CAUTION, SCALE, st.floats(-1000, 1000))
def test_money_that_comes_in_every_draw_is_worth_itself(draws, caution, scale, more):
    risk = Risk(caution, scale)
    assert risk.of(draws + more)[0] == pytest.approx(risk.of(draws)[0] + more, abs=1e-6)


@given(DRAWS, SCALE, st.lists(CAUTION, min_size=2, max_size=2))
def test_more_caution_never_makes_it_worth_more(draws, scale, pair):
    less, more = (Risk(caution, scale).of(draws)[0] for caution in sorted(pair))
    assert more <= less + 1e-6


@given(st.lists(st.integers(-1000, 1000), min_size=20, max_size=20, unique=True), CAUTION)
def test_with_a_sharp_corner_it_is_the_mean_and_the_mean_of_the_worst(values, caution):
    draws = np.array(values, dtype=float)  # of twenty the two worst are a tenth
    found = Risk(caution, 1e-6).of(draws)[0]
    right = (1 - caution) * draws.mean() + caution * worst(draws, WORST)
    assert found == pytest.approx(right, abs=1e-3)


@st.composite
def divisions(draw):
    d = draw(st.integers(1, 5))
    some = st.lists(st.floats(-100, 100), min_size=d, max_size=d).map(np.array)
    least, room, spend = draw(some), np.abs(draw(some)), draw(some)
    budget = float(least.sum()) + draw(st.floats(0, 200))
    return spend, least, least + room, budget


@given(divisions())
def test_a_division_is_brought_within_bounds_and_budget_and_one_that_is_there_stays(given_one):
    spend, least, most, budget = given_one
    found = within(spend, least, most, budget)
    assert (found >= least - 1e-9).all() and (found <= most + 1e-9).all()
    assert found.sum() <= budget + 1e-6
    assert within(found, least, most, budget) == pytest.approx(found, abs=1e-6)
    if (spend >= least).all() and (spend <= most).all() and spend.sum() <= budget:
        assert found == pytest.approx(spend)
    clipped = np.clip(spend, least, most)
    if clipped.sum() > budget:  # what is taken off leaves the places in their proportions
        assert found.sum() == pytest.approx(budget, abs=1e-6)
        assert np.outer(found - least, clipped - least) == pytest.approx(
            np.outer(clipped - least, found - least), abs=1e-4
        )

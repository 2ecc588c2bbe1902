"""Carry-over and saturation against slow loops, closed forms and their own derivatives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.stats.mix.transforms import ADSTOCKS, SATURATIONS, lagged

spends = st.lists(st.floats(0, 1e6), min_size=3, max_size=30)
VALUES = {"tanh": [1.7], "hill": [0.8, 1.4], "geometric": [0.6], "delayed": [0.6, 1.5]}


def slow(spend, weights, before):
    return [
        sum(w * (spend[t - lag] if t >= lag else before) for lag, w in enumerate(weights))
        for t in range(len(spend))
    ]


@pytest.mark.parametrize("kind", ADSTOCKS)
@given(spend=spends, before=st.floats(0, 1e3))
def test_a_convolution_is_that_of_a_loop(kind, spend, before):
    weights = ADSTOCKS[kind].weights(np.array(VALUES[kind]), lags=5)
    fast = weights @ lagged(np.array(spend), lags=5, before=before)
    assert fast == pytest.approx(slow(spend, weights, before), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("kind", ADSTOCKS)
def test_a_steady_spend_is_its_own_adstock(kind):
    weights = ADSTOCKS[kind].weights(np.array(VALUES[kind]), lags=7)
    assert weights @ lagged(np.full(9, 3.0), lags=7, before=3.0) == pytest.approx(3.0)
    assert (weights >= 0).all()


@pytest.mark.parametrize("retention", [0.0, 1e-300, 1 - 1e-12])
def test_a_retention_at_its_ends_gives_weights_that_are_numbers(retention):
    for kind, others in (("geometric", []), ("delayed", [40.0])):
        weights = ADSTOCKS[kind].weights(np.array([retention, *others]), lags=5)
        assert np.isfinite(weights).all() and weights.sum() == pytest.approx(1)


def test_geometric_weights_fall_by_the_retention_and_delayed_ones_peak_at_the_delay():
    falling = ADSTOCKS["geometric"].weights(np.array([0.5]), lags=3)
    assert falling == pytest.approx(np.array([4, 2, 1]) / 7)
    peak = ADSTOCKS["delayed"].weights(np.array([0.5, 2.0]), lags=5)
    assert peak.argmax() == 2 and peak[1] == pytest.approx(peak[3])


@pytest.mark.parametrize("kind", SATURATIONS)
def test_a_level_rises_from_none_to_one_and_its_slope_is_its_derivative(kind):
    curve, values = SATURATIONS[kind], np.array(VALUES[kind])
    x = np.linspace(0.05, 6, 200)
    level = curve.level(x, values)
    assert curve.level(np.zeros(1), values) == pytest.approx(0, abs=1e-9)
    assert curve.level(np.array([1e9]), values) == pytest.approx(1)
    assert (np.diff(level) > 0).all()
    there = (curve.level(x + 1e-6, values) - curve.level(x - 1e-6, values)) / 2e-6
    assert curve.slope(x, values) == pytest.approx(there, rel=1e-5)


def test_hill_has_half_its_effect_at_its_half():
    assert SATURATIONS["hill"].level(np.array([0.8]), np.array([0.8, 3.0])) == pytest.approx(0.5)


@pytest.mark.parametrize("kind", SATURATIONS)
def test_many_draws_at_once_are_each_draw_alone(kind):
    curve = SATURATIONS[kind]
    values = np.array(VALUES[kind]) * np.array([[0.5], [1.0], [2.0]])
    x = np.linspace(0, 3, 7)
    together = curve.level(np.broadcast_to(x, (3, 7)), values)
    for at in range(3):
        assert together[at] == pytest.approx(curve.level(x, values[at]))

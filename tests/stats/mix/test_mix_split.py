"""The best split against closed forms, brute force and bounds."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.errors import UserError
from steelyard.stats.mix import best_split


def saturating(b, k):
    return lambda s: b * (1 - np.exp(-s / k))


def test_marginal_returns_are_equal_where_the_closed_form_says():
    # s = k log(b / (k mu)) with the sum of s the budget (planner: equal marginal values)
    b, k, budget = np.array([100.0, 60.0]), np.array([40.0, 20.0]), 90.0
    mu = np.exp((k @ np.log(b / k) - budget) / k.sum())
    split = best_split({"a": saturating(100, 40), "b": saturating(60, 20)}, budget=budget)
    assert list(split.spend.values()) == pytest.approx(k * np.log(b / (k * mu)), abs=budget / 800)
    assert split.marginal == pytest.approx(mu, rel=0.01)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(1, 100), st.floats(1, 50), st.floats(0.5, 4)), min_size=2, max_size=3
    )
)
def test_no_other_split_of_the_grid_is_better_for_curves_of_any_shape(shapes):
    def hill(b, half, power):
        return lambda s: b * s**power / (half**power + s**power)

    curves = {str(i): hill(*shape) for i, shape in enumerate(shapes)}
    found = best_split(curves, budget=60.0, steps=12)
    grid = np.linspace(0, 60, 13)
    values = [curve(grid) for curve in curves.values()]
    every = (
        sum(v[i] for v, i in zip(values, at, strict=True))
        for at in itertools.product(range(13), repeat=len(shapes))
        if sum(at) <= 12
    )
    assert found.response == pytest.approx(max(every))


def test_bounds_hold_and_those_that_cannot_are_told():
    curves = {"a": saturating(100, 40), "b": saturating(1, 20)}
    held = best_split(curves, budget=100.0, bounds={"b": (30.0, 50.0)})
    assert held.spend["b"] == pytest.approx(30.0, abs=0.2)
    with pytest.raises(UserError, match="least spends"):
        best_split(curves, budget=100.0, bounds={"a": (70.0, 100.0), "b": (60.0, 100.0)})
    for budget in (0.0, float("nan")):
        with pytest.raises(UserError, match="budget above 0"):
            best_split(curves, budget=budget)

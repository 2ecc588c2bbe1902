"""Maxima of likelihoods whose maximum and curvature can be written down, and of those that have none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.stats.lifetime.maximum import REACH, maximize


def bowl(middle, precision):
    """A likelihood that is normal in the logarithms."""

    def value(logs):
        away = logs - middle
        return -0.5 * float(away @ precision @ away), -precision @ away

    return value


@st.composite
def bowls(draw):
    p = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    root = rng.normal(size=(p, p))
    precision = root @ root.T + np.eye(p) * draw(st.floats(0.5, 50))
    return rng.uniform(-3, 3, p), precision


@settings(max_examples=50)
@given(bowls(), st.floats(0.1, 10))
def test_a_normal_likelihood_has_its_middle_and_its_covariance(given_one, start):
    middle, precision = given_one
    found = maximize(bowl(middle, precision), [[start] * len(middle)])
    assert found.logs == pytest.approx(middle, abs=1e-5)
    assert found.parameters == pytest.approx(np.exp(middle), rel=1e-4)
    assert found.covariance == pytest.approx(np.linalg.inv(precision), rel=1e-4, abs=1e-8)
    assert found.log_likelihood == pytest.approx(0.0, abs=1e-8) and found.identified


@given(st.integers(3, 5000), st.floats(0.05, 20))
def test_a_rate_is_known_as_well_as_its_count_says(n, mean):
    """Times of an exponential: the rate is one over their mean, its logarithm has a variance of 1 / n."""

    def value(logs):
        rate = np.exp(logs[0])
        return n * (logs[0] - rate * mean), np.array([n * (1 - rate * mean)])

    found = maximize(value, [(1.0,)])
    assert found.parameters[0] == pytest.approx(1 / mean, rel=1e-4)
    assert found.covariance[0, 0] == pytest.approx(1 / n, rel=1e-3)


def test_draws_have_the_middle_and_the_covariance():
    middle, precision = np.array([0.5, -1.0]), np.array([[40.0, 15.0], [15.0, 30.0]])
    found = maximize(bowl(middle, precision), [(1.0, 1.0)])
    drawn = np.log(found.draws(40_000, seed=3))
    assert drawn.mean(axis=0) == pytest.approx(middle, abs=0.005)
    assert np.cov(drawn.T) == pytest.approx(np.linalg.inv(precision), rel=0.05)
    assert np.array_equal(found.draws(5, seed=3), found.draws(5, seed=3))


def test_the_best_of_two_maxima_is_taken_whichever_start_comes_first():
    def value(logs):
        x = logs[0]
        hills = np.array([np.exp(-((x + 2) ** 2)), 2 * np.exp(-((x - 2) ** 2))])
        return float(hills.sum()), np.array([-2 * (x + 2) * hills[0] - 2 * (x - 2) * hills[1]])

    for starts in ([(np.exp(-2.2),), (np.exp(1.8),)], [(np.exp(1.8),), (np.exp(-2.2),)]):
        assert maximize(value, starts).logs[0] == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("slope", [0.0, 1.0, -1.0])
def test_a_likelihood_that_has_no_top_identifies_nothing(slope):
    found = maximize(lambda logs: (slope * float(logs[0]), np.array([slope])), [(1.0,)])
    assert not found.identified
    assert np.isinf(found.covariance).all() and abs(found.logs[0]) <= REACH


def test_a_ridge_along_which_nothing_changes_identifies_neither_parameter():
    """Only the sum of the logarithms is told."""
    ridge = bowl(np.zeros(2), np.array([[5.0, 5.0], [5.0, 5.0]]))
    assert not maximize(ridge, [(2.0, 3.0)]).identified

"""What a look is worth, beside what it is exactly where profits and beliefs are normal."""

import numpy as np
import pytest

from steelyard.stats.allocation import expected_value_of_sample, two_actions
from steelyard.stats.posterior import draws


@pytest.mark.parametrize(("gain", "error", "look"), [(0.3, 1.0, 0.5), (-1.0, 2.0, 2.0), (0, 1, 0)])
def test_a_look_at_one_of_two_actions_is_worth_what_is_exact(gain, error, look):
    z = np.random.default_rng(0).normal(size=40_000)
    better = gain + error * (z - z.mean()) / z.std()
    profit = np.stack([np.zeros(len(z)), better], axis=1)
    told = error**2 / (error**2 + look**2)
    found = expected_value_of_sample(profit, better[:, None], told=told)
    assert found == pytest.approx(two_actions(gain, error, look), rel=0.03)


def test_a_look_is_worth_less_the_less_it_tells_and_nothing_at_what_is_known():
    rng = np.random.default_rng(1)
    profit, known = rng.normal(size=(4000, 3)), np.ones((4000, 1))
    worths = [
        expected_value_of_sample(profit, profit[:, :1], told=told) for told in (1.0, 0.5, 0.1, 0.0)
    ]
    assert worths == sorted(worths, reverse=True) and worths[-1] == 0.0
    assert expected_value_of_sample(profit, known) == 0.0
    assert expected_value_of_sample(profit[:, :1], profit[:, 1:2]) == pytest.approx(0.0, abs=1e-9)


def test_a_square_is_met_where_the_look_leaves_it_open():
    """Profit of the second action is x squared less one: in the middle of beliefs it is worth nothing now."""
    x = np.random.default_rng(2).normal(size=60_000)
    profit = np.stack([np.zeros(len(x)), x**2 - 1.0], axis=1)
    # after the look x is normal about sqrt(t) y with variance 1 - t: the action is worth t (y^2 - 1)
    y = np.random.default_rng(3).normal(size=400_000)
    for told in (0.3, 0.8):
        exact = float(np.maximum(0.0, told * (y**2 - 1)).mean())
        assert expected_value_of_sample(profit, x[:, None], told=told) == pytest.approx(
            exact, rel=0.05
        )


@pytest.mark.parametrize(
    ("profit", "parameters", "told"),
    [((5,), (5, 1), 1.0), ((5, 2), (4, 1), 1.0), ((5, 2), (5, 1), 1.5), ((5, 2), (5, 1), -0.1)],
)
def test_shapes_and_shares_are_asked_for(profit, parameters, told):
    with pytest.raises(ValueError, match="expected"):
        expected_value_of_sample(np.zeros(profit), np.zeros(parameters), told=told)


def test_two_actions_of_a_known_difference():
    assert two_actions(0.5, 0.0, 1.0) == 0.0
    with pytest.raises(ValueError, match="deviations"):
        two_actions(0.5, -1.0, 1.0)


def test_draws_after_evidence_are_those_of_a_normal():
    """Prior N(0, 1), a reading of 2 with an error of 0.05 and one of the sum: what is exact is linear."""
    error = 0.05

    def log_likelihood(z):
        return -0.5 * ((z[:, 0] - 2.0) ** 2 + (z.sum(axis=1) - 1.0) ** 2) / error**2

    found = draws([0.0, 0.0], [1.0, 1.0], log_likelihood, n=4000, seed=3)
    rows = np.array([[1.0, 0.0], [1.0, 1.0]])
    covariance = np.linalg.inv(np.eye(2) + rows.T @ rows / error**2)
    mean = covariance @ rows.T @ np.array([2.0, 1.0]) / error**2
    assert found.mean(axis=0) == pytest.approx(mean, abs=0.01)
    assert np.cov(found.T) == pytest.approx(covariance, abs=6e-4)


def test_without_evidence_draws_are_the_prior_and_the_same_seed_draws_the_same():
    none = [draws([1.0], [2.0], lambda z: np.zeros(len(z)), n=4000, seed=s) for s in (1, 1, 2)]
    assert none[0].mean() == pytest.approx(1.0, abs=0.15)
    assert none[0].std() == pytest.approx(2.0, rel=0.08)
    assert np.array_equal(none[0], none[1]) and not np.array_equal(none[0], none[2])


def test_draws_where_a_likelihood_is_nowhere_finite_but_in_a_corner():
    found = draws([0.0], [1.0], lambda z: np.where(z[:, 0] > 2.0, 0.0, -np.inf), n=500, seed=0)
    assert found.min() > 2.0


def test_what_is_no_number_is_no_worth_of_nothing():
    broken = np.array([[0.0, np.nan], [0.0, 1.0]])
    for profit, told in ((broken, 1.0), (np.ones((2, 2)), np.nan)):
        with pytest.raises(ValueError, match=r"finite|shares"):
            expected_value_of_sample(profit, np.arange(2.0)[:, None], told=told)
    assert two_actions(1.0, 1.0, np.inf) == 0.0 and two_actions(1.0, 1e-200, 1.0) == 0.0

"""R-hat and effective sample size against values worked out by hand and known processes."""

import numpy as np
import pytest
from scipy.stats import norm

from steelyard.stats.mix.diagnostics import (
    Convergence,
    convergence,
    ess_bulk,
    ess_tail,
    rhat,
)


def walk(rho, chains, n, seed=0):
    """A stationary autoregression: each draw is worth (1 - rho) / (1 + rho)."""
    rng = np.random.default_rng(seed)
    x = np.empty((chains, n))
    x[:, 0] = rng.normal(0, 1, chains)
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + rng.normal(0, (1 - rho**2) ** 0.5, chains)
    return x


def test_rhat_of_four_draws_is_that_of_a_pocket_calculator():
    # ranks 1 2 3 4 | 5 6 7 8 of two chains; split into four of two draws each
    draws = np.array([[1.0, 2, 3, 4], [5, 6, 7, 8]])
    scores = norm.ppf((np.arange(1, 9) - 3 / 8) / (8 + 1 / 4)).reshape(4, 2)
    within = np.mean([(a - b) ** 2 / 2 for a, b in scores])
    means = scores.mean(axis=1)
    between = 2 * np.sum((means - means.mean()) ** 2) / 3
    assert rhat(draws) == pytest.approx(np.sqrt((within / 2 + between / 2) / within))


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_the_worth_of_an_autoregression_is_the_known_one(rho):
    draws = walk(rho, 4, 5000)
    assert ess_bulk(draws) == pytest.approx(20000 * (1 - rho) / (1 + rho), rel=0.15)
    assert rhat(draws) < 1.01


def test_chains_at_two_places_or_of_two_spreads_do_not_agree():
    draws = walk(0.0, 4, 500)
    apart = draws + np.array([0, 0, 0, 3.0])[:, None]
    wider = draws * np.array([1, 1, 1, 5.0])[:, None]
    assert rhat(apart) > 1.1 and rhat(wider) > 1.05
    assert ess_bulk(apart) < 30


def test_a_drift_inside_every_chain_is_seen():
    assert rhat(walk(0.0, 4, 500) + np.linspace(0, 3, 500)) > 1.1


def test_ranks_do_not_mind_heavy_tails_or_any_rising_scale():
    draws = walk(0.3, 4, 800)
    assert ess_bulk(np.exp(20 * draws)) == pytest.approx(ess_bulk(draws))
    assert np.isfinite(rhat(np.tan(draws)))


def test_draws_that_never_move_agree_and_chains_stuck_apart_never_do():
    assert rhat(np.ones((4, 100))) == 1.0
    stuck = np.repeat([[0.0], [1.0]], 100, axis=1)
    assert rhat(stuck) > 1e6


def test_the_tail_is_worth_less_where_it_is_seldom_reached():
    sticky = walk(0.97, 4, 2000)
    assert ess_tail(sticky) < 4 * 2000 / 5


def test_the_worst_quantity_speaks_for_a_fit():
    good, bad = walk(0.0, 4, 500), walk(0.0, 4, 500, seed=1) + np.array([0, 0, 0, 2.0])[:, None]
    found = convergence(np.stack([good, bad], axis=2))
    assert found.rhat == rhat(bad) and not found.holds
    assert Convergence(1.005, 900.0, 800.0).holds and not Convergence(1.005, 399.0, 800.0).holds

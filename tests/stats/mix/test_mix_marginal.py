"""The closed forms against brute force: dense covariances, quadrature, a grid over everything."""

from datetime import date, timedelta

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.stats import halfnorm, truncnorm

from steelyard.stats.mix import LiftTest, Series, Settings
from steelyard.stats.mix.model import log_marginal, model_of
from steelyard.stats.mix.sampler import (
    NOISE_SHAPE,
    NOISE_SHARE,
    _above_zero,
    _between,
    sample,
)

WEEKS = [date(2024, 1, 1) + timedelta(weeks=k) for k in range(20)]
FEW = Settings(harmonics=0, lags=3)
Z = np.array([[0.0, 0.0], [1.2, -0.7], [-1.0, 1.5]])


def tiny(effect, *, seed=3, tests=()):
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2.0, 10.0, 20)
    outcome = 100 + effect * np.tanh(spend / 40) + rng.normal(0, 5, 20)
    return Series(WEEKS, outcome, {"tv": spend}, lift_tests=tests)


def by_quadrature(model, z, noise):
    """log of the likelihood, with the base in a dense covariance and beta summed over a fine grid."""
    base, t = model.base, len(model.outcome)
    prior = (base.columns * base.spread**2) @ base.columns.T
    inverse = np.linalg.inv(noise**2 * (np.eye(t) + prior))
    column, tests = model.column(model.channels[0], z[None])[0], model.channels[0].tests
    beta = np.linspace(0, 6 * model.spread, 50001)[:, None]
    left = model.outcome - beta * column[:t]
    log = -np.einsum("bt,bt->b", left @ inverse, left) / 2
    log += halfnorm.logpdf(beta[:, 0], scale=model.spread)
    log -= (((beta * (column @ tests.rows) - tests.lift) / tests.se) ** 2).sum(axis=1) / 2
    return log.max() + np.log(simpson(np.exp(log - log.max()), x=beta[:, 0]))


TEST = LiftTest(channel="tv", first=WEEKS[4], last=WEEKS[7], change=10.0, lift=20.0, se=4.0)


@pytest.mark.parametrize("tests", [(), (TEST,)], ids=["series", "with a lift test"])
@pytest.mark.parametrize("effect", [60.0, 0.0, -60.0])
def test_the_likelihood_of_a_curve_is_the_integral_over_positive_effects(effect, tests):
    model, noise = model_of(tiny(effect, tests=tests), FEW, ("tv",)), 0.06
    column = model.column(model.channels[0], Z)
    under = model.project(column[:, :20])
    left = np.broadcast_to(model.project(model.outcome[None]), under.shape)
    closed = log_marginal(*model.conditional(0, column, under, left, np.full(3, noise)))
    brute = np.array([by_quadrature(model, z, noise) for z in Z])
    assert np.diff(closed) == pytest.approx(np.diff(brute), abs=1e-5)


def test_leaving_out_the_mass_above_zero_would_be_another_likelihood():
    model = model_of(tiny(-60.0), FEW, ("tv",))
    column = model.column(model.channels[0], Z)
    under = model.project(column[:, :20])
    left = np.broadcast_to(model.project(model.outcome[None]), under.shape)
    precision, pull = model.conditional(0, column, under, left, np.full(3, 0.06))
    cut = log_marginal(precision, pull)
    whole = pull**2 / precision / 2 - np.log(precision) / 2
    assert np.abs(np.diff(cut) - np.diff(whole)).max() > 0.1


def test_the_sampler_draws_what_a_grid_over_curve_and_noise_says():
    model = model_of(tiny(60.0), FEW, ("tv",))
    axis, noises = np.linspace(-4, 4, 41), np.geomspace(0.015, 0.3, 40)
    z = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    column = model.column(model.channels[0], z)
    under = model.project(column)
    target = model.project(model.outcome[None])
    squares, left = float(target[0] @ model.outcome), np.broadcast_to(target, under.shape)
    log, mean = [], []
    for noise in noises:
        precision, pull = model.conditional(0, column, under, left, np.full(len(z), noise))
        prior = -2 * np.log(noise) - NOISE_SHAPE * NOISE_SHARE**2 / noise**2
        fit = -20 * np.log(noise) - squares / 2 / noise**2
        log.append(log_marginal(precision, pull) + fit + prior - (z**2).sum(axis=1) / 2)
        beta = np.stack(
            [
                _above_zero(pull / precision, precision**-0.5, np.random.default_rng(k))
                for k in range(20)
            ]
        )
        mean.append(beta.mean(axis=0))
    weight = np.exp(np.array(log) - np.max(log))
    weight /= weight.sum()
    draws = sample(model, seed=1)
    assert draws.beta.mean() == pytest.approx(float((weight * np.array(mean)).sum()), rel=0.03)
    assert draws.noise.mean() == pytest.approx(float(weight.sum(axis=1) @ noises), rel=0.02)
    for p in range(2):
        expected = float(weight.sum(axis=0) @ z[:, p])
        assert draws.z[..., p].mean() == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("mean", [-30.0, -2.0, 0.0, 3.0, 50.0])
def test_positive_normal_draws_are_those_of_the_cut_distribution(mean):
    drawn = _above_zero(np.full(40000, mean), np.ones(40000), np.random.default_rng(0))
    theirs = truncnorm(-mean, np.inf, loc=mean)
    assert (drawn > 0).all()
    assert drawn.mean() == pytest.approx(theirs.mean(), rel=0.02)
    assert drawn.std() == pytest.approx(theirs.std(), rel=0.03)


def test_draws_between_two_bounds_stay_there_in_either_tail():
    ones = np.ones(1000)
    for mean, low, high in ((0.0, -1.0, 2.0), (9.0, -0.5, 0.5), (-60.0, -0.5, 0.5)):
        rng = np.random.default_rng(0)
        drawn = _between(mean * ones, ones, low * ones, high * ones, rng)
        assert (drawn >= low).all() and (drawn <= high).all()

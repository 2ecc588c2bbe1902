"""The regression behind a marketing mix, with its base integrated out. Knows no sampler.

    y = F phi + sum_j beta_j c_j + noise,   c_j = level(adstock(spend_j)) / level(mean spend)

beta_j is what a channel brings a period at its mean spend; y is in multiples of the mean outcome.
Given the noise s, phi ~ N(0, s^2 V) leaves y - sum_j beta_j c_j ~ N(0, s^2 P^-1), where P = (I + F V F')^-1
(Gelman et al., BDA3, section 14.2): every sum of squares below is one under P. A lift test is one
more row, of beta_j alone and with its own error.
Example: `model.conditional(0, columns, left, noise)`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.special import log_ndtr

from steelyard.stats.mix.design import Base, base_of
from steelyard.stats.mix.series import Series
from steelyard.stats.mix.settings import Settings
from steelyard.stats.mix.transforms import Parameter, lagged

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tests:
    """Lift tests of a channel: `rows` [U + W, n] make their lift of the column over U periods and
    the W tested ones, `lift` and `se` [n] are in multiples of the mean outcome."""

    rows: Array
    lift: Array
    se: Array


@dataclass(frozen=True)
class Channel:
    """A channel that is fitted: its mean spend, and its past [lags, U + W] in multiples of it. Of the U
    periods of the series the first T are those whose outcome is known; the W columns are the tested
    periods as they would have been with the change."""

    name: str
    mean: float
    past: Array
    tests: Tests


@dataclass(frozen=True)
class Model:
    """`outcome` [T] of the periods that have one, in multiples of `scale`; `base` is that of all periods,
    `seen` [T, p] of these; `half` [p, T] is what projects it away."""

    settings: Settings
    base: Base
    seen: Array
    channels: tuple[Channel, ...]
    outcome: Array
    scale: float
    half: Array
    triangle: Array  # of V^-1 + F'F, lower: half = triangle^-1 F'

    @property
    def spread(self) -> float:
        """Prior deviation of a beta."""
        return self.settings.share / len(self.channels)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Of each channel: those of the adstock, then those of the saturation."""
        return self.settings.carry_over.parameters + self.settings.shape.parameters

    def column(self, channel: Channel, z: Array) -> Array:
        """c of `z` [K, P] over the periods and the tested ones, [K, U + W]."""
        weights, values = self.curve(z)
        at_mean = self.settings.shape.level(np.ones((len(z), 1)), values)
        return np.asarray(self.settings.shape.level(weights @ channel.past, values) / at_mean)

    def curve(self, z: Array) -> tuple[Array, Array]:
        """Weights of the lags [K, lags] and values of the saturation, of `z` [K, P]."""
        values = self.values(z)
        carry_over = self.settings.carry_over
        n = len(carry_over.parameters)
        weights = carry_over.weights(values[..., :n], lags=self.settings.lags)
        return weights, values[..., n:]

    def values(self, z: Array) -> Array:
        """Parameters in their own unit, of `z` [..., P]."""
        return np.stack([p.value(z[..., i]) for i, p in enumerate(self.parameters)], axis=-1)

    def project(self, rows: Array) -> Array:
        """Rows [K, T] times P: what the base cannot say of them."""
        return np.asarray(rows - (rows @ self.half.T) @ self.half)

    def conditional(
        self, at: int, column: Array, projected: Array, left: Array, noise: Array
    ) -> tuple[Array, Array]:
        """Precision and precision times mean [K] of beta before it is held positive, given the
        column [K, U + W], it under P [K, T], what the others left under P [K, T], the noise [K]."""
        tests = self.channels[at].tests
        here = column[:, : projected.shape[1]]
        variance = noise**2
        precision = self.spread**-2 + np.einsum("kt,kt->k", here, projected) / variance
        pull = np.einsum("kt,kt->k", here, left) / variance
        if len(tests.lift):
            lift = column @ tests.rows
            precision = precision + (lift**2) @ tests.se**-2
            pull = pull + lift @ (tests.lift / tests.se**2)
        return precision, pull


def log_marginal(precision: Array, pull: Array) -> Array:
    """Log likelihood with beta > 0 integrated out, up to what no curve changes.

    The half-normal prior is cut at zero and so is the posterior: the mass that it keeps there, Phi(mean
    / deviation), belongs to the likelihood. Leaving it out, and dropping negative draws at the end,
    favours curves whose beta would be negative.
    """
    deviations = pull / np.sqrt(precision)
    return np.asarray(deviations**2 / 2 - np.log(precision) / 2 + log_ndtr(deviations))


def model_of(series: Series, settings: Settings, fitted: tuple[str, ...]) -> Model:
    """The arrays of a series; only the channels `fitted` have curves."""
    base = base_of(series, settings)
    outcome, seen = series.array("outcome")[series.seen], base.columns[series.seen]
    scale = float(np.abs(outcome).mean())
    triangle = cholesky(np.diag(base.spread**-2) + seen.T @ seen, lower=True)
    half = solve_triangular(triangle, seen.T, lower=True)
    channels = tuple(
        channel_of(series, settings, name, float(series.array("spend", name).mean()), scale)
        for name in fitted
    )
    return Model(settings, base, seen, channels, outcome / scale, scale, half, triangle)


def channel_of(series: Series, settings: Settings, name: str, mean: float, scale: float) -> Channel:
    """The past of a channel in multiples of `mean`, and its lift tests in multiples of `scale`."""
    spend = series.array("spend", name)
    t, before = len(spend), float(series.before.get(name, spend[0]))
    tests = [test for test in series.lift_tests if test.channel == name]
    windows = [series.window(test) for test in tests]
    past = [lagged(spend, lags=settings.lags, before=before)[:, series.order]]
    for test, window in zip(tests, windows, strict=True):
        changed = lagged(spend + test.change * window, lags=settings.lags, before=before)
        past.append(changed[:, window])
    wide = np.concatenate(past, axis=1) / mean
    rows, at = np.zeros((wide.shape[1], len(tests))), t
    for k, window in enumerate(windows):
        rows[:t, k] = -window[series.order].astype(np.float64)
        rows[at : at + int(window.sum()), k] = 1.0
        at += int(window.sum())
    lift = np.array([test.lift for test in tests]) / scale
    se = np.array([test.se for test in tests]) / scale
    return Channel(name, mean, wide, Tests(rows, lift, se))

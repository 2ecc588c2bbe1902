"""Draws of a marketing mix: curves by random walks, everything linear in closed form. Knows no money.

A sweep goes over the channels. With the other channels' effects given, the adstock and the
saturation of one take a Metropolis step on the likelihood with its own beta and the whole base
integrated out, and beta is then drawn. The betas move once more together, along the axes of their
posterior, because channels that rise and fall together trade their effects. All chains are one
array; steps adapt while warming up and are fixed after it. Example: `sample(model, seed=0).beta`
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri, ndtri_exp

from steelyard.stats.mix.model import Model, log_marginal

Array = NDArray[np.float64]
# prior of the noise's variance: an inverse gamma of so many observations
NOISE_SHAPE, NOISE_SHARE = 1.0, 0.02
ACCEPTED = 0.35  # share of steps taken that is aimed at, for two to four dimensions
STEPS = 2  # Metropolis steps of a curve in a sweep


@dataclass(frozen=True)
class Draws:
    """`z` [K, N, J, P] of the curves, `beta` [K, N, J], `noise` [K, N], of K chains."""

    z: Array
    beta: Array
    noise: Array


def sample(model: Model, *, seed: int) -> Draws:
    """Chains of `model.settings`, after warming up. The same seed gives the same draws."""
    settings = model.settings
    chains = _Chains(model, np.random.default_rng(seed))
    for sweep in range(settings.warm_up):
        chains.sweep()
        chains.adapt(sweep)
    kept = []
    for _ in range(settings.sweeps):
        chains.sweep()
        kept.append((chains.z.copy(), chains.beta.copy(), chains.noise.copy()))
    z, beta, noise = (np.stack(each, axis=1) for each in zip(*kept, strict=True))
    return Draws(z, beta, noise)


@dataclass
class _Chains:
    model: Model
    rng: np.random.Generator
    z: Array = field(init=False)  # [K, J, P]
    beta: Array = field(init=False)  # [K, J]
    noise: Array = field(init=False)  # [K]

    def __post_init__(self) -> None:
        model, k = self.model, self.model.settings.chains
        j, p = len(model.channels), len(model.parameters)
        self.z = self.rng.standard_normal((k, j, p))
        self.beta = np.abs(self.rng.normal(0, model.spread / 2, (k, j)))
        self.columns = [model.column(c, self.z[:, i]) for i, c in enumerate(model.channels)]
        t = len(model.outcome)
        self.projected = np.stack([model.project(c[:, :t]) for c in self.columns])
        self.target = model.project(model.outcome[None])
        left = float(np.sqrt(self.target[0] @ model.outcome / t))
        self.noise = left * self.rng.uniform(0.5, 1.0, k)
        self.factor = np.broadcast_to(np.eye(p), (j, p, p)).copy()
        self.scale = np.zeros(j)
        self.taken = np.zeros(j)
        self.seen: list[Array] = []

    def sweep(self) -> None:
        """Every curve with its beta, all betas together, the noise."""
        left = self.target - np.einsum("kj,jkt->kt", self.beta, self.projected)
        for j in range(len(self.model.channels)):
            left = left + self.beta[:, j, None] * self.projected[j]
            self._curve(j, left)
            left = left - self.beta[:, j, None] * self.projected[j]
        self._betas()
        self._noise()

    def _curve(self, j: int, left: Array) -> None:
        """Steps of one channel's curve, then its beta: `left` is what the others leave, under P."""
        model = self.model
        k, p = self.z.shape[0], self.z.shape[2]
        t = left.shape[1]
        self.taken[j] = 0.0
        precision, pull = model.conditional(j, self.columns[j], self.projected[j], left, self.noise)
        now = log_marginal(precision, pull) - np.sum(self.z[:, j] ** 2, axis=1) / 2
        for _ in range(STEPS):
            step = self.rng.standard_normal((k, p)) @ self.factor[j].T
            z = self.z[:, j] + np.exp(self.scale[j]) * step
            column = model.column(model.channels[j], z)
            projected = model.project(column[:, :t])
            there = model.conditional(j, column, projected, left, self.noise)
            then = log_marginal(*there) - np.sum(z**2, axis=1) / 2
            yes = np.log(self.rng.random(k)) < then - now
            self.z[yes, j] = z[yes]
            self.columns[j][yes], self.projected[j][yes] = column[yes], projected[yes]
            precision, pull = (
                np.where(yes, a, b) for a, b in zip(there, (precision, pull), strict=True)
            )
            now = np.where(yes, then, now)
            self.taken[j] += float(yes.mean()) / STEPS
        self.beta[:, j] = _above_zero(pull / precision, precision**-0.5, self.rng)

    def _betas(self) -> None:
        """Each in turn along the principal axes of all betas given the curves: a Gibbs step
        along a direction that no beta chose."""
        precision, pull = self._joint()
        lengths, axes = np.linalg.eigh(precision)
        for i in range(lengths.shape[1]):
            axis, length = axes[:, :, i], lengths[:, i]
            slope = np.einsum(
                "kj,kj->k", axis, pull - np.einsum("kij,kj->ki", precision, self.beta)
            )
            with np.errstate(divide="ignore", invalid="ignore"):
                bound = np.where(axis == 0, np.inf, -self.beta / axis)
            low = np.where(axis > 0, bound, -np.inf).max(axis=1)
            high = np.where(axis < 0, bound, np.inf).min(axis=1)
            way = _between(slope / length, length**-0.5, low, high, self.rng)
            self.beta = np.maximum(self.beta + way[:, None] * axis, 1e-300)

    def _joint(self) -> tuple[Array, Array]:
        """Precision [K, J, J] and pull [K, J] of all betas given curves and noise."""
        model, t = self.model, self.projected.shape[2]
        here = np.stack([column[:, :t] for column in self.columns], axis=1)
        under = self.projected.transpose(1, 2, 0)
        variance = self.noise[:, None] ** 2
        precision = here @ under / variance[..., None]
        pull = (model.outcome @ under) / variance
        for j, channel in enumerate(model.channels):
            precision[:, j, j] += model.spread**-2
            if len(channel.tests.lift):
                lift = self.columns[j] @ channel.tests.rows
                precision[:, j, j] += (lift**2) @ channel.tests.se**-2
                pull[:, j] += lift @ (channel.tests.lift / channel.tests.se**2)
        return precision, pull

    def _noise(self) -> None:
        model = self.model
        t = self.projected.shape[2]
        here = np.stack([column[:, :t] for column in self.columns])
        residual = model.outcome - np.einsum("kj,jkt->kt", self.beta, here)
        under = self.target - np.einsum("kj,jkt->kt", self.beta, self.projected)
        rate = np.einsum("kt,kt->k", residual, under) / 2 + NOISE_SHAPE * NOISE_SHARE**2
        self.noise = np.sqrt(rate / self.rng.gamma(NOISE_SHAPE + t / 2, size=len(rate)))

    def adapt(self, sweep: int) -> None:
        """Robbins & Monro (1951) on the length of a step, and its shape from what all chains saw
        (Haario et al. 2001); only while warming up, so that what is kept is a Markov chain."""
        self.scale += (self.taken - ACCEPTED) * 3 / np.sqrt(sweep + 10)
        self.seen.append(self.z.copy())
        total = self.model.settings.warm_up
        if sweep + 1 in (total // 5, total * 2 // 5, total * 7 // 10):
            recent = np.concatenate(self.seen[len(self.seen) // 3 :])
            for j in range(recent.shape[1]):
                spread = np.cov(recent[:, j].T) + 1e-3 * np.eye(recent.shape[2])
                self.factor[j] = np.linalg.cholesky(spread)
            self.seen = []


def _above_zero(mean: Array, deviation: Array, rng: np.random.Generator) -> Array:
    """Normal draws given that they are positive, exact however far away zero is."""
    mass = log_ndtr(mean / deviation)
    drawn = mean - deviation * ndtri_exp(mass + np.log(rng.random(len(mean))))
    return np.asarray(np.maximum(drawn, 1e-300))


def _between(
    mean: Array, deviation: Array, low: Array, high: Array, rng: np.random.Generator
) -> Array:
    """Normal draws given that they lie between two bounds around zero."""
    a, b = (low - mean) / deviation, (high - mean) / deviation
    flip = a > 0  # in the upper tail the distribution function has no digits left
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    below, above = ndtr(a), ndtr(b)
    u = ndtri(below + rng.random(len(mean)) * (above - below))
    drawn = mean + deviation * np.where(flip, -u, u)
    # both bounds so far out that neither has mass: stay
    return np.where(np.isfinite(drawn), np.clip(drawn, low, high), 0.0)

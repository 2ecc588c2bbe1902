"""Outcomes with season, trend and noise that goes on from period to period, made by seed."""

import numpy as np


def weeks(n, seed, *, rho=0.5, sd=0.08):
    """[n] with a yearly season, a trend, and autocorrelated noise."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(n)
    for t in range(n):
        before = noise[t - 1] if t else 0.0
        noise[t] = rho * before + rng.normal() * sd * np.sqrt(1 - rho**2)
    t = np.arange(n)
    return 1000 * np.exp(0.001 * t + 0.15 * np.sin(2 * np.pi * t / 52) + noise)


def regions(periods, n, seed, *, sd=0.06):
    """[periods, n]: regions of very different size that share a week, a season and wandering factors."""
    rng = np.random.default_rng(seed)
    common = np.cumsum(rng.normal(size=(periods, 3)) * 0.02, axis=0) @ rng.random((3, n))
    week = 0.1 * np.sin(2 * np.pi * np.arange(periods) / 7)[:, None]
    return np.exp(6 + rng.normal(size=n) + common + week + rng.normal(size=(periods, n)) * sd)


def lifted(outcome, design, lift):
    """[T, R] as it would be with such a lift where and when the design treats."""
    changed = outcome.copy()
    changed[-design.length :, list(design.sets[design.drawn])] *= 1 + lift
    return changed

"""Draws of what is believed after evidence: importance sampling that moves to where the evidence points.

Population Monte Carlo (Cappe, Guillin, Marin & Robert 2004) with a t proposal beside the prior, so that no draw
weighs without bound. The prior is normal in the scale that the caller chose. Knows no model.
Example: `draws(mean, deviation, log_likelihood, seed=0)[:, 0].mean()`
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

Array = NDArray[np.float64]
TRIED, ROUNDS, FREEDOM = 3000, 3, 5.0
PRIOR_SHARE = 0.2
WIDER = 1.3  # of the deviation of the draws that the next round proposes


def draws(
    mean: ArrayLike,
    deviation: ArrayLike,
    log_likelihood: Callable[[Array], Array],
    *,
    n: int = 512,
    seed: int = 0,
) -> Array:
    """[n, P] of the posterior; `log_likelihood` takes [N, P] and gives [N]."""
    rng = np.random.default_rng(seed)
    middle, wide = (np.asarray(a, dtype=np.float64) for a in (mean, deviation))
    z = rng.normal(size=(TRIED, len(middle)))
    log_weight = _finite(log_likelihood(middle + wide * z))
    for _ in range(ROUNDS):
        weight = _normal(log_weight)
        centre = weight @ z
        away = z - centre
        spread = (away * weight[:, None]).T @ away + 1e-8 * np.eye(len(middle))
        root: Array = np.asarray(np.linalg.cholesky(spread) * WIDER, dtype=np.float64)
        z = _proposed(rng, centre, root)
        seen: Array = _finite(log_likelihood(middle + wide * z))
        log_weight = seen + _log_normal(z) - _log_proposal(z, centre, root)
    return np.asarray(middle + wide * z[_systematic(rng, _normal(log_weight), n)])


def _proposed(rng: np.random.Generator, centre: Array, root: Array) -> Array:
    p = len(centre)
    far = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, size=(TRIED, 1)))
    near = centre + (rng.normal(size=(TRIED, p)) * far) @ root.T
    prior = rng.normal(size=(TRIED, p))
    return np.where(rng.random((TRIED, 1)) < PRIOR_SHARE, prior, near)


def _log_proposal(z: Array, centre: Array, root: Array) -> Array:
    p = len(centre)
    scaled = np.linalg.solve(root, (z - centre).T)
    log_t = (
        float(gammaln((FREEDOM + p) / 2) - gammaln(FREEDOM / 2))
        - p / 2 * np.log(FREEDOM * np.pi)
        - np.log(np.diag(root)).sum()
        - (FREEDOM + p) / 2 * np.log1p((scaled**2).sum(axis=0) / FREEDOM)
    )
    return np.asarray(
        np.logaddexp(np.log(1 - PRIOR_SHARE) + log_t, np.log(PRIOR_SHARE) + _log_normal(z))
    )


def _log_normal(z: Array) -> Array:
    return np.asarray(-0.5 * (z**2).sum(axis=1) - z.shape[1] / 2 * np.log(2 * np.pi))


def _finite(log: Array) -> Array:
    return np.where(np.isfinite(log), log, -1e300)


def _normal(log: Array) -> Array:
    weight = np.exp(log - log.max())
    return np.asarray(weight / weight.sum())


def _systematic(rng: np.random.Generator, weight: Array, n: int) -> NDArray[np.int64]:
    """n indices, each as often as it weighs, in a random order."""
    at = np.searchsorted(np.cumsum(weight), (rng.random() + np.arange(n)) / n)
    return rng.permutation(np.minimum(at, len(weight) - 1))

"""What a difference in one thing does to another, pooled over experiments that know neither exactly.

A meta-regression through the origin with errors in x and y and a variance between experiments: true
differences are normal about zero, so that what is left of x is its regression calibration (Carroll, Ruppert,
Stefanski & Crainiceanu 2006, "Measurement error in nonlinear models", ch. 4), and slopes are normal given the
variances, which are integrated out on a grid (Higgins, Thompson & Spiegelhalter 2009, "A re-evaluation of
random-effects meta-analysis"; half-normal for the deviation between experiments as in Gelman 2006). Knows no
conversion. Example: `pooled([[1.0]], [[0.1]], [0.02], [0.01], prior=[(0.0, 0.02)], between=0.05).slopes[0].low`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from steelyard.interval import Interval

Array = NDArray[np.float64]
_TAUS, _OMEGAS = 17, 8  # points of the grids
_ROUNDS = 15  # of weights that depend on slopes


@dataclass(frozen=True)
class Pooled:
    """`slopes`, one a column of x, n being the experiments; `told` is how much of the prior's variance
    they took away, 0 to 1; `between` the deviation between experiments."""

    slopes: tuple[Interval, ...]
    told: tuple[float, ...]
    between: float


def pooled(
    x: ArrayLike,
    x_error: ArrayLike,
    y: ArrayLike,
    y_error: ArrayLike,
    *,
    prior: Sequence[tuple[float, float]],
    between: float,
    confidence: float = 0.95,
) -> Pooled:
    """x and its standard errors [n, p], y and its [n]; `prior` is (mean, deviation) of each slope, and
    `between` the scale of the half-normal prior of the deviation between experiments. Without an
    experiment (n = 0) the slopes are their prior."""
    p = len(prior)
    seen, error = (np.asarray(a, dtype=np.float64).reshape(-1, p) for a in (x, x_error))
    out, noise = (np.asarray(a, dtype=np.float64).reshape(-1) for a in (y, y_error))
    means, deviations = (np.asarray(each, dtype=np.float64) for each in zip(*prior, strict=True))
    grid = _Grid.of(seen, error, between)
    slopes, precision, log_weight = _given(grid, seen, error, out, noise, means, deviations)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    inverse = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    variance = np.diagonal(inverse, axis1=1, axis2=2)
    middle = weight @ slopes
    total = weight @ (variance + slopes**2) - middle**2
    tail = (1 - confidence) / 2
    made = [
        Interval(
            float(middle[k]),
            _quantile(slopes[:, k], variance[:, k], weight, tail),
            _quantile(slopes[:, k], variance[:, k], weight, 1 - tail),
            len(out),
        )
        for k in range(p)
    ]
    told = np.clip(1 - total / deviations**2, 0.0, 1.0)
    return Pooled(tuple(made), tuple(map(float, told)), float(weight @ grid.tau))


@dataclass(frozen=True)
class _Grid:
    """Deviations between experiments [g] and of true differences [g, p], with their log weights [g]."""

    tau: Array
    omega: Array
    log_weight: Array

    @classmethod
    def of(cls, seen: Array, error: Array, between: float) -> _Grid:
        p = seen.shape[1]
        tau = np.linspace(0.0, 4.0, _TAUS) * between
        axes, logs = [tau], [-0.5 * (tau / between) ** 2]
        for k in range(p):
            omega, log = _spread_of(seen[:, k], error[:, k])
            axes.append(omega)
            logs.append(log)
        places = [a.reshape(-1) for a in np.meshgrid(*axes, indexing="ij")]
        weights = sum(a.reshape(-1) for a in np.meshgrid(*logs, indexing="ij"))
        return cls(places[0], np.stack(places[1:], axis=-1), np.asarray(weights))


def _spread_of(seen: Array, error: Array) -> tuple[Array, Array]:
    """Deviations that true differences may have by what was seen of them, with log weights. Evenly in the
    variance: evenly in its logarithm, small ones would weigh so much that slopes come out too steep."""
    if not len(seen):
        return np.ones(1), np.zeros(1)
    largest = float(np.sqrt(np.mean(seen**2 + error**2))) or 1.0
    omega = np.geomspace(0.2, 2.5, _OMEGAS) * largest
    variance = omega[:, None] ** 2 + error**2
    log = -0.5 * (np.log(variance) + seen**2 / variance).sum(axis=-1)
    return omega, log + 2 * np.log(omega)


def _given(
    grid: _Grid,
    seen: Array,
    error: Array,
    out: Array,
    noise: Array,
    means: Array,
    deviations: Array,
) -> tuple[Array, Array, Array]:
    """Slopes [g, p], their precision [g, p, p] and the log weight [g] at every place of the grid."""
    true = grid.omega[:, :, None] * _alike(seen, error) * grid.omega[:, None, :]  # [g, p, p]
    own = error[:, :, None] ** 2 * np.eye(seen.shape[1])  # [n, p, p]
    kept = np.swapaxes(
        np.linalg.solve(true[:, None] + own, np.broadcast_to(true[:, None], _by(grid, own))), -1, -2
    )
    x = np.einsum("gnpq,nq->gnp", kept, seen)
    rest = true[:, None] - kept @ true[:, None]
    prior = np.diag(deviations**-2.0)
    slopes = np.broadcast_to(means, grid.omega.shape)
    base = grid.tau[:, None] ** 2 + noise**2
    for _ in range(_ROUNDS):
        variance = base + np.einsum("gp,gnpq,gq->gn", slopes, rest, slopes)
        weighted = x / variance[..., None]
        precision = np.einsum("gnp,gnq->gpq", weighted, x) + prior
        right = np.einsum("gnp,n->gp", weighted, out) + prior @ means
        slopes = np.linalg.solve(precision, right[..., None])[..., 0]
    misfit = out - (x * slopes[:, None, :]).sum(axis=-1)
    log = -0.5 * (np.log(variance) + misfit**2 / variance).sum(axis=-1)
    log -= 0.5 * (((slopes - means) / deviations) ** 2).sum(axis=-1)
    log -= 0.5 * np.linalg.slogdet(precision)[1]
    return slopes, precision, log + grid.log_weight


def _by(grid: _Grid, own: Array) -> tuple[int, ...]:
    return (len(grid.tau), *own.shape)


def _alike(seen: Array, error: Array) -> Array:
    """How true differences in several things go together [p, p]: a variant that is better is often slower
    too, and an error in one of them would be told of the other. Few experiments say little of it."""
    n, p = seen.shape
    if not n:
        return np.eye(p)
    own = np.maximum((seen**2 - error**2).mean(axis=0), 0.1 * (seen**2).mean(axis=0)) + 1e-300
    together = np.clip(seen.T @ seen / n / np.sqrt(np.outer(own, own)), -0.9, 0.9) * n / (n + 2)
    return np.where(np.eye(p, dtype=bool), 1.0, together)


def _quantile(means: Array, variances: Array, weight: Array, share: float) -> float:
    """Of a mixture of normals, by bisection."""
    deviations = np.sqrt(variances)
    low = float((means - 9 * deviations).min())
    high = float((means + 9 * deviations).max())
    for _ in range(60):
        middle = (low + high) / 2
        below = weight @ ndtr((middle - means) / deviations)
        low, high = (middle, high) if below < share else (low, middle)
    return (low + high) / 2

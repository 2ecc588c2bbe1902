"""What it would be worth to know something better before deciding. Knows no company.

Conditional on what a look tells, each division is worth the regression of its profit on the parameters (Strong,
Oakley & Brennan 2014, "Estimating multiparameter partial expected value of perfect information"); a look of
finite size moves that less, by the share of the variance that it takes away (moment matching: Heath, Manolopoulou
& Baio 2018). Example: `expected_value_of_sample(profit, parameters, told=0.5)`
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]


def expected_value_of_sample(
    profit: Array, parameters: Array, *, told: Array | float = 1.0
) -> float:
    """Money that the best division after the look is worth above the best of now.

    `profit` [M, D] of each draw and division, `parameters` [M, P] those that the look tells of, `told` the share
    of the variance of each [P] that it takes away: 1.0 is perfect information. Never below zero.
    """
    if profit.ndim != 2 or parameters.ndim != 2 or len(profit) != len(parameters):
        raise ValueError("expected draws in rows: profit [M, D], parameters [M, P]")
    share = np.broadcast_to(np.asarray(told, dtype=np.float64), parameters.shape[1:])
    if np.any(share < 0) or np.any(share > 1):
        raise ValueError("expected shares of the variance from 0 to 1")
    if not all(np.isfinite(a).all() for a in (profit, parameters, share)):
        raise ValueError("expected finite numbers in profit, parameters and what is told")
    moved = parameters.std(axis=0) > 0
    if not moved.any() or not share.any():
        return 0.0
    normal = (parameters - parameters.mean(axis=0))[:, moved] / parameters.std(axis=0)[moved]
    basis = _quadratic(normal)
    weights, *_ = np.linalg.lstsq(basis, profit, rcond=None)
    # after the look beliefs are spread by what it tells: the same curve, met nearer to its middle
    nearer = normal * np.sqrt(share[moved])
    after = _smoothed(nearer, 1 - share[moved]) @ weights
    before = after.mean(axis=0)
    return max(0.0, float(after.max(axis=1).mean() - before.max()))


def _quadratic(x: Array) -> Array:
    """[1, x, squares and products]."""
    pairs = [x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i, x.shape[1])]
    return np.column_stack([np.ones(len(x)), x, *pairs])


def _smoothed(x: Array, left: Array) -> Array:
    """The basis, expected over what the look leaves open: a square is that of the middle plus the variance."""
    pairs = [
        x[:, i] * x[:, j] + (left[i] if i == j else 0.0)
        for i in range(x.shape[1])
        for j in range(i, x.shape[1])
    ]
    return np.column_stack([np.ones(len(x)), x, *pairs])


def two_actions(gain: float, error: float, look: float) -> float:
    """The same, exactly, for two actions whose difference is normal: believed `gain` with a deviation of `error`,
    before a look whose own is `look`."""
    if not error >= 0 or not look >= 0:
        raise ValueError("expected deviations that are not negative")
    if error == 0:
        return 0.0
    moves = error * (error / math.hypot(error, look))  # deviation of the belief after the look
    if moves == 0:
        return 0.0
    u = abs(gain) / moves
    density = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
    return moves * (density - u * float(ndtr(-u)))

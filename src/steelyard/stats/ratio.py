"""A ratio of two sums with the user as the unit: outcomes a request, revenue per order, and their lift.

Delta method (Deng, Knoblich & Lu 2018, "Applying the delta method in metric analytics"). Knows no
experiment. Example: `ratio_lift(([1.0, 0.0, 3.0], 1.0), ([2.0, 0.0, 4.0], 1.0)).low`
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from steelyard.interval import Interval
from steelyard.stats.sequential import Sample

Arm = tuple[ArrayLike, ArrayLike]  # numerator and denominator of each user; 1 for a mean


def ratio_lift(control: Arm, treated: Arm, *, confidence: float = 0.95) -> Interval:
    """Ratio of the treated over that of the control, less one; ValueError where one is not above
    zero or an arm has fewer than two users."""
    (before, spread), (after, other) = _ratio(control), _ratio(treated)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * np.sqrt(spread + other)
    log = np.log(after / before)
    low, value, high = np.expm1([log - half, log, log + half])
    n = len(np.asarray(control[0])) + len(np.asarray(treated[0]))
    return Interval(float(value), float(low), float(high), n)


def ratio_sample(
    n: int, *, total: float, count: float, total2: float, count2: float, product: float
) -> Sample:
    """A ratio of two sums over `n` users, and the variance that one user adds to it.

    Of each user's numerator t and denominator c: the sums of t, c, t^2, c^2 and t c. What a user adds is
    (t - R c) / mean(c), so that many requests of one user count as what one user says.
    """
    if n == 0 or count <= 0:
        return Sample(0, 0.0, 0.0)
    ratio = total / count
    square = total2 - 2 * ratio * product + ratio**2 * count2
    return Sample(n, ratio, max(0.0, square / n) / (count / n) ** 2)


def _ratio(arm: Arm) -> tuple[float, float]:
    """The ratio, and the variance of its logarithm."""
    above = np.asarray(arm[0], dtype=np.float64)
    below = np.broadcast_to(np.asarray(arm[1], dtype=np.float64), above.shape)
    if len(above) < 2 or not above.mean() > 0 or not below.mean() > 0:
        raise ValueError("expected two users or more, and sums above zero")
    each = above / above.mean() - below / below.mean()
    return float(above.sum() / below.sum()), float(each.var(ddof=1) / len(each))

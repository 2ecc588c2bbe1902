"""A share of trials with its interval, as far from 0 and 1 as few trials leave it. Knows no trial.

Wilson (1927). Example: `wilson(1.0, 20, confidence=0.9).low` is 0.88
"""

from __future__ import annotations

from statistics import NormalDist

from steelyard.interval import Interval


def wilson(share: float, trials: int, *, confidence: float) -> Interval:
    """Of a share in [0, 1] of one trial or more."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = share + z * z / (2 * trials)
    spread = z * (share * (1 - share) / trials + z * z / (4 * trials * trials)) ** 0.5
    low, high = ((middle + sign * spread) / (1 + z * z / trials) for sign in (-1, 1))
    return Interval(share, max(0.0, low), min(1.0, high), trials)

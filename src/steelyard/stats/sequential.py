"""Intervals that stay valid however often one looks: asymptotic confidence sequences.

Knows no experiment. Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2021), "Time-uniform central
limit theory and asymptotic confidence sequences" (Annals of Statistics 52, 2024). They need no bound of
what is observed, only a variance and a little more, so money is read by them too (`bounded=False`).
Example: `difference(a, b, tuned_at=1000).low`, and `paired(sample, tuned_at=500)` where every unit was
seen by both arms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from steelyard.interval import Interval


@dataclass(frozen=True)
class Sample:
    """Sufficient statistics of one arm: n, mean, variance (per observation)."""

    n: int
    mean: float
    variance: float

    @classmethod
    def of(cls, values: ArrayLike) -> Sample:
        array = np.asarray(values, dtype=float)
        if array.size == 0:
            return cls(0, 0.0, 0.0)
        return cls(int(array.size), float(array.mean()), float(array.var()))


def radius(n: float, *, confidence: float, tuned_at: float) -> float:
    """Half width of the sequence in standard deviations of one observation (their
    sequence for a mean, with a normal mixture).

    `tuned_at` is the n where it is narrowest; it holds at every other n too.
    """
    if n <= 0:
        return math.inf
    alpha = 1 - confidence
    # their choice of rho, narrowest at `tuned_at`
    log = -2 * math.log(alpha)
    rho2 = (log + math.log(log) + 1) / max(1.0, tuned_at)
    return math.sqrt((n * rho2 + 1) / (n * n * rho2) * math.log((n * rho2 + 1) / alpha**2))


def difference(
    a: Sample, b: Sample, *, confidence: float = 0.95, tuned_at: int, bounded: bool = True
) -> Interval:
    """Always-valid interval of mean(b) - mean(a) for two independent arms.

    The variance of the difference enters as that of the pooled stream of n = a.n + b.n
    observations, as for an inverse-probability estimate at the observed shares. `bounded` observations
    lie in [0, 1]; others have any unit, and while none differs from another nothing is known.
    """
    n = a.n + b.n
    spread = _spread(a, b, bounded=bounded)
    if spread is None:
        return _interval(b.mean - a.mean if a.n and b.n else 0.0, math.inf, n)
    half = math.sqrt(sum(spread)) * radius(n, confidence=confidence, tuned_at=tuned_at)
    return _interval(b.mean - a.mean, half, n)


def lift(
    a: Sample, b: Sample, *, confidence: float = 0.95, tuned_at: int, bounded: bool = True
) -> Interval | None:
    """Always-valid interval of mean(b) / mean(a) - 1: every ratio r whose mean(b) - r mean(a) may be
    zero (Fieller 1954; the delta method is its first order). It holds zero just when `difference` does.
    None while mean(a) may be zero, so that a ratio may be anything."""
    spread = _spread(a, b, bounded=bounded)
    if spread is None:
        return None
    wide2 = radius(a.n + b.n, confidence=confidence, tuned_at=tuned_at) ** 2
    below, above = wide2 * spread[0], wide2 * spread[1]
    lead = a.mean**2 - below
    if a.mean <= 0 or lead <= 0:
        return None
    middle = a.mean * b.mean / lead
    half = math.sqrt(max(0.0, middle**2 - (b.mean**2 - above) / lead))
    return Interval(b.mean / a.mean - 1, middle - half - 1, middle + half - 1, a.n + b.n)


N_MAX = 10**9


def needed(
    a: Sample,
    b: Sample,
    gap: float,
    *,
    confidence: float = 0.95,
    tuned_at: int,
    bounded: bool = True,
) -> int | None:
    """Observations of both arms together at which the half width falls below `gap`, if shares and
    variances stay as they are; None where that takes more than 10^9, or nothing is known of them."""
    spread = _spread(a, b, bounded=bounded)
    if spread is None or gap <= 0:
        return None
    return _enough(math.sqrt(sum(spread)), gap, confidence=confidence, tuned_at=tuned_at)


def grown(n: int, times: float, *, confidence: float = 0.95, tuned_at: int) -> int | None:
    """Observations at which a half width is `times` of what it is at `n`, if the variance stays as it is; at
    least `n`, and None where that takes more than 10^9."""
    if n <= 0 or times <= 0:
        return None
    gap = times * radius(n, confidence=confidence, tuned_at=tuned_at)
    found = _enough(1.0, gap, confidence=confidence, tuned_at=tuned_at)
    return None if found is None else max(n, found)


def _enough(deviation: float, gap: float, *, confidence: float, tuned_at: int) -> int | None:
    def enough(n: int) -> bool:
        return deviation * radius(n, confidence=confidence, tuned_at=tuned_at) < gap

    low, high = 1, N_MAX
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _spread(a: Sample, b: Sample, *, bounded: bool) -> tuple[float, float] | None:
    """Variance that each arm adds to one observation of the pooled stream."""
    n = a.n + b.n
    if not (a.n and b.n):
        return None
    own = (_smoothed(a), _smoothed(b)) if bounded else (a.variance, b.variance)
    # A small arm without failures shows too little variance: with one user in ten in the canary
    # that alone made 7 to 15 % false alarms, so no arm counts less than the pooled variance.
    pooled = (a.n * own[0] + b.n * own[1]) / n
    if pooled <= 0:
        return None
    return n * max(own[0], pooled) / a.n, n * max(own[1], pooled) / b.n


# Where nearly all pairs agree and the few others point one way, the variance shows itself late: with
# one such observation instead of three, 6 % of the sequences missed where 2.5 % were promised.
_PAIRED_PRIOR = 3.0


def paired(
    differences: Sample, *, confidence: float = 0.95, tuned_at: int, widest: float = 1.0
) -> Interval:
    """Always-valid interval of the mean of one difference a unit, each in [-widest, widest].

    Their sequence for a mean, with a few observations of the widest spread a difference can have
    added to the variance. The units must be independent; what the two answers of one unit have
    in common cancels out.
    """
    n = differences.n
    if n == 0:
        return _interval(0.0, math.inf, 0)
    deviation = math.sqrt(_paired_variance(differences, widest))
    half = deviation * radius(n, confidence=confidence, tuned_at=tuned_at)
    return _interval(differences.mean, half, n)


def _paired_variance(differences: Sample, widest: float) -> float:
    n = differences.n
    return (differences.variance * n + _PAIRED_PRIOR * widest**2) / (n + 1)


# Right and wrong answers that each arm is thought to have seen before: where failures are rare, a
# small arm shows none for long, and its variance is found late. At a rate of .99 and shares of .05 to .2
# 8 to 12 % of the sequences missed with a half of one observation, up to 5 % with four, up to 4 % with eight.
_PRIOR = 8.0


def _smoothed(sample: Sample) -> float:
    """Variance of one observation in [0, 1] with half of the prior at each end; (s + 4) / (n + 8) of a rate."""
    n, before = sample.n, _PRIOR / 2
    mean = (sample.n * sample.mean + before) / (n + _PRIOR)
    square = (n * (sample.variance + sample.mean**2) + before) / (n + _PRIOR)
    return square - mean**2


def _interval(value: float, half: float, n: int) -> Interval:
    return Interval(value, value - half, value + half, n)

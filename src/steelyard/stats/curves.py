"""Learning curves: quality by number of labels, fitted, back-tested and widened. Knows no task.

Power law q(n) = a - b * n**-c (Hestness et al. 2017, eq. 1 with an irreducible term).
Example: `fit_curve([Point(250, .78, .02), Point(500, .81, .02), ...], seed=0).gain(2000, 5000)`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.interval import Interval

POINTS_MIN = 3
DRAWS = 200
SE_MIN = 1e-3
EXPONENTS = np.geomspace(0.05, 2.0, 160)  # where c is looked for
WIDENING_MIN, UNTESTED = 1.5, 2.0


@dataclass(frozen=True)
class Point:
    """Quality measured after training on `labels` labels, and its standard error."""

    labels: int
    quality: float
    se: float


@dataclass(frozen=True)
class LearningCurve:
    """Parameters [1 + draws, 3] (best fit first) and how much its intervals were widened."""

    parameters: NDArray[np.float64]
    widening: float
    points: tuple[Point, ...]

    def predict(self, labels: int, *, confidence: float = 0.9) -> Interval:
        """Quality expected at `labels`; the interval is that of the curve, not of one training."""
        return self._interval(_quality(self.parameters, labels), confidence)

    def gain(self, before: int, after: int, *, confidence: float = 0.9) -> Interval:
        """Quality added by going from `before` to `after` labels."""
        return self._interval(
            _quality(self.parameters, after) - _quality(self.parameters, before), confidence
        )

    def _interval(self, values: NDArray[np.float64], confidence: float) -> Interval:
        tail = (1 - confidence) / 2
        low, high = np.quantile(values, [tail, 1 - tail])
        best = float(values[0])
        n = len(self.points)
        return Interval(
            best,
            best - self.widening * max(0.0, best - float(low)),
            best + self.widening * max(0.0, float(high) - best),
            n,
        )


def fit_curve(points: Sequence[Point], *, seed: int) -> LearningCurve:
    """Best fit, parametric bootstrap from the points' errors, and the widening of its back-test.

    ValueError below three points.
    """
    if len({p.labels for p in points}) < POINTS_MIN:
        raise ValueError(f"expected at least {POINTS_MIN} different numbers of labels")
    ordered = tuple(sorted(points, key=lambda p: p.labels))
    return LearningCurve(_draws(ordered, seed), back_test(ordered, seed=seed), ordered)


def back_test(points: Sequence[Point], *, seed: int) -> float:
    """Factor that makes the curve without its last point cover that point, between 1.5 and 10.

    The floor is there because one covered point proves little: uncorrected 90 % intervals were
    seen to cover less than that. With too few points to leave one out the factor is 2.
    """
    if len(points) <= POINTS_MIN:
        return UNTESTED
    *earlier, last = points
    naive = LearningCurve(_draws(tuple(earlier), seed), 1.0, tuple(earlier))
    guess = naive.predict(last.labels)
    miss = abs(last.quality - guess.value)
    reach = guess.high - guess.value if last.quality > guess.value else guess.value - guess.low
    return float(np.clip(miss / max(reach + last.se, SE_MIN), WIDENING_MIN, 10.0))


def _draws(points: tuple[Point, ...], seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    n = np.array([p.labels for p in points], dtype=float)
    q = np.array([p.quality for p in points])
    se = np.maximum([p.se for p in points], SE_MIN)
    return _fit(n, np.vstack([q, q + rng.normal(0, se, (DRAWS, len(q)))]), se)


def _fit(
    n: NDArray[np.float64], q: NDArray[np.float64], se: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weighted least squares of each row: n [P], q [D, P], se [P] -> a, b, c [D, 3].

    Given c the curve is linear in a and b, so every c of the grid is solved and the best kept.
    """
    # b may be negative: a curve that falls is a fact, not an error.
    weight = se**-2 / np.sum(se**-2)
    x = (n / n.min()) ** -EXPONENTS[:, None]  # [C, P]
    away = x - (x @ weight)[:, None]
    b = np.clip(-(q * weight) @ away.T / (away**2 @ weight), -1.0, 2.0)  # [D, C]
    a = (q @ weight)[:, None] + b * (x @ weight)
    # no quality is above one: where a would be, it is one and b is fitted alone
    alone = np.clip(((1 - q) * weight) @ x.T / (x**2 @ weight), -1.0, 2.0)
    a, b = np.minimum(a, 1.0), np.where(a > 1, alone, b)
    error = ((a[..., None] - b[..., None] * x - q[:, None]) ** 2) @ weight
    best = error.argmin(axis=1)
    rows = np.arange(len(q))
    c = EXPONENTS[best]
    return np.stack([a[rows, best], b[rows, best] * n.min() ** c, c], axis=1)


def _quality(parameters: NDArray[np.float64], labels: int) -> NDArray[np.float64]:
    a, b, c = parameters.T
    return np.asarray(a - b * float(labels) ** -c)

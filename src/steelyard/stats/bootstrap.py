"""Bootstrap intervals of any statistic, of many at once, and of paired differences.

Knows no task. Percentile intervals (Efron & Tibshirani 1993, section 13.3).
Example: `bootstrap(lambda rows: float(right[rows].mean()), len(right), seed=0).low`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
_ONE = "value"


@dataclass(frozen=True)
class Interval:
    """A number, the interval it was found in, and how many observations it rests on."""

    value: float
    low: float
    high: float
    n: int


def bootstrap(
    statistic: Callable[[Rows], float], n: int, *, repeats: int = 1000,
    confidence: float = 0.95, seed: int,
) -> Interval:  # fmt: skip
    """Interval of a statistic of row indices [n]."""
    many = bootstrap_many(
        lambda rows: {_ONE: statistic(rows)}, n, repeats=repeats, confidence=confidence, seed=seed
    )
    return many[_ONE]


def bootstrap_many(
    statistic: Callable[[Rows], dict[str, float]], n: int, *, repeats: int = 1000,
    confidence: float = 0.95, seed: int,
) -> dict[str, Interval]:  # fmt: skip
    """The same resamples for every named statistic; ValueError without observations."""
    if n < 1:
        raise ValueError("expected at least one observation, found none")
    rng = np.random.default_rng(seed)
    value = statistic(np.arange(n))
    draws = [statistic(rng.integers(0, n, n)) for _ in range(repeats)]
    tail = (1 - confidence) / 2
    found = {}
    for name, point in value.items():
        low, high = np.quantile([d[name] for d in draws], [tail, 1 - tail])
        found[name] = Interval(float(point), float(low), float(high), n)
    return found


def paired_difference(
    before: Callable[[Rows], float], after: Callable[[Rows], float], n: int, **settings: Any
) -> Interval:
    """`after` minus `before` on the same resamples: what both share cancels out."""
    return bootstrap(lambda rows: after(rows) - before(rows), n, **settings)

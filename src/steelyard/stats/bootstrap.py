"""Bootstrap intervals of whatever can be computed from sums: of many metrics at once, and paired.

Knows no task. Each record gives one row of counts, and a metric is a function of their sum; so a
resample is a row of weights, and a thousand of them one product of matrices. Percentile intervals
(Efron & Tibshirani 1993, section 13.3), moved by twice the bias that resampling shows where it shows one
(section 10.3): a mean of ratios of small sums, as macro-F1 is, comes out too low in a sample and lower still in a
resample of it. Example: `bootstrap(right, seed=0).low`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.interval import Interval

Counts = Any  # [n, S], dense or sparse: one row a record
Metrics = Callable[[NDArray[np.float64]], Mapping[str, NDArray[np.float64]]]  # [..., S] -> [...]
BLOCK = 2**22  # weights at once
BIASED = 3.0  # standard errors of the mean of resamples: a nearer one is what their number leaves
ROUNDING = 1e-12


def bootstrap(
    values: ArrayLike, *, repeats: int = 1000, confidence: float = 0.95, seed: int
) -> Interval:
    """Interval of the mean of `values` [n]."""
    column = np.asarray(values, dtype=np.float64).reshape(-1, 1)
    n = len(column)
    intervals = bootstrap_sums(
        column,
        lambda sums: {"mean": sums[..., 0] / n},
        repeats=repeats,
        confidence=confidence,
        seed=seed,
    )
    return intervals["mean"]


def bootstrap_kinds(
    values: ArrayLike,
    counts: ArrayLike,
    *,
    repeats: int = 1000,
    confidence: float = 0.95,
    seed: int,
) -> Interval:
    """Interval of a mean of which only the distinct values [k] are known and how often each was
    seen [k]: the same resamples, drawn as counts. ValueError without observations."""
    value, seen = np.asarray(values, dtype=np.float64), np.asarray(counts, dtype=np.int64)
    n = int(seen.sum())
    if n < 1:
        raise ValueError("expected at least one observation, found none")
    drawn = np.random.default_rng(seed).multinomial(n, seen / n, size=repeats) @ value / n
    return _interval(float(seen @ value / n), drawn, n, confidence)


def bootstrap_sums(
    counts: Counts, metrics: Metrics, *, repeats: int = 1000, confidence: float = 0.95, seed: int
) -> dict[str, Interval]:
    """An interval of every metric, all on the same resamples; ValueError without observations."""
    n = _rows(counts)
    drawn = metrics(_sums(counts, n, repeats, seed))
    return {
        name: _interval(float(value), drawn[name], n, confidence)
        for name, value in metrics(_total(counts)).items()
    }


def paired_sums(
    before: Counts,
    after: Counts,
    metrics: Metrics,
    *,
    repeats: int = 1000,
    confidence: float = 0.95,
    seed: int,
) -> dict[str, Interval]:
    """`after` minus `before` in every metric, of the same records in the same resamples: what both
    share cancels out."""
    n = _rows(before)
    if _rows(after) != n:
        raise ValueError(f"expected the same {n} records, found {_rows(after)}")
    old, new = (metrics(_sums(counts, n, repeats, seed)) for counts in (before, after))
    value = {name: v - metrics(_total(before))[name] for name, v in metrics(_total(after)).items()}
    return {
        name: _interval(float(point), new[name] - old[name], n, confidence)
        for name, point in value.items()
    }


def _rows(counts: Counts) -> int:
    n = int(counts.shape[0])
    if n < 1:
        raise ValueError("expected at least one observation, found none")
    return n


def _total(counts: Counts) -> NDArray[np.float64]:
    return np.asarray(counts.sum(axis=0), dtype=np.float64).reshape(-1)


def _sums(counts: Counts, n: int, repeats: int, seed: int) -> NDArray[np.float64]:
    """Sums of each resample, [repeats, S]."""
    turned = counts.T
    return np.concatenate([np.asarray(turned @ w.T).T for w in _weights(n, repeats, seed)])


def _weights(n: int, repeats: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each record is drawn, [some, n] at a time."""
    rng = np.random.default_rng(seed)
    at_once = max(1, min(repeats, BLOCK // n))
    for start in range(0, repeats, at_once):
        some = min(at_once, repeats - start)
        yield np.stack(
            [
                np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)
                for _ in range(some)
            ]
        )


def _interval(value: float, draws: ArrayLike, n: int, confidence: float) -> Interval:
    drawn, tail = np.asarray(draws, dtype=np.float64), (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    # The estimate is off by about as much as its resamples are off from it, so these are off twice.
    bias = float(drawn.mean()) - value
    if abs(bias) > BIASED * float(drawn.std()) / len(drawn) ** 0.5 + ROUNDING:
        low, high = low - 2 * bias, high - 2 * bias
    return Interval(value, float(low), float(high), n)

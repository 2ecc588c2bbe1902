"""The mean of a profit and the mean of its worst draws, weighed by caution, with a gradient. Knows no money.

The worst share is CVaR (Rockafellar & Uryasev 2000, "Optimization of conditional value-at-risk", eq. 9) with
its corner rounded, so that a solver can tell when it stands at the top.
Example: `Risk(caution=0.25).of(profit)[1] @ gradients`
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]
CAUTION = 0.25
WORST = 0.10  # share of the draws that are the worst
ROUNDED = 0.05  # of the deviation of the draws: how wide the rounded corner is
STEPS_MAX = 100


@dataclass(frozen=True)
class Risk:
    """`caution` 0 looks at the mean alone, 1 at the worst share alone. `scale` is what one deviation of the profit
    is about, in its unit: it rounds the corner and has to stay as it is while a solver runs."""

    caution: float = CAUTION
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.caution <= 1 or not self.scale > 0:
            raise ValueError("expected a caution from 0 to 1 and a scale above 0")

    def of(self, profit: Array) -> tuple[float, Array]:
        """(1 - caution) x mean + caution x mean of the worst, its corner rounded, and what each draw counts in the
        gradient [M], which adds up to 1."""
        mean, even = float(profit.mean()), np.full(len(profit), 1 / len(profit))
        if not self.caution:
            return mean, even
        at = threshold(profit, WORST, self._width)
        below = (at - profit) / self._width
        excess = float(np.logaddexp(0.0, below).mean()) * self._width
        tail = expit(below)
        value = (1 - self.caution) * mean + self.caution * (at - excess / WORST)
        return value, (1 - self.caution) * even + self.caution * tail / tail.sum()

    @property
    def _width(self) -> float:
        return ROUNDED * self.scale


def worst(profit: Array, share: float = WORST) -> float:
    """Mean of the worst share of the draws, as it is told: no corner is rounded."""
    n = max(1, round(share * len(profit)))
    return float(np.partition(profit, n - 1)[:n].mean())


def threshold(values: Array, share: float, width: float) -> float:
    """Where a share of the draws [M] lies below, each counted softly over `width`: Newton's steps, halved where they
    leave what is known to hold it."""
    low, high = float(values.min()) - 40 * width, float(values.max()) + 40 * width
    at = float(np.quantile(values, share))
    for _ in range(STEPS_MAX):
        below = expit((at - values) / width)
        over = float(below.mean()) - share
        low, high = (low, at) if over > 0 else (at, high)
        slope = float((below * (1 - below)).mean()) / width
        step = at - over / slope if slope > 0 else low
        step = step if low < step < high else (low + high) / 2
        if abs(step - at) <= 1e-12 * max(1.0, abs(at)):
            return step
        at = step
    return at

"""One point of a learning curve: training leaves it, and the plan reads it. Knows no training.

Example: `CurvePoint(labels=160, quality=0.8, low=0.75, high=0.85, n=100).mean`
"""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.tasks.valuation import KindCount


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """Quality and mean utility after `labels` labels, over `n` records of the hold-out; `low` and
    `high` are the interval of `utility`."""

    labels: int
    quality: float
    low: float
    high: float
    utility: float | None = None
    accuracy: float | None = None  # what stood for the utility before 0.4
    n: int
    kinds: list[KindCount] | None = None  # None before evaluations kept them

    @property
    def mean(self) -> float:
        """Of what answers were worth."""
        return float(self.accuracy or 0.0) if self.utility is None else self.utility

"""One measured variant, and how much worse or better than its parent it answers. Knows no choice.

Example: `Candidate("a1", "int8", 0.86, 0.85, 0.87, 2.1, 9.0, 120.0, 0.2).figure("p95_ms", "macro_f1") == 9.0`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steelyard.stats.shrink import Shrunk

TAKEN = ("p95_ms", "memory_mb", "cost_per_1000")  # goals of what a variant takes
# What a compressed variant is likely to lose, before a truth is seen, as a share of what it changed: answers
# that change are those at the border, which were right nearly as often as they become so. Money goes by what is
# likely; a limit is a promise, so it trusts less that this loss is like others.
LIKELY, ABOUT, ABOUT_FOR_A_LIMIT = -0.1, 0.02, 0.2
INTERVAL = 3.92  # standard errors in an interval of 95 %


@dataclass(frozen=True)
class Gap:
    """A variant minus its parent on the same `n` records, with standard errors: in the task's quality, and
    in the mean worth of answers as a share of the range of `tasks.valuation`. `moved` is the mean of what
    the worth of an answer changed by, up or down."""

    quality: float
    quality_error: float
    worth: float
    worth_error: float
    moved: float
    n: int

    @property
    def likely_quality(self) -> Shrunk:
        # in the quality's own unit: what is noise in one is noise in the other
        unit = self.quality_error / self.worth_error
        return _likely(self.quality, self.quality_error, self.moved * unit, about=ABOUT_FOR_A_LIMIT)

    @property
    def likely_worth(self) -> float:
        return _likely(self.worth, self.worth_error, self.moved, about=ABOUT).value


def _likely(seen: float, error: float, moved: float, *, about: float) -> Shrunk:
    from steelyard.stats.shrink import shrunk  # heavy; commands that only read rows know it not

    return shrunk(seen, error, mean=LIKELY * moved, scale=about * moved)


@dataclass(frozen=True)
class Candidate:
    """One measured variant. `quality` is the task's, `cost_per_1000` in the product's money. `gap` is None
    for the parent, for what computes the same, and in a ledger of before 0.4."""

    variant: str
    name: str
    quality: float
    low: float
    high: float
    cpu_ms: float
    p95_ms: float
    memory_mb: float
    cost_per_1000: float
    metrics: Mapping[str, float] = field(default_factory=dict)  # every one of the task
    few: tuple[str, ...] = ()  # classes with too few examples for an interval; it holds for any
    gap: Gap | None = None
    errors: Mapping[str, float] = field(default_factory=dict)  # standard ones, of metrics

    def figure(self, goal: str, metric: str) -> float | None:
        """What a goal is compared with; None for what was not measured."""
        if goal in TAKEN:
            return float(getattr(self, goal))
        return self.metrics.get(goal, self.quality if goal == metric else None)

    def error(self, goal: str, metric: str) -> float | None:
        """The standard error of that figure; None for what is no metric of quality."""
        if goal in TAKEN:
            return None
        return self.errors.get(goal, (self.high - self.low) / INTERVAL if goal == metric else None)

    @property
    def moved(self) -> float:
        """The share of worth that its answers changed by, up or down, against the parent's."""
        return self.gap.moved if self.gap else 0.0

    @property
    def worth_lost(self) -> float:
        """The share of worth that an answer of it loses, as far as is known; negative where it gains."""
        return -self.gap.likely_worth if self.gap else 0.0

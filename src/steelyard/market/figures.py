"""A figure of money: its interval, whether it was measured, and which rows it rests on. Knows no formula.

Example: `Figure(0.002, "measured", 400, lines={"account": "cpu.serve", "variant": "3f2a"})`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from steelyard.interval import Interval

Evidence = Literal["measured", "extrapolated", "assumed"]


@dataclass(frozen=True)
class Figure:
    """`n` is how many observations it rests on; `lines` are what `steelyard ledger lines` takes to show the
    very lines or imported rows, `also` the same for what it rests on beside them, `events` how many rows, answers or
    experiments of a kind they are."""

    value: float
    evidence: Evidence
    n: int = 0
    low: float | None = None
    high: float | None = None
    lines: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    also: tuple[Mapping[str, str], ...] | None = None

    @property
    def rows(self) -> list[dict[str, str]]:
        """Everything that `steelyard ledger lines` takes for it, one after the other."""
        return [dict(one) for one in (self.lines, *(self.also or ())) if one]

    @classmethod
    def of(cls, interval: Interval, evidence: Evidence, **rests_on: Any) -> Figure:
        """With the interval of an estimate."""
        return cls(interval.value, evidence, interval.n, interval.low, interval.high, **rests_on)

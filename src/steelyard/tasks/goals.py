"""Goals of a product file as limits: what must be reached, which way, and what is missed. Knows no store.

Example: `[l.goal for l in limits(goals, task.known) if l.missed(figures.get(l.goal))]`
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from steelyard.plugins import near
from steelyard.spec.model import Goals


@dataclass(frozen=True)
class Metric:
    """A metric of a task: whether less of it is better (an error), and what it can be."""

    less: bool = False
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Limit:
    """One goal: the least that a figure must be, or the most."""

    goal: str
    value: float
    ceiling: bool

    def missed(self, found: float | None) -> bool:
        """A figure that was never measured is not judged."""
        if found is None:
            return False
        return found > self.value if self.ceiling else found < self.value


def limits(goals: Goals, known: Mapping[str, Metric]) -> list[Limit]:
    """Every goal that is asked, those of quality first."""
    found = [Limit(name, least, known[name].less if name in known else False) for name, least in goals.quality.items()]  # fmt: skip
    served = {name: value for name, value in goals.model_dump().items() if name != "quality"}
    return found + [Limit(name, most, True) for name, most in served.items() if most is not None]


def problems(goals: Goals, known: Mapping[str, Metric], task: str) -> list[str]:
    """What is wrong with the goals of quality, a line each, as `goals.quality.NAME: ...`."""
    found = []
    for name, value in goals.quality.items():
        metric = known.get(name)
        if metric is None:
            hint = near(name, known)
            expected = f"a metric of {task}: {', '.join(sorted(known))}"
            found.append(f"goals.quality.{name}: expected {expected}, found '{name}'" + (f"; {hint}" if hint else ""))  # fmt: skip
        elif not metric.low <= value <= metric.high:
            most = f" and at most {metric.high:g}" if math.isfinite(metric.high) else ""
            found.append(f"goals.quality.{name}: expected at least {metric.low:g}{most}, found {value:g}")  # fmt: skip
    return found

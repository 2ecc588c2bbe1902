"""Goals of a product file as limits: what must be reached, which way, and what is missed. Knows no store.

Example: `[l.goal for l in limits(goals, errors_of(task.known)) if l.missed(figures.get(l.goal))]`
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.near import near
from steelyard.reason import Reason
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

    def missed(self, figure: float | None) -> bool:
        """A figure that was never measured is not judged."""
        if figure is None:
            return False
        return figure > self.value if self.ceiling else figure < self.value

    def reason(self, figure: float) -> Reason:
        """Why a figure that misses it does."""
        code = "goal.above" if self.ceiling else "goal.below"
        return Reason(code, {"goal": self.goal, "value": figure, "limit": self.value})


ERRORS = frozenset({"calibration_error"})  # of measures of before 0.4, which do not say it


def errors_of(known: Mapping[str, Metric]) -> frozenset[str]:
    """Names of the metrics of which less is better."""
    return frozenset(name for name, metric in known.items() if metric.less)


def errors_among(measures: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """The same of what was measured, without asking the task."""
    said = {name for name, m in measures.items() if (m.get("detail") or {}).get("less")}
    return ERRORS | said


def limits(goals: Goals, errors: Container[str]) -> list[Limit]:
    """Every goal that is asked, those of quality first; of `errors` less is better."""
    of_quality = [Limit(name, least, name in errors) for name, least in goals.quality.items()]
    served = {name: value for name, value in goals.model_dump().items() if name != "quality"}
    return of_quality + [
        Limit(name, most, True) for name, most in served.items() if most is not None
    ]


def problems(goals: Goals, known: Mapping[str, Metric], task: str) -> dict[str, str]:
    """What is wrong with the goals of quality, by the metric that each names."""
    wrong = {}
    for name, value in goals.quality.items():
        metric = known.get(name)
        if metric is None:
            hint = near(name, known)
            expected = f"a metric of {task}: {', '.join(sorted(known))}"
            wrong[name] = f"expected {expected}, found '{name}'" + (f"; {hint}" if hint else "")
        elif not metric.low <= value <= metric.high:
            most = f" and at most {metric.high:g}" if math.isfinite(metric.high) else ""
            wrong[name] = f"expected at least {metric.low:g}{most}, found {value:g}"
    return wrong

"""Which goals a measured variant misses, by how much, in both languages. Knows no store.

Example: `misses({"macro_f1": {"value": 0.41}}, goals)[0].en == "macro_f1 0.41 is below the goal 0.5"`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.spec.model import Goals

# A goal that is a ceiling, with its name in Chinese and its unit; every other one is a floor.
CEILINGS = {"p95_ms": ("p95", "p95", " ms"), "memory_mb": ("memory", "内存", " MB"), "cost_per_1000": ("cost per 1,000", "每千次成本", "")}  # fmt: skip


@dataclass(frozen=True)
class Miss:
    """One goal that is missed: `code` is `goal.below` or `goal.above`."""

    code: str
    goal: str
    value: float
    limit: float
    en: str
    zh: str


def misses(measures: Mapping[str, Mapping[str, Any]], goals: Goals) -> list[Miss]:
    """Newest measures by name -> the goals they miss; a goal that was never measured is not judged."""
    found = []
    for goal, limit in goals.model_dump().items():
        if limit is None or goal not in measures:
            continue
        value, ceiling = float(measures[goal]["value"]), CEILINGS.get(goal)
        if ceiling is None and value < limit:
            shown = apart(value, limit)
            found.append(Miss("goal.below", goal, value, limit, f"{goal} {shown} is below the goal {limit:g}", f"{goal} {shown} 低于目标 {limit:g}"))  # fmt: skip
        elif ceiling is not None and value > limit:
            name, name_zh, unit = ceiling
            shown = apart(value, limit) + unit
            found.append(Miss("goal.above", goal, value, limit, f"{name} {shown} is above the goal {limit:g}", f"{name_zh} {shown} 高于目标 {limit:g}"))  # fmt: skip
    return found


def apart(value: float, limit: float) -> str:
    """`value` in as many digits as tell it from `limit`: 20 is never above the goal 20."""
    for digits in range(4, 17):
        if float(f"{value:.{digits}g}") != float(f"{limit:g}"):
            return f"{value:.{digits}g}"
    return repr(value)

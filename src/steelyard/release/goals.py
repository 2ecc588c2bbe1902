"""Which goals a measured variant misses, by how much, in both languages. Knows no store.

Example: `misses({"macro_f1": {"value": 0.41}}, goals)[0].en == "macro_f1 0.41 is below the goal 0.5"`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.goals import errors_among, limits
from steelyard.spec.model import Goals

# Goals of what a variant takes, by their names in a sentence and their units.
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
    for limit in limits(goals, errors_among(measures)):
        value = float(measures[limit.goal]["value"]) if limit.goal in measures else None
        if value is None or not limit.missed(value):
            continue
        name, name_zh, unit = CEILINGS.get(limit.goal, (limit.goal, limit.goal, ""))
        shown, goal = apart(value, limit.value) + unit, f"{limit.value:g}"
        where, where_zh = ("above", "高于") if limit.ceiling else ("below", "低于")
        found.append(Miss(
            f"goal.{where}", limit.goal, value, limit.value,
            f"{name} {shown} is {where} the goal {goal}", f"{name_zh} {shown} {where_zh}目标 {goal}",
        ))  # fmt: skip
    return found


def apart(value: float, limit: float) -> str:
    """`value` in as many digits as tell it from `limit`: 20 is never above the goal 20."""
    for digits in range(4, 17):
        if float(f"{value:.{digits}g}") != float(f"{limit:g}"):
            return f"{value:.{digits}g}"
    return repr(value)

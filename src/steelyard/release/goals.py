"""Which goals a measured variant misses, and by how much. Knows no store and no words.

Example: `misses({"macro_f1": {"value": 0.41}}, goals)[0].code == "goal.below"`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.goals import errors_among, limits
from steelyard.reason import Reason
from steelyard.spec.model import Goals


def misses(measures: Mapping[str, Mapping[str, Any]], goals: Goals) -> list[Reason]:
    """Newest measures by name -> the goals they miss; a goal that was never measured is not judged."""
    reasons = []
    for limit in limits(goals, errors_among(measures)):
        value = float(measures[limit.goal]["value"]) if limit.goal in measures else None
        if value is not None and limit.missed(value):
            reasons.append(limit.reason(value))
    return reasons

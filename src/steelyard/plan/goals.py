"""Whether a variant that misses a goal is still better there than the live one. Knows no ledger.

Example: `missed_by_less({"p95_ms": {"value": 65.0}}, {"p95_ms": {"value": 92.0}}, goals)[0].code == "goal.above"`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.goals import errors_among, limits
from steelyard.plan.facts import PlanFacts, Priced, Served
from steelyard.plan.outlook import SERVED_MIN
from steelyard.reason import Reason
from steelyard.spec.model import Goals

Measures = Mapping[str, Mapping[str, Any]]
AT_GOALS = frozenset({"goal.above", "goal.below"})
AROUND = frozenset({"goal.near", "variant.timed_busy", "several"})  # of reasons inside


def missed_by_less(measures: Measures, live: Measures, goals: Goals) -> tuple[Reason, ...]:
    """The goals that it misses; none where it misses none, or one that the live variant meets, misses by no more, or was
    never measured at."""
    missed = []
    for limit in limits(goals, errors_among(measures)):
        own, other = (_value(one, limit.goal) for one in (measures, live))
        if own is None or not limit.missed(own):
            continue
        if other is None or (own >= other if limit.ceiling else own <= other):
            return ()
        missed.append(limit.reason(own))
    return tuple(missed)


def _value(measures: Measures, goal: str) -> float | None:
    return float(measures[goal]["value"]) if goal in measures else None


def by_goals_alone(why: Reason) -> bool:
    """Whether nothing but goals speaks against a variant: one that is out for another reason, as a loss of quality that
    nobody allows, stays out."""
    if why.code in AT_GOALS:
        return True
    inside = [one for value in why.numbers.values() for one in _reasons(value)]
    return why.code in AROUND and bool(inside) and all(map(by_goals_alone, inside))


def _reasons(value: Any) -> list[Reason]:
    given = value if isinstance(value, tuple) else (value,)
    return [one for one in given if isinstance(one, Reason)]


def too_slow(facts: PlanFacts, other: Priced) -> bool:
    """Whether a variant breaks the goal of the p95, as it was measured or as it was served, and is no faster than the
    live one in that."""
    live = facts.live
    pairs = [(other.p95_ms, live.p95_ms), (_served(other.served), _served(live.served))]
    return any(_breaks(own, now, facts.p95_goal_ms) for own, now in pairs)


def _breaks(own: float | None, now: float | None, goal: float | None) -> bool:
    if own is None or goal is None or own <= goal:
        return False
    return now is None or own >= now


def _served(seen: Served | None) -> float | None:
    return None if seen is None or seen.n < SERVED_MIN else seen.p95_ms

"""The levers of another variant: as it was measured, and as it was served. Knows no ledger.

Example: `served(facts)[0].because`
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from steelyard.plan.doing import TRAINED, measure_again, try_variant
from steelyard.plan.facts import PlanFacts, Priced, Served
from steelyard.plan.goals import too_slow
from steelyard.plan.levers import ASSUMED, MEASURED, Lever, Option
from steelyard.plan.offers import Offer
from steelyard.plan.outlook import SERVED_MIN, Outlook
from steelyard.reason import Reason, together

SERVED_WITHIN = 1.25  # served figures this many times the predicted ones contradict a choice
# Serving that costs this share of the unit more or less is the same money, as for the chooser: a hair
# of it must not put the gain of another model's answers under its own name.
SAME_MONEY = 0.01


def own(facts: PlanFacts, other: Priced) -> bool:
    """Whether the chooser takes it when the file names no other: the trained one is always there,
    and the cheaper of the two is taken."""
    if other.misses:
        return False
    meet = (o for o in facts.alternatives if not o.misses)
    trained = next((o for o in meet if o.name == TRAINED), None)
    return (
        trained is None
        or trained.variant == other.variant
        or other.cost_per_1000 < trained.cost_per_1000
    )


def served(facts: PlanFacts) -> list[Option]:
    """The choice opened again, where what the live variant took in service contradicts it: it
    costs more than was measured, so that another may be cheaper, or it breaks the goal."""
    live, seen = facts.live, facts.live.served
    if seen is None or seen.n < SERVED_MIN:
        return []
    times = seen.cost_per_1000 / live.cost_per_1000 if live.cost_per_1000 > 0 else 1.0
    best = _as_served(facts, seen, times) if times > SERVED_WITHIN else None
    why = _slow(facts, seen)
    if best is not None:
        why.append(
            Reason("served.dear", {"live": live.name, "times": times, "because": best.because})
        )
    if not why:
        return []
    measured = best is not None and best.measured
    do = measure_again(facts)
    if best is not None and best.other is not None and measured:
        do = try_variant(facts, best.other.name, own=own(facts, best.other))
    net, low, high = (best.net, best.low, best.high) if best else (None, None, None)
    evidence = MEASURED if measured or best is None else ASSUMED
    return [
        Option(
            "served_variant", 0.0, net, net, low, high, evidence, together(why), do, reopens=True
        )
    ]


def _slow(facts: PlanFacts, seen: Served) -> list[Reason]:
    """That the live variant breaks the goal of its p95 in service, where it does."""
    live, goal = facts.live, facts.p95_goal_ms
    if goal is None or seen.p95_ms is None or seen.p95_ms <= goal:
        return []
    if live.p95_ms is None:
        return [Reason("served.slow", {"live": live.name, "p95_ms": seen.p95_ms, "goal_ms": goal})]
    return [
        Reason(
            "served.slower",
            {"live": live.name, "p95_ms": seen.p95_ms, "goal_ms": goal, "before_ms": live.p95_ms},
        )
    ]


@dataclass(frozen=True)
class _Saving:
    net: float
    low: float
    high: float
    because: Reason
    other: Priced | None = None
    measured: bool = False


def _as_served(facts: PlanFacts, seen: Served, times: float) -> _Saving | None:
    """The variant that would save most if its figures hold in service; None where none would."""
    savings = []
    for other in facts.alternatives:
        if other.variant == facts.live.variant or too_slow(facts, other):
            continue
        own = other.served if other.served is not None and other.served.n >= SERVED_MIN else None
        # Never served: between what was measured of it, and that with the live one's excess.
        dear = own.cost_per_1000 if own else other.cost_per_1000 * times
        cheap = own.cost_per_1000 if own else other.cost_per_1000
        lost = (facts.live.worth - other.worth) * facts.requests * facts.answer
        low, high = (
            (seen.cost_per_1000 - cost) * facts.requests / 1000 - lost for cost in (dear, cheap)
        )
        half = _spread(facts, other)
        code = "served.other_served" if own else "served.other_measured"
        because = Reason(code, {"other": other.name, "times": cheap / seen.cost_per_1000})
        if (seen.cost_per_1000 - cheap) * facts.requests / 1000 >= SAME_MONEY * facts.unit:
            savings.append(
                _Saving((low + high) / 2, low - half, high + half, because, other, own is not None)
            )
    hopeful = [saving for saving in savings if saving.high > 0]
    return max(hopeful, key=lambda saving: saving.net, default=None)


def instead(facts: PlanFacts, other: Priced) -> Reason:
    """What another variant would save and lose until the next turn, as both were measured."""
    live = facts.live
    return Reason(
        "another.instead",
        {
            "other": other.name,
            "live": live.name,
            "serving": (live.cost_per_1000 - other.cost_per_1000) * facts.requests / 1000,
            "answers": (other.worth - live.worth) * facts.requests * facts.answer,
            "currency": facts.currency,
            "requests": facts.requests,
        },
    )


def _spread(facts: PlanFacts, other: Priced) -> float:
    """Half an interval of the money between two accuracies, as if measured on different records:
    the same records make it narrower, an old live variant does not."""
    width = math.hypot(facts.live.high - facts.live.low, other.high - other.low)
    return width / 2 * facts.requests * facts.answer


def _respond_served(facts: PlanFacts, money: float) -> Sequence[Option]:
    return served(replace(facts, unit=money))


def _offer(outlook: Outlook) -> Offer:
    from steelyard.plan.menu import offer

    return offer(outlook)


ANOTHER = Lever("another_variant", offer=_offer)
AS_SERVED = Lever("served_variant", _respond_served)

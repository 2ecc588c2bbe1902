"""What another variant offers the split: its answers and what a request costs, free of charge. Knows no ledger.

Example: `offer(Outlook.of(facts)).menu[0].step.name`
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import Driver, Move, Step
from steelyard.plan.doing import try_variant
from steelyard.plan.facts import PlanFacts, Priced
from steelyard.plan.goals import too_slow
from steelyard.plan.levers import MEASURED
from steelyard.plan.offers import Offer, OfferedStep
from steelyard.plan.outlook import HALF_95, Outlook, normal
from steelyard.plan.variants import instead, own
from steelyard.reason import Reason
from steelyard.stats.shrink import shrunk

Array = NDArray[np.float64]
# Of variants of one training, and of others: how much their answers usually differ in worth, before any is measured.
ALIKE, OTHERS = 0.002, 0.05


def offer(outlook: Outlook) -> Offer:
    """Each variant that meets the goals, or misses them by less than the live one, which is none; none while a canary is
    open, whose experiment another one would end."""
    facts = outlook.facts
    if facts.canary is not None:
        return Offer()
    others = [
        one
        for one in facts.alternatives
        if one.variant != facts.live.variant and not too_slow(facts, one)
    ]
    return Offer(menu=[_offered(outlook, other) for other in others])


def _offered(outlook: Outlook, other: Priced) -> OfferedStep:
    facts = outlook.facts
    quality = difference(facts, other)
    cost = math.log(max(other.cost_per_1000, 1e-12) / max(facts.live.cost_per_1000, 1e-12))
    always = outlook.ramp()
    step = Step(
        other.name,
        "technology",
        [
            _steady("quality", quality, always),
            _steady("serving", np.full(len(quality), cost), always),
        ],
    )
    made = facts.baseline is None or other.variant != facts.baseline.variant
    do = try_variant(facts, other.name, own=made and own(facts, other))
    because = instead(facts, other)
    if other.misses:
        because = Reason(
            "another.misses_less", {"why": because, "live": facts.live.name, "missed": other.misses}
        )
    return OfferedStep(step, MEASURED, because, do)


def difference(facts: PlanFacts, other: Priced) -> Array:
    """[M] worth of another's answers above the live one's, drawn to none as far as noise goes: the best of several
    noisy measures nearly always looks a little better than it is."""
    live = facts.live
    if {live.variant, other.variant} <= facts.paired.keys():
        (a, a_error), (b, b_error) = facts.paired[other.variant], facts.paired[live.variant]
        seen, error, scale = a - b, math.hypot(a_error, b_error), ALIKE
    else:
        seen, scale = other.worth - live.worth, OTHERS
        error = math.hypot(other.high - other.low, live.high - live.low) / (2 * HALF_95)
    likely = shrunk(seen, max(error, 1e-6), mean=0.0, scale=scale)
    variance = likely.weights @ (likely.deviations**2 + (likely.means - likely.value) ** 2)
    return np.asarray(likely.value + math.sqrt(variance) * normal(f"variant {other.name}"))


def _steady(driver: Driver, values: Array, ramp: Array) -> Move:
    none = np.zeros(len(values))
    return Move(driver, lambda _: (values, none), ramp)

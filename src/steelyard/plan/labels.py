"""The lever of labels: what more of them return, read from the learning curve. Knows no ledger.

Example: `labels(facts).net`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from steelyard.plan.doing import buy_labels
from steelyard.plan.facts import PlanFacts
from steelyard.plan.levers import ASSUMED, EXTRAPOLATED, MEASURED, Lever, Option
from steelyard.plan.offers import Offer
from steelyard.plan.outlook import Outlook
from steelyard.reason import Reason

PROBE = 0.1  # share of the money for a first experiment


def respond(facts: PlanFacts, money: float) -> Sequence[Option]:
    return [labels(replace(facts, unit=money))]


def labels(facts: PlanFacts) -> Option:
    """More labels: gain read from the learning curve, never more than the pool still holds."""
    room = max(0, facts.labels_pool - facts.labels_bought)
    left = Decimal(str(facts.unit)) - Decimal(str(facts.retrain_cost))  # the unit pays for both
    price = Decimal(str(facts.label_price))
    affordable = int(left / price) if price else (room if left >= 0 else 0)
    more = max(0, min(room, affordable))
    if facts.curve is None or more == 0:
        if more == 0:  # known: no money goes in and nothing comes out
            why = Reason("labels.none_left" if room == 0 else "labels.too_dear")
            return Option("labels", 0.0, 0.0, 0.0, 0.0, 0.0, MEASURED, why)
        return Option("labels", 0.0, None, None, None, None, ASSUMED, Reason("labels.no_curve"))
    spend = more * facts.label_price + facts.retrain_cost
    # at the level of the variants' intervals, since the two are compared
    gain = facts.curve.gain(facts.labels_bought, facts.labels_bought + more, confidence=0.95)
    worth = facts.requests * facts.answer
    # what the model must first make good is no gain to users, who are answered by the live variant
    value = (gain.value - facts.behind) * worth
    low, high = sorted((g - facts.behind) * worth for g in (gain.low, gain.high))
    total = facts.labels_bought + more
    why = gain_reason(facts, more, total, spend, (gain.value, gain.low, gain.high))
    if facts.behind > 0:
        why = Reason(
            "labels.gain_behind", {"gain": why, "behind": facts.behind, "live": facts.live.name}
        )
    if facts.curve.misfit is not None:
        why = Reason("labels.misfit", {"gain": why, "misfit": facts.curve.misfit})
    return Option(
        "labels",
        spend,
        value,
        value - spend,
        low - spend,
        high - spend,
        EXTRAPOLATED,
        why,
        buy_labels(facts, total, money=spend),
        part=_part(facts),
    )


def gain_reason(
    facts: PlanFacts, more: int, total: int, spend: float, gain: tuple[float, float, float]
) -> Reason:
    if facts.measure == "accuracy":
        return Reason(
            "labels.gain",
            {
                "more": more,
                "total": total,
                "spend": spend,
                "currency": facts.currency,
                "gain": gain,
            },
        )
    return Reason(
        "labels.gain_of",
        {
            "more": more,
            "total": total,
            "spend": spend,
            "currency": facts.currency,
            "measure": facts.measure,
            "gain": gain,
        },
    )


def _part(facts: PlanFacts) -> Reason | None:
    """Labels for a share of the unit: the next curve has one more measured point."""
    price = facts.label_price
    if price <= 0:
        return None
    room = max(0, facts.labels_pool - facts.labels_bought)
    more = min(room, max(1, int(facts.unit * PROBE / price)))
    return buy_labels(facts, facts.labels_bought + more, money=more * price)


def _offer(outlook: Outlook) -> Offer:
    from steelyard.plan.more_labels import offer

    return offer(outlook)


LEVER = Lever("labels", respond, offer=_offer)

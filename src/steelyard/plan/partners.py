"""The lever of partners: a larger share of what they bring, where a share that changed showed what one does. Knows no ledger.

Conversions after a change over those before, beside everybody else's over the same days, which have the same season. Example:
`offer(Outlook.of(facts)).menu[0].step.name`
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import Move, Step
from steelyard.plan.levers import ASSUMED, EXTRAPOLATED, Lever
from steelyard.plan.market import Change, Shared
from steelyard.plan.offers import Offer, OfferedStep
from steelyard.plan.outlook import Outlook, middle, normal
from steelyard.reason import Reason
from steelyard.words import both

Array = NDArray[np.float64]
LEAST = 20  # conversions on either side: with fewer the ratio says nothing
FARTHER = 0.5  # of a change that was seen: so much farther in its direction
SHARE_MAX = 0.95


def offer(outlook: Outlook) -> Offer:
    """A step for each partner whose share changed; of the others why there is none."""
    facts, market = outlook.facts, outlook.facts.market
    partners = () if market is None else market.partners
    if market is None or not partners:
        return Offer(on_request=[Reason("partners.none", {"file": facts.file})])
    if market.worth is None:
        return Offer(unknown=[Reason("partners.no_worth", {"partners": _names(partners)})])
    told = [one for one in partners if one.change is not None and _tells(one.change)]
    untold = [one for one in partners if one not in told]
    unknown = [
        Reason("partners.never_changed", {"partners": _names(untold), "file": facts.file})
    ] * bool(untold)
    told = [one for one in told if one.share < SHARE_MAX]
    return Offer(
        menu=[_more(outlook, one, one.change) for one in told if one.change], unknown=unknown
    )


def _names(partners: Sequence[Shared]) -> tuple[str, ...]:
    return tuple(one.name for one in partners)


def _tells(change: Change) -> bool:
    return min(change.own) >= LEAST


def _compared(change: Change) -> bool:
    """Whether there are others to compare with: without them a season looks like an effect."""
    return min(change.others) >= LEAST


def lift(change: Change) -> tuple[float, float]:
    """The logarithm by which conversions changed with the share, and its standard error."""
    before, after = change.own
    value, variance = math.log(after / before), 1 / before + 1 / after
    if _compared(change):
        value -= math.log(change.others[1] / change.others[0])
        variance += 1 / change.others[0] + 1 / change.others[1]
    return value, math.sqrt(variance)


def _more(outlook: Outlook, one: Shared, change: Change) -> OfferedStep:
    """Farther in the direction in which more is paid, by half of what was seen; it is owed when it was earned."""
    facts, seen = outlook.facts, change.share[1] - change.share[0]
    share = min(SHARE_MAX, one.share + FARTHER * abs(seen))
    value, error = lift(change)
    drawn = (value + error * normal(f"partner {one.name}")) / seen * (share - one.share)
    more = one.won * facts.days * np.expm1(drawn)
    owed = share * one.value
    gained = more * (outlook.company.worth - owed)
    gained -= one.won * facts.days * (share - one.share) * one.value
    none = np.zeros(len(gained))
    months = np.clip(outlook.turn - np.arange(outlook.months), 0.0, 1.0)
    move = Move("money", lambda _: (gained, none), np.asarray(months / months.sum()))
    return OfferedStep(
        Step(f"share of {one.name}", "market", [move]),
        EXTRAPOLATED if _compared(change) else ASSUMED,
        Reason(
            "partners.brings",
            {
                "partner": one.name,
                "share": share,
                "now": one.share,
                "day": change.day,
                "before": change.share[0],
                "after": change.share[1],
                "days": change.days,
                "first": change.own[0],
                "then": change.own[1],
                "customers": middle(more),
            },
        ),
        Reason("do.share", {"file": facts.file, "partner": one.name, "share": share}),
        _called(one),
    )


def _called(one: Shared) -> tuple[str, str]:
    said = both(Reason("named.share", {"partner": one.name}))
    return said["en"], said["zh"]


LEVER = Lever("partners", offer=offer)

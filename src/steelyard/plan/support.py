"""The lever of support: how many leaving customers an hour would have to keep. Nothing booked says what it keeps. Knows no books.

Example: `offer(Outlook.of(facts)).unknown[0].numbers["keeps"]`
"""

from __future__ import annotations

from steelyard.plan.levers import Lever
from steelyard.plan.offers import Offer
from steelyard.plan.outlook import Outlook
from steelyard.reason import Reason


def offer(outlook: Outlook) -> Offer:
    """No place: the point from which on an hour pays, where hours have a price and customers are known to leave."""
    facts, price, market = outlook.facts, outlook.facts.around.hour_price, outlook.facts.market
    left = None if market is None else market.left
    if market is None or market.worth is None or left is None:
        return Offer(on_request=[Reason("support.not_booked", {"file": facts.file})])
    if price is None:
        return Offer(on_request=[Reason("support.no_price", {"file": facts.file})])
    worth = float(outlook.company.worth.mean()) * _within(outlook)
    if worth <= 0:
        return Offer(on_request=[Reason("support.worthless")])
    return Offer(
        unknown=[
            Reason(
                "support.pays",
                {
                    "price": price,
                    "currency": facts.currency,
                    "keeps": price / worth,
                    "left": left.value,
                    "worth": worth,
                },
            )
        ]
    )


def _within(outlook: Outlook) -> float:
    """Share of what a customer is worth that comes within the horizon: one who is kept is taken for a new one."""
    arrives = outlook.company.arrives
    return float(arrives[min(outlook.months, len(arrives)) - 1])


LEVER = Lever("support", offer=offer)

"""What the labels of replayed records cost: those that no purchase and no replay paid before.

Knows no HTTP. Example: `step.spend(REPLAYED, len(keys), "label", price, evidence=truths.keep(keys))`
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from steelyard.release.replay import Visit
from steelyard.spec import Money
from steelyard.store import Line, Step, Store
from steelyard.store.truths import REPLAYED, Truths


def afford(step: Step, visits: Sequence[Visit], price: Decimal) -> None:
    """OverBudget where the labels of all that may be sent would break a budget."""
    unpaid = Truths(step.store).unpaid(visit.key for visit in visits)
    step.afford(REPLAYED, len(unpaid), price)


def line(store: Store, visits: Sequence[Visit], price: Decimal) -> Line | None:
    """What the labels of records cost that were answered; None where each was paid before."""
    truths = Truths(store)
    keys = truths.unpaid(visit.key for visit in visits)
    if not keys:
        return None
    cost = Money.of(price * len(keys), store.currency)
    return Line(REPLAYED, len(keys), "label", -cost, truths.keep(keys))

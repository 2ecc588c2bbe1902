"""How past plans did, of the ledger and the books of the market together. Knows no command line and no page.

Example: `scores(store, product, outputs)[0]["held"]`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from steelyard.errors import Damaged
from steelyard.market.approved import approvals, sold_since, today, won_since
from steelyard.plan.brought import Brought
from steelyard.plan.now import planned
from steelyard.plan.score import Weigh, past_turns, scored
from steelyard.spec import ProductFile
from steelyard.store import Store

Outputs = Mapping[str, dict[str, Any]]


def scores(
    store: Store, product: ProductFile, outputs: Outputs, *, until: int | None = None
) -> list[dict[str, Any]]:
    """Rows of `turn`, `what`, `said` [value, low, high], `seen`, `held`, `counted` and `text`, oldest first; `outputs` are those of
    the turn that beliefs of now are of. Approvals that were changed afterwards are left out here: `steelyard plan score`
    and `steelyard ledger verify` name them."""
    try:
        brought = list(brought_by(store, product, until=until))
    except Damaged:
        brought = []
    return rows(store, product, outputs, brought, until=until)


def rows(
    store: Store,
    product: ProductFile,
    outputs: Outputs,
    brought: list[Brought],
    *,
    until: int | None = None,
) -> list[dict[str, Any]]:
    """The same of what approved amounts brought."""
    past = past_turns(store, product, until=until)

    def answers(first: str, last: str) -> int:
        return sum(store.use.of_variants(since=first, until=last).values())

    weigh = weigher(store, product, outputs) if planned(outputs) is not None else None
    return [row.to_json() for row in scored(past, answers=answers, brought=brought, now=weigh)]


def weigher(store: Store, product: ProductFile, outputs: Outputs) -> Weigh:
    """What is believed now of an amount of money; each amount is weighed once, and none before it is asked for."""
    from steelyard.plan.now import facts_now
    from steelyard.plan.outlook import Outlook
    from steelyard.plan.weigh import Weighed, weigh

    @cache
    def outlook() -> Outlook:
        return Outlook.of(facts_now(store, product, outputs))

    @cache
    def weighed(budget: float) -> Weighed:
        return weigh(outlook(), budget=budget)

    return weighed


def brought_by(
    store: Store, product: ProductFile, *, until: int | None = None
) -> Iterator[Brought]:
    """What approved amounts of channels brought, of those whose days are over; Damaged for an approval that was changed."""
    turn = None if until is None else store.turns.one(until)
    moment = None if turn is None else turn["ended"] or turn["started"]
    day = today(store, product) if moment is None else moment[:10]
    for one in approvals(store):
        if moment is not None and one.created > moment:
            continue
        for won in won_since(store, one, until=day):
            yield Brought(
                one.turn,
                won.channel,
                one.channels[won.channel],
                one.currency,
                one.days,
                one.customers[won.channel],
                won.since,
                won.before,
            )
        for sold in sold_since(store, one, until=day):
            yield Brought(
                one.turn,
                sold.channel,
                one.channels[sold.channel],
                one.currency,
                one.days,
                one.sales[sold.channel],
                sold.since,
                sold.before,
                "sales",
                sold.error,
            )

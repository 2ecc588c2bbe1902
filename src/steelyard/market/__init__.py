"""market: exports of ads, payments, visits and usage, read and booked; what the plan takes of them. Leaves events, lines and a market.

Knows no model and no server. Example: `book(store, product, read(sheet(path), mapping, **rest)).new`
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.market.left import Marketed
from steelyard.stage import Context, Expected, Forecast, Stage
from steelyard.store import Step


def _run(context: Context, step: Step) -> Marketed:
    from steelyard.market.beliefs import run

    return run(context.store, context.product)


def _anew(context: Context) -> Sequence[str]:
    """What was booked meanwhile counts, so each turn reads anew."""
    return [str(context.turn)]


def _summary(left: Marketed, *, ran: bool = True) -> str:
    market = left.market
    if left.damaged:
        return "left out: a fact of it was changed afterwards; see steelyard verify"
    if left.other_currency:
        return f"left out: its books are in {left.other_currency}"
    if market is None:
        return "nothing is booked of visits, customers or sales yet"
    parts = [f"{len(market.channels)} channel{'s' if len(market.channels) != 1 else ''}"]
    if market.conversion is not None:
        parts.append(f"{market.conversion.value:.2%} of visits become customers")
    if market.worth is not None:
        parts.append(f"a new customer is worth {market.worth.value:,.2f} {market.currency}")
    return ("simulated: " if market.simulated else "") + ", ".join(parts)


def _estimate(forecast: Forecast) -> Expected:
    return Expected()


STAGE = Stage(
    "market",
    _run,
    doing="reading the books of the market",
    reads=("market", "money.currency", "money.plans"),
    after=("replay", "curve"),
    also=_anew,
    output=Marketed,
    summary=_summary,
    estimate=_estimate,
)

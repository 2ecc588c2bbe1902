"""How the money becomes money: each link with its interval, whether it was measured, and the rows behind it. Knows no words.

Example: `chain(weighed)[0]["evidence"]`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import POINTS, Move, Place, Profits, Step
from steelyard.plan.levers import ASSUMED
from steelyard.plan.market import Figure
from steelyard.plan.outlook import middle
from steelyard.plan.weigh import Weighed
from steelyard.reason import Reason
from steelyard.words import spoken

Array = NDArray[np.float64]
Row = dict[str, Any]
EXACT: Mapping[str, Any] = {}


def chain(weighed: Weighed) -> list[Row]:
    """From what is bought to quality, from quality to customers, from both to money."""
    return [*_bought(weighed), *_customers(weighed), *_money(weighed)]


def _row(reason: Reason, evidence: str, rows: Mapping[str, Any] = EXACT) -> Row:
    return {**spoken("because", reason), "evidence": evidence, "rows": dict(rows)}


def _quality(weighed: Weighed) -> Array:
    """[M] by how much all that is done moves quality, at its height."""
    total = np.zeros(len(weighed.gain))
    money = dict(zip((p.name for p in weighed.split.places), weighed.split.amounts, strict=True))
    things: tuple[Place | Step, ...] = (*weighed.split.places, *weighed.split.steps)
    for thing in things:
        for move in thing.moves:
            if move.driver == "quality":
                total = total + _gain(move, float(money.get(thing.name, 0.0)))
    return total


def _gain(move: Move, money: float) -> Array:
    return np.asarray(move.gain(money)[0])


def _bought(weighed: Weighed) -> Iterator[Row]:
    facts = weighed.outlook.facts
    for one, x in zip(weighed.places, weighed.amounts, strict=True):
        if x != 0:
            rows: dict[str, Any] = dict(one.rows)
            figure = _channel(weighed, one.place.name)
            if figure is not None:
                rows = {**figure.lines, **figure.events}
            kept = _kept_of_sales(weighed, one.place.name)
            if kept is not None:
                rows = {**(figure.lines if figure is not None else {}), **kept.events}
            yield _row(one.told(float(x)), one.evidence, rows)
    quality = _quality(weighed)
    if quality.any():
        gain = middle(POINTS * quality)
        yield _row(
            Reason("chain.quality", {"gain": gain, "measure": facts.measure}), "extrapolated"
        )
    for one, x in zip(weighed.places, weighed.amounts, strict=True):
        if x > 0 and one.taken_for is not None:
            yield _row(one.taken_for, ASSUMED)


def _channel(weighed: Weighed, name: str) -> Figure | None:
    market = weighed.outlook.facts.market
    channels = market.channels if market is not None else ()
    return next((one.cost for one in channels if one.channel == name), None)


def _kept_of_sales(weighed: Weighed, name: str) -> Figure | None:
    """What is left of sales, where a channel's curve counts them."""
    market = weighed.outlook.facts.market
    of = [c.curve.of for c in market.channels if c.channel == name and c.curve] if market else []
    return market.kept_of_sales if market is not None and of == ["sales"] else None


def _customers(weighed: Weighed) -> Iterator[Row]:
    """What better answers do to conversion, and what a customer is worth."""
    facts, company, quality = weighed.outlook.facts, weighed.outlook.company, _quality(weighed)
    market = facts.market
    if market is None or market.worth is None:
        yield _row(Reason("chain.no_market"), "assumed")
        return
    slope = market.elasticity.get("conversion", {}).get("quality")
    if quality.any() and slope is not None:
        lift = np.expm1(POINTS * quality * company.quality_to_conversion)
        yield _row(Reason("chain.conversion", {"lift": middle(lift)}), slope.evidence, slope.events)
    if not quality.any() and not _brings_visits(weighed):
        return
    worth = Reason("chain.worth", {"worth": middle(company.worth), "currency": facts.currency})
    yield _row(worth, market.worth.evidence, market.worth.events)


def _brings_visits(weighed: Weighed) -> bool:
    """Whether any money goes where customers are counted, and not what they pay."""
    spent = zip(weighed.split.places, weighed.split.amounts, strict=True)
    return any(x != 0 and any(m.driver == "visits" for m in place.moves) for place, x in spent)


def _money(weighed: Weighed) -> Iterator[Row]:
    """The whole, and how much of it is only declared."""
    facts, company = weighed.outlook.facts, weighed.outlook.company
    without = replace(company, answer=0.0)
    made = weighed.split
    cash = Profits.of(without, made.places, made.amounts, made.steps).profit
    cash = cash - Profits.of(without, (), [], ()).profit
    declared = weighed.gain - cash
    whole = Reason(
        "chain.cash",
        {"cash": middle(cash), "currency": facts.currency, "months": weighed.outlook.months},
    )
    yield _row(whole, "extrapolated")
    if np.any(declared != 0):
        said = Reason("chain.declared", {"declared": middle(declared), "currency": facts.currency})
        yield _row(said, "assumed")

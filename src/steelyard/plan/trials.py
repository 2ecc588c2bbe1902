"""Looks that belong to no place: what quality does to conversion, and what a price does. Knows no books.

Example: `LEVER.offer(Outlook.of(facts)).looks[0].look.name`
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import POINTS, Move, Profits, Step
from steelyard.plan.levers import ASSUMED, Lever
from steelyard.plan.looks import Look
from steelyard.plan.offers import Offer, OfferedLook, OfferedStep
from steelyard.plan.outlook import DRAWS, MONTH, Outlook
from steelyard.reason import Reason

Array = NDArray[np.float64]
WEEKS = 8
# Points of quality between two variants, below which no number of visits tells them apart.
APART = 0.5
PRICES = {"dearer": 1.1, "cheaper": 0.9}


def offer(outlook: Outlook) -> Offer:
    """Nothing where no customers are booked."""
    market = outlook.facts.market
    if market is None or market.worth is None or market.customers is None:
        return Offer()
    return Offer(menu=list(_prices(outlook)), looks=[*_conversion(outlook), _price(outlook)])


def _won(outlook: Outlook) -> float:
    """Customers who are won while a test runs: they tell, not the visits."""
    market = outlook.facts.market
    assert market is not None
    assert market.customers is not None
    return max(1.0, market.customers.value * WEEKS * 7)


def _conversion(outlook: Outlook) -> Iterator[OfferedLook]:
    """Half of the users are answered by the variant that is farthest from the live one in quality."""
    facts, company = outlook.facts, outlook.company
    able = [one for one in facts.alternatives if not one.misses]
    others = [*able, *([] if facts.baseline is None else [facts.baseline])]
    other = max(others, key=lambda o: abs(o.worth - facts.live.worth), default=None)
    if other is None:
        return
    apart = POINTS * abs(other.worth - facts.live.worth)
    if apart < APART:
        return
    # the difference of two log odds, each of half of the customers
    error = 2 / math.sqrt(_won(outlook)) / apart
    lost = max(0.0, facts.live.worth - other.worth) / 2
    requests = float(company.requests.mean()) * WEEKS * 7 / MONTH
    look = Look(
        "test of conversion",
        "technology",
        company.quality_to_conversion,
        error,
        lost * requests * company.answer,
        WEEKS * 7 / MONTH,
    )
    yield OfferedLook(
        look,
        Reason("named.conversion"),
        Reason("look.conversion", {"points": apart, "weeks": WEEKS}),
        Reason("do.conversion_test", {"file": facts.file}),
    )


def _prices(outlook: Outlook) -> Iterator[OfferedStep]:
    none = np.zeros(DRAWS)
    for name, times in PRICES.items():
        moved = np.full(DRAWS, math.log(times)), none
        move = Move("price", partial(_whatever, moved), outlook.ramp())
        yield OfferedStep(
            Step(name, "market", [move]),
            ASSUMED,
            Reason("price.at", {"times": times}),
            Reason("do.price", {"times": times}),
        )


def _whatever(moved: tuple[Array, Array], money: float) -> tuple[Array, Array]:
    return moved


def _price(outlook: Outlook) -> OfferedLook:
    """Half of new visitors are asked another price: the one by which less is lost meanwhile, as far as is believed."""
    lost, times = min((_lost(outlook, times), times) for times in PRICES.values())
    error = 2 / math.sqrt(_won(outlook)) / abs(math.log(times))
    look = Look(
        "test of the price",
        "market",
        outlook.company.price_to_conversion,
        error,
        max(0.0, lost),
        WEEKS * 7 / MONTH,
    )
    return OfferedLook(
        look,
        Reason("named.price"),
        Reason("look.price", {"weeks": WEEKS, "times": times}),
        Reason("do.price_test", {"weeks": WEEKS, "times": times}),
        opens=tuple(PRICES),
    )


def _lost(outlook: Outlook, times: float) -> float:
    """Mean profit that half of the visitors of the test bring less at another price."""
    none = np.zeros(DRAWS)
    while_it_runs = 1 - outlook.ramp(WEEKS * 7)
    move = Move("price", lambda _: (np.full(DRAWS, math.log(times)), none), while_it_runs)
    asked = Profits.of(outlook.company, (), [], [Step("asked", "market", [move])]).profit
    return float((Profits.of(outlook.company, (), [], ()).profit - asked).mean()) / 2


LEVER = Lever("trials", offer=offer)

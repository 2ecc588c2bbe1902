"""Plans that somebody approved, kept as facts, and what their channels brought since. Knows no plan.

Example: `approvals(store)[-1].who`
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.market.customers import won_in
from steelyard.market.keeping import APPROVED, keep, kept
from steelyard.market.serving import Period
from steelyard.market.worth import Event, paid
from steelyard.spec import NANO, ProductFile
from steelyard.store import Store

Three = tuple[float, float, float]  # a number with its interval of 80 %


@dataclass(frozen=True)
class Approved:
    """Who took the plan of a turn for what the next one does: labels to have, money by channel, steps by name, and
    how many customers more each channel's money should bring until the next turn, in `days`, or how much should be left
    of sales that it brings."""

    turn: int
    who: str
    day: str
    labels: int | None
    channels: Mapping[str, float]
    steps: tuple[str, ...]
    customers: Mapping[str, Three]
    days: float
    currency: str
    created: str = ""
    sales: Mapping[str, Three] = field(default_factory=dict)


def approve(store: Store, one: Approved) -> str:
    """Its id; StoreError where the plan of that turn was approved otherwise before."""
    body = {
        "turn": one.turn,
        "who": one.who,
        "labels": one.labels,
        "channels": dict(one.channels),
        "steps": list(one.steps),
        "customers": {name: list(three) for name, three in one.customers.items()},
        "sales": {name: list(three) for name, three in one.sales.items()},
        "days": one.days,
        "currency": one.currency,
    }
    return keep(store, APPROVED, f"turn {one.turn}", day=one.day, channel="", body=body)


def approvals(store: Store) -> list[Approved]:
    """Oldest first; Damaged for one that was changed afterwards."""
    return [
        Approved(
            one.body["turn"],
            one.body["who"],
            one.day,
            one.body["labels"],
            one.body["channels"],
            tuple(one.body["steps"]),
            _threes(one.body["customers"]),
            one.body["days"],
            one.body["currency"],
            one.created,
            _threes(one.body.get("sales", {})),  # the first approvals have none
        )
        for one in kept(store, APPROVED)
    ]


def _threes(body: Mapping[str, Any]) -> dict[str, Three]:
    return {name: (value, low, high) for name, (value, low, high) in body.items()}


def today(store: Store, product: ProductFile) -> str:
    """The day where the product keeps its books."""
    zone = ZoneInfo(product.spec.market.time_zone)
    return datetime.fromisoformat(store.clock.now()).astimezone(zone).date().isoformat()


@dataclass(frozen=True)
class Won:
    """Customers of a channel since an approval, in the days that it was for, and in as many before."""

    channel: str
    since: int
    before: int


@dataclass(frozen=True)
class Sold:
    """What is left of a channel's sales in the same days, and by how much chance alone moves the difference."""

    channel: str
    since: float
    before: float
    error: float


def won_since(store: Store, one: Approved, *, until: str) -> list[Won]:
    """Of each channel, once all of the days are over and booked, and as many before; empty until then. It is no
    experiment: whatever else happened meanwhile is in it."""
    if not one.customers:
        return []
    listed, payments = store.events.of_kind("customers"), store.events.payments()
    found = _periods(one, [*listed, *payments], until)
    if found is None:
        return []
    before, since = (won_in(period, listed, payments) for period in found)
    return [Won(name, since.get(name, 0), before.get(name, 0)) for name in one.customers]


def sold_since(store: Store, one: Approved, *, until: str) -> list[Sold]:
    """The same of sales, less refunds and fees, of the channel that won the customer or that the sale names; none
    where no sale of these days names any channel."""
    if not one.sales:
        return []
    listed, payments = store.events.of_kind("customers"), store.events.payments()
    found = _periods(one, [*listed, *payments], until)
    if found is None:
        return []
    of = {event["customer"]: event["channel"] for event in listed if event["channel"]}
    before, since = ([e for e in payments if p.first <= e["day"] <= p.last] for p in found)
    named = [of.get(e["customer"]) or e["channel"] for e in (*before, *since)]
    if not any(named):
        return []
    return [_sold(name, of, before, since) for name in one.sales]


def _sold(
    channel: str, of: Mapping[str, str], before: Sequence[Event], since: Sequence[Event]
) -> Sold:
    """Each sale is one of a count that varies as such."""
    own = [
        [paid(e) - e["body"].get("fee_nano", 0) / NANO for e in events if _is_of(e, of, channel)]
        for events in (since, before)
    ]
    error = math.sqrt(sum(left**2 for part in own for left in part))
    return Sold(channel, sum(own[0]), sum(own[1]), error)


def _is_of(event: Event, of: Mapping[str, str], channel: str) -> bool:
    return (of.get(event["customer"]) or event["channel"]) == channel


def _periods(one: Approved, booked: Sequence[Event], until: str) -> tuple[Period, Period] | None:
    """As many days before the approval as it was for, and those; None while they are not over and booked."""
    days = max(1, round(one.days))
    first = date.fromisoformat(one.day) + timedelta(days=1)
    last, began = first + timedelta(days=days - 1), first - timedelta(days=days)
    said = sorted(str(event["day"]) for event in booked)
    if not said or last.isoformat() > min(until, said[-1]) or began.isoformat() < said[0]:
        return None
    yesterday = first - timedelta(days=1)
    before = Period(began.isoformat(), yesterday.isoformat())
    return before, Period(first.isoformat(), last.isoformat())

"""Plans that somebody approved, kept as facts, and what their channels brought since. Knows no plan.

Example: `approvals(store)[-1].who`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from steelyard.market.customers import won_in
from steelyard.market.keeping import APPROVED, keep, kept
from steelyard.market.serving import Period
from steelyard.spec import ProductFile
from steelyard.store import Store

Three = tuple[float, float, float]  # a number with its interval of 80 %


@dataclass(frozen=True)
class Approved:
    """Who took the plan of a turn for what the next one does: labels to have, money by channel, steps by name, and
    how many customers more each channel's money should bring until the next turn, in `days`."""

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


def approve(store: Store, one: Approved) -> str:
    """Its id; StoreError where the plan of that turn was approved otherwise before."""
    body = {
        "turn": one.turn,
        "who": one.who,
        "labels": one.labels,
        "channels": dict(one.channels),
        "steps": list(one.steps),
        "customers": {name: list(three) for name, three in one.customers.items()},
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
            {name: (v, low, high) for name, (v, low, high) in one.body["customers"].items()},
            one.body["days"],
            one.body["currency"],
            one.created,
        )
        for one in kept(store, APPROVED)
    ]


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


def won_since(store: Store, one: Approved, *, until: str) -> list[Won]:
    """Of each channel, once all of the days are over and booked, and as many before; empty until then. It is no
    experiment: whatever else happened meanwhile is in it."""
    days = max(1, round(one.days))
    first = date.fromisoformat(one.day) + timedelta(days=1)
    last, began = first + timedelta(days=days - 1), first - timedelta(days=days)
    listed, payments = store.events.of_kind("customers"), store.events.payments()
    booked = sorted(str(event["day"]) for event in (*listed, *payments))
    if not booked or last.isoformat() > min(until, booked[-1]) or began.isoformat() < booked[0]:
        return []
    after = won_in(Period(first.isoformat(), last.isoformat()), listed, payments)
    yesterday = first - timedelta(days=1)
    before = won_in(Period(began.isoformat(), yesterday.isoformat()), listed, payments)
    return [Won(name, after.get(name, 0), before.get(name, 0)) for name in one.customers]

"""What each real user of an experiment bought and cost within the days that count. Knows no decision.

A user is told of once his days are over, so that what he counts for does not change while one looks.
Example: `visitors(store, product, "3f2a", since=began)["canary"].converted.mean()`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from steelyard.release.evidence import ARMS
from steelyard.spec import NANO, ProductFile
from steelyard.store import CONVERSION, Store

Array = NDArray[np.float64]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Visitors:
    """Users of one arm, in the order in which they came; `waiting` are those whose days are not over.

    Of each: whether he converted (1 or 0, however often), money he paid less what he got back, that less
    fees and the CPU of his answers, and whether he asked again on a later day; `payers` is how many paid. Where
    payments are imported, a day is known once one of a later day is, and `until` is the last of them.
    """

    waiting: int
    converted: Array
    revenue: Array
    profit: Array
    returned: Array
    payers: int = 0
    until: str | None = None

    @property
    def n(self) -> int:
        return len(self.converted)


@dataclass
class _User:
    arm: str
    first: datetime
    cpu_s: float = 0.0
    converted: bool = False
    paid: bool = False
    nano: int = 0
    fees: int = 0
    returned: bool = False


def visitors(
    store: Store, product: ProductFile, experiment: str, *, since: str
) -> dict[str, Visitors]:
    """Arm -> its users since the two share them, those without an outcome too. A user belongs to the arm
    that answered first."""
    rule, market = product.spec.release, product.spec.market
    window, zone = timedelta(days=rule.metric_days), ZoneInfo(market.time_zone)
    users = _users(store, experiment, since, window, zone)
    if users:
        _bought(store, users, window, zone)
    over = datetime.fromisoformat(store.clock.now()) - window
    until = _known_until(store, product)
    price = float(product.spec.money.prices.cpu_hour) / 3600
    made = {}
    for arm in ARMS:
        own = [user for user in users.values() if user.arm == arm]
        ripe = [
            user
            for user in own
            if user.first <= over
            and (until is None or (user.first + window).astimezone(zone).date().isoformat() < until)
        ]
        income = np.array([user.nano for user in ripe], dtype=np.float64) / NANO
        fees = np.array([user.fees for user in ripe], dtype=np.float64) / NANO
        cpu_s = np.array([user.cpu_s for user in ripe], dtype=np.float64)
        made[arm] = Visitors(
            len(own) - len(ripe),
            np.array([user.converted for user in ripe], dtype=np.float64),
            income,
            income - fees - cpu_s * price,
            np.array([user.returned for user in ripe], dtype=np.float64),
            sum(user.paid for user in ripe),
            until,
        )
    return made


def _known_until(store: Store, product: ProductFile) -> str | None:
    """The last day of imported payments, before which a user without one did not pay; None where the server is
    told of what counts as it happens. Of a file that was not imported yet everybody would be a zero."""
    if product.spec.release.metric in product.spec.market.told:
        return None
    rows = store.events.sums(by=("kind",))
    return next((row["last"] for row in rows if row["kind"] == "sales"), "")


def _users(
    store: Store, experiment: str, since: str, window: timedelta, zone: ZoneInfo
) -> dict[str, _User]:
    users: dict[str, _User] = {}
    for row in store.answers.days_of_users(experiment, since=since):
        day = datetime.fromisoformat(row["first"])
        user = users.setdefault(row["user"], _User(row["arm"], day))
        if user.arm == row["arm"] and day.date() <= (user.first + window).date():
            user.cpu_s += row["cpu_s"]
            user.returned |= day.astimezone(zone).date() > user.first.astimezone(zone).date()
    return users


def _bought(store: Store, users: dict[str, _User], window: timedelta, zone: ZoneInfo) -> None:
    """Conversions and payments of each user within his days, by the time of the event, else by its day."""
    first = min(user.first for user in users.values()).astimezone(zone).date().isoformat()
    for told in store.events.of_kind(CONVERSION, since=first):
        user = users.get(told["customer"])
        if user is not None and _within(told, user.first, window, zone):
            user.converted = True
    for event, nano, fees in _paid(store, first):
        user = users.get(event["customer"])
        if user is not None and _within(event, user.first, window, zone):
            user.converted |= nano > 0
            user.paid |= nano > 0
            user.nano += nano
            user.fees += fees


def _paid(store: Store, first: str) -> Iterator[tuple[Row, int, int]]:
    """Each payment, what is left of it, and its fees; a refund that is a row of its own belongs to the
    payment that it names, whenever it came."""
    payments = store.events.payments(since=first)
    back: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for event in payments:
        if event["body"].get("order"):
            of = back[event["body"]["order"], event["body"].get("source", "")]
            of[0] += event["body"].get("refund_nano", 0)
            of[1] += event["body"].get("fee_nano", 0)
    for event in payments:
        body = event["body"]
        if body.get("order") or event["nano"] is None:
            continue
        refund, fee = back.get((body.get("id", ""), body.get("source", "")), (0, 0))
        nano = event["nano"] - body.get("refund_nano", 0) - refund
        yield event, nano, body.get("fee_nano", 0) + fee


def _within(event: Row, first: datetime, window: timedelta, zone: ZoneInfo) -> bool:
    at = datetime.fromisoformat(event["at"]) if event["at"] else None
    if at is not None and at.tzinfo is not None:
        return first <= at <= first + window
    last = first + window
    days = (one.astimezone(zone).date() for one in (first, last))
    return next(days) <= date.fromisoformat(event["day"]) <= next(days)

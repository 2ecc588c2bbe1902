"""What one more request, right answer, customer and channel costs and brings, each figure with what it rests on.

Opens no terminal. Example: `economics(load("product.yaml"))["variants"][0]["per_right"]["value"]`
"""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.errors import UserError
from steelyard.market.economics import DAYS, of_period
from steelyard.market.serving import Period
from steelyard.spec import ProductFile
from steelyard.store import Store


def economics(
    file: ProductFile, *, since: str = "", until: str = "", customers: int | None = None
) -> dict[str, Any]:
    """Of a period, the last 90 days where none is said; how customers stay is told from all that is booked.
    A figure that is not known says why. Of customers so many are told that leave most, all where no number is said."""
    if customers is not None and customers < 0:
        raise UserError("--customers", "a number of customers", str(customers))
    with closing(Store.open(file, create=False)) as store:
        now = datetime.fromisoformat(store.clock.now())
        today = now.astimezone(ZoneInfo(file.spec.market.time_zone)).date()
        period = _period(since, until, today)
        until = today.isoformat()
        facts = of_period(store, file.spec.money, period, today=until, shown=customers)
    return facts | {"simulated": file.spec.market.simulated}


def _period(since: str, until: str, today: date) -> Period:
    last = _day(until, "--to") or today
    first = _day(since, "--from") or last - timedelta(days=DAYS - 1)
    if first > last:
        raise UserError("--from", f"a day up to {last}", str(first))
    return Period(first.isoformat(), last.isoformat())


def _day(said: str, place: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise UserError(place, "a day such as 2026-01-31", repr(said)) from None

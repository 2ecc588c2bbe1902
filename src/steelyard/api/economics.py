"""What one more request, right answer, customer and channel costs and brings, each figure with what it rests on.

Opens no terminal. Example: `economics(load("product.yaml"))["variants"][0]["per_right"]["value"]`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.errors import UserError
from steelyard.market.customers import Customer, channels, customers, plans
from steelyard.market.figures import Figure
from steelyard.market.serving import BreakEven, Period, break_even, variants
from steelyard.market.worth import WEEKS, worth
from steelyard.reason import Reason
from steelyard.spec import NANO, ProductFile
from steelyard.store import Store
from steelyard.words import both

DAYS = 90  # looked back, where no first day is said
SHOWN = 10  # customers


def economics(file: ProductFile, *, since: str = "", until: str = "") -> dict[str, Any]:
    """Of a period, the last 90 days where none is said; how customers stay is told from all that is booked.
    A figure that is not known says why."""
    with closing(Store.open(file, create=False)) as store:
        now = datetime.fromisoformat(store.clock.now())
        today = now.astimezone(ZoneInfo(file.spec.market.time_zone)).date()
        period = _period(since, until, today)
        served = variants(store, period)
        own = customers(store, period, served)
        lasting = worth(store, today.isoformat(), own.share)
        even = break_even(store, file.spec.money, period, served)
        paying = plans(store, file.spec.money, period)
        won = channels(store, period, lasting, own.margin)
    return {
        "from": period.first,
        "to": period.last,
        "currency": file.spec.money.currency,
        "simulated": file.spec.market.simulated,
        "variants": [_told(asdict_of(one)) for one in served],
        "customers": {
            "paid": len(own.each),
            "margin": _told(own.margin),
            "margin_share": _told(own.share),
            "most": _most(own.each),
        },
        "plans": [_told(asdict_of(one)) for one in paying],
        "channels": [_told(asdict_of(one)) for one in won],
        "worth": {
            "model": lasting.model,
            "customers": lasting.customers,
            "weeks": WEEKS,
            "retention": _told(lasting.retention),
            "value": _told(lasting.value),
        },
        "break_even": _told(asdict_of(even) if isinstance(even, BreakEven) else even),
    }


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


def asdict_of(one: Any) -> dict[str, Any]:
    """The fields of a frozen dataclass as they are, figures and reasons too."""
    return dict(vars(one))


def _told(value: Any) -> Any:
    """As JSON: a figure with its evidence, or why there is none, in both languages."""
    if isinstance(value, Figure):
        return asdict(value)
    if isinstance(value, Reason):
        return {"value": None, "why": both(value), **value.to_json()}
    if isinstance(value, Mapping):
        return {name: _told(inner) for name, inner in value.items()}
    return value


def _most(each: Mapping[str, Customer]) -> list[dict[str, Any]]:
    """Those who leave most."""
    ordered: Iterable[tuple[str, Customer]] = sorted(each.items(), key=lambda one: -one[1].margin)
    return [
        {
            "customer": name,
            "income": one.income / NANO,
            "fees": one.fees / NANO,
            "serving": one.serving / NANO,
            "calls": one.calls / NANO,
            "requests": one.requests,
            "margin": one.margin / NANO,
        }
        for name, one in list(ordered)[:SHOWN]
    ]

"""The market as the report of a turn shows it: what is booked, what was kept of it, nothing fitted of the mix.

Example: `chapter(store, product)["economics"]["channels"][0]["cost"]["value"]`
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.errors import Damaged
from steelyard.market.economics import DAYS, of_period
from steelyard.market.keeping import MADE
from steelyard.market.moved import of_lines, said
from steelyard.market.serving import Period
from steelyard.market.telling import ALWAYS, told_fit, told_tests
from steelyard.market.weekly import weekly
from steelyard.spec import ProductFile
from steelyard.store import Store
from steelyard.store.budgets import Budgets


def chapter(store: Store, product: ProductFile, *, moment: str = "") -> dict[str, Any]:
    """As JSON, of the days up to that of a moment (left out: now), as they are booked now; tests and the fit are
    those that were kept by then. `damaged` says of kept facts that they were changed."""
    now = store.clock.now()
    zone, money = ZoneInfo(product.spec.market.time_zone), product.spec.money
    day = datetime.fromisoformat(moment or now).astimezone(zone).date()
    facts: dict[str, Any] = {
        "until": day.isoformat(),
        "booked_on": datetime.fromisoformat(now).astimezone(zone).date().isoformat(),
        "again": bool(moment),
        "currency": money.currency,
        "simulated": product.spec.market.simulated,
        "budgets": _budgets(store, product, moment or now),
        "booked": any(row["kind"] not in MADE for row in store.events.sums(until=day.isoformat())),
    }
    if not facts["booked"]:
        return facts
    first = (day - timedelta(days=DAYS - 1)).isoformat()
    until, kept_until = day.isoformat(), moment or ALWAYS
    tests, damaged = _unless_damaged(
        lambda: told_tests(store, today=day, currency=money.currency, until=kept_until)
    )
    fit, fit_damaged = _unless_damaged(lambda: told_fit(store, until=kept_until))
    return facts | {
        "weeks": weekly(store, until=until),
        "months": _months(store, day),
        "economics": of_period(store, money, Period(first, until), today=until, moment=kept_until),
        "tests": tests or [],
        "mix": fit,
        "damaged": damaged or fit_damaged,
    }


def _months(store: Store, until: date) -> list[dict[str, Any]]:
    """Cash and what is imputed, by month; none where all that was booked was taken back."""
    rows = store.ledger.parted("day", "account", until=until.isoformat())
    parts = of_lines([row for row in rows if row["day"]], "month")
    moved = {month: part for month, part in parts.items() if part.moved}
    return [{"month": month} | said(part) for month, part in sorted(moved.items())]


def _budgets(store: Store, product: ProductFile, moment: str) -> list[dict[str, Any]]:
    """Each budget in the month of a moment."""
    return [
        {
            "name": one.name,
            "month": one.month,
            "spent": str(one.spent),
            "a_month": str(one.limit),
            "share": one.spent.nano / one.limit.nano if one.limit.nano else 1.0,
            "alert": one.alert,
        }
        for one in Budgets(
            store.ledger,
            product.spec.money,
            lambda: moment,
            ZoneInfo(product.spec.market.time_zone),
        ).all()
    ]


def _unless_damaged(tell: Callable[[], Any]) -> tuple[Any, str | None]:
    """A turn has its report though somebody changed a fact of the market: the page says so."""
    try:
        return tell(), None
    except Damaged as error:
        return None, str(error)

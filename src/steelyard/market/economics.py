"""All figures of one more request, right answer, customer and channel together, as JSON. Knows no product file.

Example: `of_period(store, money, Period("2026-01-01", "2026-03-31"), today="2026-04-01")["worth"]["value"]`
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from steelyard.interval import Interval
from steelyard.market.customers import channels, customers, plans, won_in
from steelyard.market.elasticity import elasticities
from steelyard.market.figures import Figure
from steelyard.market.margins import Customer
from steelyard.market.serving import SERVE, BreakEven, Period, break_even, variants
from steelyard.market.telling import ALWAYS
from steelyard.market.worth import WEEKS, in_days, worth
from steelyard.reason import Reason
from steelyard.spec import NANO
from steelyard.spec.pricing import MoneySpec
from steelyard.store import Store
from steelyard.words import both

DAYS = 90  # looked back, where no first day is said
SHOWN = 10  # customers


def of_period(
    store: Store,
    money: MoneySpec,
    period: Period,
    *,
    today: str,
    moment: str = ALWAYS,
    shown: int | None = SHOWN,
) -> dict[str, Any]:
    """Of the days of a period; how customers stay is told from all that is booked up to `today`, and what
    moves conversion from the experiments that were decided up to a moment. So many customers are `shown`, or all."""
    served = variants(store, period)
    listed, payments = store.events.of_kind("customers"), store.events.payments()
    sales = in_days(payments, period.last, since=period.first)
    own = customers(store, period, served, sales)
    yearly = {
        name: float(plan.a_year / 12)
        for name, plan in money.plans.items()
        if plan.a_year is not None
    }
    lasting = worth(
        in_days(listed, today), in_days(payments, today), today, own.share, yearly=yearly
    )
    even = break_even(store, money, period, served)
    paying = plans(listed, sales, money, period)
    won = channels(store, period, lasting, own.margin, won_in(period, listed, payments))
    return {
        "from": period.first,
        "to": period.last,
        "currency": money.currency,
        "variants": [_told(_fields(one)) for one in served],
        "customers": {
            "paid": len(own.each),
            "margin": _told(own.margin),
            "margin_share": _told(own.share),
            "most": _most(own.each, period)[:shown],
        },
        "plans": [_told(_fields(one)) for one in paying],
        "channels": [_told(_fields(one)) for one in won],
        "worth": {
            "model": lasting.model,
            "customers": lasting.customers,
            "weeks": WEEKS,
            "retention": _told(lasting.retention),
            "value": _told(lasting.value),
            "by_month": _by_month(lasting.by_month),
            "survival": _by_month(lasting.survival),
        },
        "elasticity": _told(elasticities(store, until=moment)),
        "break_even": _told(_fields(even) if isinstance(even, BreakEven) else even),
    }


def _by_month(figures: Iterable[Interval]) -> list[dict[str, Any]]:
    """From the first day on, extrapolated; an end that is none is None, as JSON has it."""
    return [
        {"month": month, "value": one.value}
        | {
            end: at if math.isfinite(at) else None
            for end, at in (("low", one.low), ("high", one.high))
        }
        for month, one in enumerate(figures)
    ]


def _fields(one: Any) -> dict[str, Any]:
    """The fields of a frozen dataclass as they are, figures and reasons too."""
    return dict(vars(one))


def _told(value: Any) -> Any:
    """As JSON: a figure with its evidence, or why there is none, in both languages."""
    if isinstance(value, Figure):
        figure = asdict(value) | {"rows": value.rows}
        figure.pop("also")
        return figure
    if isinstance(value, Reason):
        return {"value": None, "why": both(value), **value.to_json()}
    if isinstance(value, Mapping):
        return {name: _told(inner) for name, inner in value.items()}
    return value


def _most(each: Mapping[str, Customer], period: Period) -> list[dict[str, Any]]:
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
            "evidence": "measured",
            "rows": [
                {"customer": name, **period.days},
                *([{"account": SERVE, **period.days}] if one.requests else []),
            ],
        }
        for name, one in ordered
    ]

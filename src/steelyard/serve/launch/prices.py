"""What is sold, as the launch page shows it: the prices of `money.plans` with the words of `market.page`.

Knows no HTML. Example: `sold(page, money)[0].prices == ((Decimal(199), "month"),)`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from steelyard.spec.launch import Page, Said
from steelyard.spec.pricing import MoneySpec, Paid

CENT = Decimal("0.01")
# field of a plan -> what the price is for, a key of `words.PER`
_PER = {"a_month": "month", "a_year": "year", "a_user_month": "user_month", "once": "once"}


@dataclass(frozen=True)
class Sold:
    """A plan: its prices, each with what it is for (none: it is free), and the requests a month in it."""

    name: Said
    prices: tuple[tuple[Decimal, str], ...]
    includes: tuple[Said, ...]
    requests: int | None


def sold(page: Page, money: MoneySpec) -> tuple[Sold, ...]:
    """The plans that the page shows, in its order."""
    return tuple(
        Sold(
            plan.name, tuple(_prices(money.plans[name])), plan.includes, money.plans[name].requests
        )
        for name, plan in page.plans.items()
    )


def _prices(paid: Paid) -> Iterator[tuple[Decimal, str]]:
    for field, per in _PER.items():
        price = getattr(paid, field)
        if price:
            yield price, per
    if paid.a_request:
        small = paid.a_request < CENT  # nobody reads 0.0045
        yield (1000 * paid.a_request, "1000_requests") if small else (paid.a_request, "request")

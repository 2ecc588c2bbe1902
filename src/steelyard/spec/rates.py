"""Amounts of other currencies in the one that the books are kept in, at the rate of their day.

Knows no ledger. Example: `Rates(money).of(Decimal("10"), "USD", date(2026, 3, 1)).rate == Decimal("7.12")`
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from steelyard.errors import UserError
from steelyard.spec.money import Money
from steelyard.spec.pricing import MoneySpec


@dataclass(frozen=True)
class Exchanged:
    """Money of the books, and where it came from: None where nothing was exchanged."""

    money: Money
    rate: Decimal | None = None


@dataclass(frozen=True)
class Rates:
    """The dated rates of a product file."""

    money: MoneySpec

    def of(self, amount: Decimal, currency: str, day: date) -> Exchanged:
        """UserError for a currency without a rate on that day: none is ever taken as 1."""
        own = self.money.currency
        if currency == own:
            return Exchanged(Money.of(amount, own))
        dated = self.money.rates.get(currency, {})
        known = [since for since in dated if since <= day]
        if not known:
            first = f"the first is of {min(dated)}" if dated else "there is none"
            raise UserError(
                "money.rates",
                f"what 1 {currency} is worth in {own} on {day}",
                first,
                f"add it: rates: {{{currency}: {{{day}: ...}}}}",
            )
        rate = dated[max(known)]
        return Exchanged(Money.of(amount * rate, own), rate)

"""Exact money: whole nano-units of one currency. Knows no ledger.

A request costs a few millionths of a yuan, so cents are too coarse; floats are never exact.
Example: `Money.of("0.30", "CNY") * 2000 == Money.of(600, "CNY")`
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

NANO = 10**9


@dataclass(frozen=True, order=True)
class Money:
    """`nano` is an integer count of 1e-9 units of `currency`; sums of it are exact."""

    nano: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | float | str, currency: str) -> Money:
        """Rounded half to even at the ninth decimal."""
        scaled = Decimal(str(amount)) * NANO
        return cls(int(scaled.to_integral_value(ROUND_HALF_EVEN)), currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.nano) / NANO

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.nano + other.nano, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.nano - other.nano, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.nano, self.currency)

    def __mul__(self, quantity: Decimal | int | float) -> Money:
        return Money.of(self.amount * Decimal(str(quantity)), self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")

    def __str__(self) -> str:
        digits = 2 if abs(self.nano) >= NANO or self.nano == 0 else 6
        return f"{self.amount:,.{digits}f} {self.currency}"

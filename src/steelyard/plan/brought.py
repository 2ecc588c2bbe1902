"""What an approved amount of a channel brought, beside as many days before. Knows no books and no other forecast.

Example: `Brought(1, "search", 300.0, "CNY", 30.0, (4.0, 1.0, 7.0), since=31, before=20).text`
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from steelyard.reason import Reason


@dataclass(frozen=True)
class Brought:
    """Customers, or money that is left of sales, that an approved amount should bring more, and what came in as many
    days since and before. `error` is by how much chance alone moves the difference of sums; counts have their own."""

    turn: int
    channel: str
    money: float
    currency: str
    days: float
    said: tuple[float, float, float]
    since: float
    before: float
    of: str = "customers"  # or sales
    error: float | None = None

    @property
    def chance(self) -> float:
        return math.sqrt(self.since + self.before) if self.error is None else self.error

    @property
    def text(self) -> Reason:
        return self._sales() if self.of == "sales" else self._customers()

    def _customers(self) -> Reason:
        code = "score.customers" if self.money >= 0 else "score.customers_less"
        return Reason(
            code,
            {
                "channel": self.channel,
                "money": abs(self.money),
                "currency": self.currency,
                "since": self.since,
                "before": self.before,
                "days": round(self.days),
            },
        )

    def _sales(self) -> Reason:
        code = "score.sales" if self.money >= 0 else "score.sales_less"
        return Reason(
            code,
            {
                "channel": self.channel,
                "money": abs(self.money),
                "currency": self.currency,
                "since": self.since,
                "before": self.before,
                "days": round(self.days),
            },
        )

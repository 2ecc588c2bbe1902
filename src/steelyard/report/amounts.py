"""Money as a person reads it: cents where there are cents, else the digits that count. Knows no store.

Example: `amount(Decimal("-0.0013092")) == "-0.00131"`
"""

from __future__ import annotations

import math
from decimal import Decimal

from steelyard.spec import Money

DIGITS = 3


def amount(value: Decimal | float) -> str:
    """Two decimals from 1 on, three significant digits below; `0` only for nothing."""
    number = float(value)
    if number == 0:
        return "0"
    if abs(number) >= 1:
        return f"{number:,.2f}"
    return f"{number:.{DIGITS - 1 - math.floor(math.log10(abs(number)))}f}"


def with_currency(value: Money) -> str:
    """With its currency."""
    return f"{amount(value.amount)} {value.currency}"

"""Money as a person reads it: cents where there are cents, else the digits that count. Knows no store.

Example: `amount(Decimal("-0.0013092")) == "-0.00131"`
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from steelyard.interval import too_few
from steelyard.spec import Money
from steelyard.words import say

DIGITS = 3


def amount(value: Decimal | float) -> str:
    """Two decimals from 1 on, three significant digits below; `0` only for nothing."""
    number = float(value)
    if number == 0:
        return "0"
    if abs(number) >= 1:
        return f"{number:,.2f}"
    return f"{number:.{DIGITS - 1 - math.floor(math.log10(abs(number)))}f}"


def interval_of(row: Mapping[str, Any], few: Sequence[str] | None, language: str) -> str:
    """Of a figure of quality, or which classes have too few examples for one."""
    return say(too_few(few), language) if few else f"[{row['low']:.3f}, {row['high']:.3f}]"


def with_currency(value: Money) -> str:
    """With its currency."""
    return f"{amount(value.amount)} {value.currency}"

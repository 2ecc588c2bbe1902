"""Names and figures of a plan's split as a person reads them. Knows no HTML.

Example: `span({"value": 2.0, "low": -1.0, "high": 5.0}) == "+2.00 [-1.00, +5.00]"`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.report.amounts import amount
from steelyard.terms import LANGUAGES, term

Facts = Mapping[str, Any]
WHOLE_FROM = 100.0  # cents of more than this say nothing
DUST = 0.005  # money that is left where all was placed


def named(one: Facts, language: str) -> str:
    """A place, step or look."""
    if one.get("called"):
        return str(one["called"][LANGUAGES.index(language)])
    kind = "variant" if "taken" in one else "option"
    return term(kind, str(one["name"]), language)


def plain(value: float) -> str:
    """An amount of money, `0` for dust."""
    if abs(value) < DUST:
        return "0"
    return f"{value:,.0f}" if abs(value) >= WHOLE_FROM else amount(value)


def signed(value: float) -> str:
    """A gain or a loss."""
    if abs(value) < DUST:
        return "0"
    return f"{value:+,.0f}" if abs(value) >= WHOLE_FROM else f"{value:+.2f}"


def span(three: Facts) -> str:
    """A mean with its interval."""
    return f"{signed(three['value'])} [{signed(three['low'])}, {signed(three['high'])}]"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"

"""Rows of an account's statement: what came in, what went out, and what for. Knows no file and no ledger.

A payment, a refund and a fee are a row each, and none says to which other it belongs.
Example: `of_statement(mapping, values, at)` leaves a fee that went out as `fee` of a sale of 0
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from steelyard.errors import DataError
from steelyard.market.cells import Number
from steelyard.market.mapping import Mapping

_NOTHING = Number(Decimal(0))


def of_statement(mapping: Mapping, values: dict[str, Any], at: Callable[[str], str]) -> None:
    """Make of what came in (`amount`) and went out (`refund`, with or without its sign) a payment, a refund or
    a fee, by the status; DataError for money that went the other way than its status says."""
    status = str(values.pop("status", "")).casefold()
    came, went = (values.pop(name, _NOTHING) for name in ("amount", "refund"))
    out = Number(abs(went.value), went.currencies)
    if status in _folded(mapping.paid):
        _none_of(out, at("refund"))
        values["amount"] = came
        return
    _none_of(came, at("amount"))
    values["amount"] = _NOTHING
    if status in _folded(mapping.returned):
        values["refund"] = out
        return
    values["fee"] = out
    values.pop("customer", None)  # whoever moved the money is none


def _none_of(number: Number, place: str) -> None:
    if number.value:
        raise DataError(
            place,
            "nothing in this column, by what the row is for",
            str(number.value),
            "leave the row out of the file, and book it as plain_sales",
        )


def _folded(names: tuple[str, ...]) -> set[str]:
    return {name.casefold() for name in names}

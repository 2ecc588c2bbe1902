"""Amounts of a row in the currency of the books, and what was used at its price. Knows no ledger.

Example: `in_books(table, row, values, rates, day)["nano"]` is what came in, or below zero what went out
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from steelyard.errors import DataError, UserError
from steelyard.market.metered import used
from steelyard.market.table import Row, Table
from steelyard.spec import Money
from steelyard.spec.pricing import MoneySpec
from steelyard.spec.rates import Rates

REFUND, FEE = "refund", "fee"
NANO_MAX = 2**63 - 1


def in_books(
    table: Table, row: Row, values: dict[str, Any], rates: Rates, day: date
) -> dict[str, Any]:
    """Amounts in the currency of the books; what they were before stays in the body."""
    if "amount" not in values:
        return {} if "meter" in values else {"nano": None, "currency": None}
    currency = str(values.pop("currency"))
    amounts = {n: values.pop(n).value for n in ("amount", REFUND, FEE) if n in values}
    try:
        exchanged = {name: rates.of(amount, currency, day) for name, amount in amounts.items()}
    except UserError as error:
        raise DataError(table.at(row), error.expected, error.found, error.repair) from error
    rate = exchanged["amount"].rate
    if rate is not None:
        values["foreign"] = {"currency": currency, "rate": format(rate, "f")} | {
            name: format(amount, "f") for name, amount in amounts.items()
        }
    for name, one in exchanged.items():
        _check_size(table, row, name, one.money)
    for name in (REFUND, FEE):
        if name in exchanged:
            values[f"{name}_nano"] = exchanged[name].money.nano
    return {
        "nano": table.mapping.kind.pays * exchanged["amount"].money.nano,
        "currency": rates.money.currency,
    }


def priced(
    table: Table, row: Row, values: Mapping[str, Any], money: MoneySpec, day: date
) -> dict[str, Any]:
    """What was used, at the price of its day."""
    if "meter" not in values:
        return {}
    try:
        cost = used(money, str(values["meter"]), values["quantity"].value, day)
    except UserError as error:
        raise DataError(
            table.at(row, "meter"), error.expected, error.found, error.repair
        ) from error
    _check_size(table, row, "quantity", cost)
    return {"nano": -cost.nano, "currency": cost.currency}


def _check_size(table: Table, row: Row, name: str, money: Money) -> None:
    """A line of the ledger holds a whole number of 64 bits, of billionths."""
    if abs(money.nano) > NANO_MAX:
        raise DataError(
            table.at(row, name),
            f"at most {Money(NANO_MAX, money.currency)}, which a line of the ledger can hold",
            str(money),
            "correct the cell, or import it in several rows",
        )

"""`steelyard market partners`: what each partner sent and asked in a month, and what is owed. Knows no ledger.

Example: `steelyard market partners --month 2026-10 --csv`
"""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from typing import Annotated

import typer

from steelyard.cli.options import DEFAULT, AsJson, File


def market_partners(
    product: File = DEFAULT,
    month: Annotated[str, typer.Option(help="as 2026-10; left out: this one")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="for a spreadsheet")] = False,
    as_json: AsJson = False,
) -> None:
    """What each partner sent, sold and asked in a month, and what is owed to it."""
    from steelyard.api.partners import FIGURES, partners
    from steelyard.cli.show import heads, market_title, out, said, table
    from steelyard.spec import load

    file = load(product)
    facts = partners(file, month=month)
    if as_json:
        return out(facts)
    if as_csv:
        whole = ("partner", "channel", "share", *FIGURES)
        rows = [[row[name] for name in whole] for row in facts["rows"]]
        csv.writer(sys.stdout, lineterminator="\n").writerows([whole, *rows])
        return None
    rows = [[_rounded(row[n]) if n in _MONEY else row[n] for n in _SHOWN] for row in facts["rows"]]
    note = f"{facts['currency']}. {said('note', 'owed')}" if rows else said("note", "no_partners")
    title = f"{said('title', 'partners')} {facts['month']}"
    title = market_title(title, simulated=file.spec.market.simulated)
    return table(title, heads(*_SHOWN), rows, note=note)


_MONEY = frozenset({"value", "owed", "cost"})
_SHOWN = (
    "partner",
    "visits",
    "conversions",
    "claimed",
    "revoked",
    "value",
    "owed",
    "answers",
    "cost",
)


def _rounded(amount: str) -> str:
    """Two digits behind the point, or as many as show that it is something."""
    value = Decimal(amount)
    return f"{value:,.2f}" if abs(value) >= Decimal("0.005") or not value else f"{value:.6f}"

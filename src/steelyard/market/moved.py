"""What moved of cash and what is imputed, by any part of a ledger's line. Knows no customer and no terminal.

Example: `of_lines(store.ledger.parted("day", "account"), "month")["2026-01"].income`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from steelyard.spec import NANO
from steelyard.store import CASH

# What customers paid, less what they got back; every other account of cash is a cost, corrections too.
INCOME = frozenset({"sale.income", "sale.refund"})
Row = Mapping[str, Any]


@dataclass
class Part:
    """Money of one part, in nano-units; below zero what went out."""

    lines: int = 0
    income: int = 0
    cost: int = 0
    imputed: int = 0

    @property
    def moved(self) -> bool:
        return bool(self.income or self.cost or self.imputed)

    def add(self, row: Row) -> None:
        self.lines += row["lines"]
        if row["basis"] != CASH:
            self.imputed += row["nano"]
        elif row["account"] in INCOME:
            self.income += row["nano"]
        else:
            self.cost += row["nano"]


def of_lines(rows: Iterable[Row], by: str) -> dict[str, Part]:
    """Part -> its money; a month is that of its lines' days."""
    parts: dict[str, Part] = defaultdict(Part)
    for row in rows:
        parts[row["day"][:7] if by == "month" else row[by]].add(row)
    return parts


def whole(parts: Iterable[Part]) -> Part:
    """The sum of parts."""
    total = Part()
    for part in parts:
        for name, value in vars(part).items():
            setattr(total, name, getattr(total, name) + value)
    return total


def said(part: Part) -> dict[str, Any]:
    """Nano-units as exact decimals."""
    figures = {
        "income": part.income,
        "cost": part.cost,
        "profit": part.income + part.cost,
        "imputed": part.imputed,
    }
    return {"lines": part.lines} | {n: decimal(nano) for n, nano in figures.items()}


def decimal(nano: int) -> str:
    """Nano-units as an exact decimal."""
    return format((Decimal(nano) / NANO).normalize(), "f")

"""What a file says, row by row, as values; and what is worth saying of it. Reads no file.

Example: `table.at(table.rows[0], "amount") == "google.csv:2 Cost"`
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from steelyard.market.mapping import Mapping
from steelyard.market.sheets import Line, Sheet
from steelyard.market.totals import Total


@dataclass(frozen=True)
class Remark:
    """What can be, and seldom is: a code, the first row of which it holds, and figures of its sentence."""

    code: str
    row: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One row: where it stands, and the values of its fields that say something."""

    line: Line
    values: dict[str, Any]

    @property
    def currency(self) -> str:
        return str(self.values["currency"])


@dataclass(frozen=True)
class Table:
    """What a file says, and what of it was left out: rows by status, totals, notes around the table; and what of it
    is said beside it."""

    sheet: Sheet
    mapping: Mapping
    rows: list[Row]
    unpaid: int = 0
    totals: list[Total] = field(default_factory=list)
    notes: int = 0
    remarks: list[Remark] = field(default_factory=list)

    def at(self, row: Row, name: str | None = None) -> str:
        header = self.mapping.columns.get(name or "", ("",))[0]
        place = f"{self.sheet.path.name}:{row.line.number}"
        return place if name is None else f"{place} {header or name}"

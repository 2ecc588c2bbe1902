"""What every door has: a database, and the product whose rows it reads. Knows no table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from steelyard.store.database import Database

Row = dict[str, Any]


@dataclass(frozen=True)
class Noun:
    """A ledger may hold several products: a door shows the rows of one."""

    database: Database
    product: str

    def rows(self, query: sa.Select[Any]) -> list[Row]:
        """Every row as a dict; Damaged names the row that is not what its columns hold."""
        return self.database.rows(query)

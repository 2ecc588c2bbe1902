"""Which variant answers and answered, and the experiments that compared two. Knows no server.

Example: `store.releases.current()[0]["state"]`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from steelyard.store import tables
from steelyard.store.nouns.noun import Noun, Row
from steelyard.store.releases import standing
from steelyard.store.rows import checked, put


class Releases(Noun):
    """Release rows are events: none is rewritten."""

    def history(self) -> list[Row]:
        """Every row, oldest first."""
        return self.rows(self._all())

    def current(self) -> list[Row]:
        """Current release of each state that has one: the newest row of each variant, unless
        retired; `pinned` is the row by which somebody keeps turns from changing it, or None."""
        return standing(self.history())

    def newest(self, most: int) -> list[Row]:
        """The newest rows, newest first."""
        r = tables.release
        query = sa.select(r).where(r.c.product == self.product)
        return self.rows(query.order_by(r.c.id.desc()).limit(most))

    def newest_not_by(self, who: str) -> int:
        """Number of the newest row that another than `who` added; 0 where there is none."""
        r = tables.release
        query = sa.select(sa.func.max(r.c.id).label("id"))
        rows = self.rows(query.where(r.c.product == self.product, r.c.who != who))
        return int(rows[0]["id"] or 0)

    def change(
        self, moves: Callable[[list[Row]], Sequence[Mapping[str, Any]]], *, now: str
    ) -> None:
        """Add the rows that `moves` makes of the history, in one transaction: nobody else adds
        one between what was read and what is written."""
        with self.database.write() as connection:
            query = self._all()
            for row in moves(checked(query, connection.execute(query))):
                put(connection, tables.release, {**row, "product": self.product, "created": now})

    def _all(self) -> sa.Select[Any]:
        r = tables.release
        return sa.select(r).where(r.c.product == self.product).order_by(r.c.id)


class Experiments(Noun):
    """Two variants on the same users or records, and what that showed."""

    def all(self) -> list[Row]:
        """Oldest first."""
        e = tables.experiment
        query = sa.select(e).where(e.c.product == self.product)
        return self.rows(query.order_by(e.c.created, e.c.id))

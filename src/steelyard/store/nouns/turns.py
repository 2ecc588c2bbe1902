"""Turns and the steps that were done in them. Knows no stage.

Example: `store.steps.cpu_s()["train"]`
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from steelyard.store import tables
from steelyard.store.nouns.noun import Noun, Row
from steelyard.store.prepared import Prepared
from steelyard.store.rows import put

_NEWEST = Prepared(
    sa.select(sa.func.max(tables.turn.c.id)).where(tables.turn.c.product == sa.bindparam("of"))
)


class Turns(Noun):
    """Every turn of the product."""

    def newest(self) -> int:
        """Number of the newest turn; 0 before the first."""
        with self.database.read() as connection:
            return self.newest_in(connection)

    def newest_in(self, connection: sa.Connection) -> int:
        """The same inside a transaction."""
        return int(_NEWEST.run(connection, {"of": self.product})[0][0] or 0)

    def begin(self, spec_sha256: str, *, now: str) -> int:
        """The number of a new turn, or of the one that was interrupted with the same file."""
        t = tables.turn
        still = sa.select(t.c.id).where(t.c.product == self.product, t.c.ended.is_(None))
        still = still.where(t.c.spec_sha256 == spec_sha256).order_by(t.c.id.desc())
        with self.database.write() as connection:
            found = connection.execute(still).first()
            if found:
                return int(found.id)
            row = {"product": self.product, "spec_sha256": spec_sha256, "started": now}
            return int(put(connection, t, row))

    def end(self, turn: int, *, now: str) -> None:
        t = tables.turn
        open_turn = t.update().where(t.c.id == turn, t.c.ended.is_(None))
        with self.database.write() as connection:
            connection.execute(open_turn.values(ended=now))


class Steps(Noun):
    """Every step that is done; its key says what it read."""

    def done(self, key: str) -> dict[str, Any] | None:
        """Output of a step that is done, else None."""
        s = tables.step
        rows = self.rows(sa.select(s.c.output).where(s.c.key == key))
        return rows[0]["output"] if rows else None

    def all(self, name: str | None = None) -> list[Row]:
        """`key`, `name`, `turn`, `done`, `cpu_s` and `output`, oldest first; those of one name
        where it is given."""
        s, t = tables.step, tables.turn
        query = sa.select(s).join(t, t.c.id == s.c.turn).where(t.c.product == self.product)
        if name is not None:
            query = query.where(s.c.name == name)
        return self.rows(query.order_by(s.c.done))

    def cpu_s(self) -> dict[str, float]:
        """Name -> CPU seconds of its newest run."""
        s, t = tables.step, tables.turn
        query = sa.select(s.c.name, s.c.cpu_s).join(t, t.c.id == s.c.turn)
        rows = self.rows(query.where(t.c.product == self.product).order_by(s.c.done))
        return {row["name"]: row["cpu_s"] for row in rows}

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

    def begin(self, spec_sha256: str, *, now: str, text: str = "") -> int:
        """The number of a new turn, or of the newest where it was interrupted with the same file.

        Open turns of another file are closed: a file that is changed back begins a new turn,
        since what was decided in the old one may hold no longer.
        """
        t = tables.turn
        still = sa.select(t.c.id, t.c.spec_sha256).order_by(t.c.id.desc())
        still = still.where(t.c.product == self.product, t.c.ended.is_(None))
        with self.database.write() as connection:
            waiting = connection.execute(still).all()
            if waiting and waiting[0].spec_sha256 == spec_sha256:
                return int(waiting[0].id)
            old = t.update().where(t.c.id.in_([row.id for row in waiting]))
            connection.execute(old.values(ended=now))
            row = {"product": self.product, "spec_sha256": spec_sha256, "started": now}
            number = int(put(connection, t, row))
            put(connection, tables.turn_file, {"turn": number, "text": text, "created": now})
            return number

    def one(self, turn: int) -> Row | None:
        """`id`, `started`, `ended`, `spec_sha256` and `file`: the text of the product file as it
        was, or None in turns of before 0.3; None where the product has no such turn."""
        t, f = tables.turn, tables.turn_file
        rows = self.rows(sa.select(t).where(t.c.id == turn, t.c.product == self.product))
        texts = self.rows(sa.select(f.c.text).where(f.c.turn == turn))
        return rows[0] | {"file": texts[0]["text"] if texts else None} if rows else None

    def all(self) -> list[Row]:
        """Oldest first, without their files."""
        t = tables.turn
        return self.rows(sa.select(t).where(t.c.product == self.product).order_by(t.c.id))

    def steps(self, turn: int) -> list[Row]:
        """`name`, `key`, `how` (ran, reused), `cpu_s`, `nano`, `currency` and `output` of each
        step, in their order; of a step that was made again in the turn the last."""
        u, s = tables.turn_step, tables.step
        asked = (u.c.name, u.c.key, u.c.how, u.c.cpu_s, u.c.nano, u.c.currency, s.c.output)
        query = sa.select(*asked).join(s, s.c.key == u.c.key).where(u.c.turn == turn)
        return list({row["name"]: row for row in self.rows(query.order_by(u.c.id))}.values())

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
        where it is given. By the turn, which only grows, before the clock, which may be set back."""
        s, t = tables.step, tables.turn
        query = sa.select(s).join(t, t.c.id == s.c.turn).where(t.c.product == self.product)
        if name is not None:
            query = query.where(s.c.name == name)
        return self.rows(query.order_by(s.c.turn, s.c.done))

    def cpu_s(self) -> dict[str, float]:
        """Name -> CPU seconds of its newest run."""
        s, t = tables.step, tables.turn
        query = sa.select(s.c.name, s.c.cpu_s).join(t, t.c.id == s.c.turn)
        rows = self.rows(query.where(t.c.product == self.product).order_by(s.c.turn, s.c.done))
        return {row["name"]: row["cpu_s"] for row in rows}

"""The money of the product, and the plans that were made with it. Knows no stage.

Example: `store.ledger.sums(turn=7)`
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from steelyard.spec import Money
from steelyard.store import ledger, tables
from steelyard.store.nouns.noun import Noun, Row
from steelyard.store.seal import against, behind, seal
from steelyard.store.subtotals import day_of

STEP = "step:"  # evidence of a line that is a step's


class Book(Noun):
    """Lines of money in a chain of hashes."""

    def sums(
        self, *, turn: int | None = None, until: int | None = None, day: str = "~"
    ) -> list[Row]:
        """Lines, exact quantity and money by account, unit and basis (cash or imputed, which do not
        add up); of one turn, or of all until one, with what was imported of the days until one."""
        with self.database.snapshot() as connection:
            return ledger.sums(connection, product=self.product, turn=turn, until=until, day=day)

    def parted(self, *by: str, since: str = "", until: str = "~") -> list[Row]:
        """Lines and money by currency, basis and some of `day`, `account`, `variant`, `channel` and `turn`;
        `day` is the one that a line speaks of, as ISO 8601."""
        with self.database.snapshot() as connection:
            return ledger.parted(connection, product=self.product, by=by, since=since, until=until)

    def lines(
        self, *, account: str = "", since: str = "", until: str = "~", **about: str
    ) -> list[Row]:
        """Lines of an account, or of all, whose `about` says this (`variant`, `channel`), of these days."""
        e = tables.entry
        query = sa.select(e).where(e.c.product == self.product).order_by(e.c.id)
        query = query.where(e.c.account == account) if account else query
        return [
            row
            for row in self.rows(query)
            if since <= day_of(row) <= until
            and all(str((row["about"] or {}).get(name, "")) == said for name, said in about.items())
        ]

    def undated(self, *, since: str, until: str) -> list[Row]:
        """Lines that say no day, booked from a moment on, before another one."""
        e = tables.entry.c
        query = sa.select(e.account, e.nano, e.basis, e.about).where(
            e.product == self.product, e.time >= since, e.time < until
        )
        return [row for row in self.rows(query) if not (row["about"] or {}).get("day")]

    def of_steps(self) -> dict[str, Money]:
        """Key of a step -> what it took, below zero."""
        e = tables.entry.c
        lines = sa.select(e.evidence, e.nano, e.currency).where(e.evidence.like(f"{STEP}%"))
        return {
            row["evidence"].removeprefix(STEP): Money(row["nano"], row["currency"])
            for row in self.rows(lines)
        }

    def evidence(self, account: str) -> set[str]:
        """What the lines of an account rest on."""
        e = tables.entry.c
        lines = sa.select(e.evidence).where(e.account == account, e.product == self.product)
        return {row["evidence"] for row in self.rows(lines)}

    def of_partners(self, *, after: int = 0, since: str = "", until: str = "~") -> list[Row]:
        """`id`, `time`, `nano` and `about` of lines that are about a partner, behind a line, from a moment on,
        before another one."""
        e = tables.entry.c
        partner = sa.type_coerce(e.about, sa.Text).like('%"partner":%')
        query = sa.select(e.id, e.time, e.nano, e.about).where(
            e.id > after, e.product == self.product, e.time >= since, e.time < until, partner
        )
        return self.rows(query.order_by(e.id))

    def look_over(self) -> None:
        """Damaged at the first row whose hash is another's."""
        self.database.look_over(all_rows=True)

    def verify(self, *, sealed: dict[str, Any] | None = None) -> int:
        """Lines of an unbroken chain, against a seal where there is one; Damaged otherwise."""
        with self.database.snapshot() as connection:
            return ledger.verify(connection) if sealed is None else against(connection, sealed)

    def verify_behind(self, sealed: dict[str, Any]) -> int:
        """Lines of a chain that holds from a seal on; Damaged otherwise. Reads none before it."""
        with self.database.snapshot() as connection:
            return behind(connection, sealed)

    def seal(self, *, now: str) -> dict[str, Any]:
        """What `verify` compares with later."""
        with self.database.snapshot() as connection:
            return seal(connection, time=now)


class Plans(Noun):
    """What each turn recommended."""

    def all(self) -> list[Row]:
        """Oldest first."""
        p = tables.plan
        return self.rows(sa.select(p).where(p.c.product == self.product).order_by(p.c.created))

"""What exports of other systems say of the market, and what the server was told, each row in its newest
revision. Knows no format.

Example: `store.events.of_keys(["a1"])["a1"]["revision"]`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from steelyard.store import tables
from steelyard.store.nouns.noun import Noun, Row

# What the server counts: a visit; a conversion; and one that was taken back, the last revision of it.
VISIT, CONVERSION, REVOKED = "visit", "conversion", "revoked"
_KEYS_MAX = 500  # a statement takes a bounded number of values


class Events(Noun):
    """Spend, sales, customers, visits, invoices and usage; `visit`, `conversion` and `revoked` by the server."""

    def of_keys(self, keys: Sequence[str]) -> dict[str, Row]:
        """Key -> its newest row, of those that are there."""
        return self._newest(sa.select(tables.event), keys)

    def standing(self, keys: Sequence[str]) -> dict[str, Row]:
        """The same, of each row only `id` and `revision`."""
        e = tables.event
        return self._newest(sa.select(e.c.key, e.c.revision, e.c.id), keys)

    def history(self, keys: Sequence[str]) -> dict[str, list[Row]]:
        """Key -> every revision of it, the oldest first, of those that are there."""
        history: dict[str, list[Row]] = {}
        for row in self._revisions(sa.select(tables.event), keys):
            history.setdefault(row["key"], []).append(row)
        return history

    def last_visit(self, customer: str, *, since: str, until: str) -> Row | None:
        """The last visit that a customer made, from a moment to another."""
        e = tables.event.c
        query = sa.select(tables.event).where(
            *(e.customer == customer, e.kind == VISIT, e.product == self.product),
            *(e.at >= since, e.at <= until),
        )
        rows = self.rows(query.order_by(e.at.desc(), e.id).limit(1))
        return rows[0] if rows else None

    def _newest(self, query: sa.Select[Any], keys: Sequence[str]) -> dict[str, Row]:
        return {row["key"]: row for row in self._revisions(query, keys)}

    def _revisions(self, query: sa.Select[Any], keys: Sequence[str]) -> Iterator[Row]:
        e = tables.event
        for start in range(0, len(keys), _KEYS_MAX):
            part = query.where(e.c.key.in_(keys[start : start + _KEYS_MAX]))
            yield from self.rows(part.order_by(e.c.revision))

    def of_kind(self, kind: str, *, since: str = "", until: str = "9999") -> list[Row]:
        """Newest revisions of a kind from a day on, until another one, by day."""
        e = tables.event
        query = sa.select(e).where(*self._current(e), e.c.kind == kind, e.c.day >= since)
        return self.rows(query.where(e.c.day <= until).order_by(e.c.day, e.c.id))

    def refunds(self) -> list[Row]:
        """Sales that are a refund by themselves, and say of which payment."""
        e = tables.event
        with_order = sa.cast(e.c.body, sa.Text).like('%"order":%')
        query = sa.select(e).where(*self._current(e), e.c.kind == "sales", with_order)
        return self.rows(query.order_by(e.c.day, e.c.id))

    def sums(
        self,
        *,
        by: Sequence[str] = ("kind", "channel", "currency"),
        since: str = "",
        until: str = "9999",
        partners: bool = True,
    ) -> list[Row]:
        """Rows, money, first and last day of what is in force, by these columns, from a day on, until another;
        perhaps without what partners said of their own channels."""
        e = tables.event
        columns = [e.c[name] for name in by]
        figures: tuple[sa.ColumnElement[Any], ...] = (
            sa.func.count().label("rows"),
            sa.cast(sa.func.sum(e.c.nano), sa.String(40)).label("nano"),
            sa.func.min(e.c.day).label("first"),
            sa.func.max(e.c.day).label("last"),
        )
        query = sa.select(*columns, *figures).where(*self._current(e)).group_by(*columns)
        query = query.where(e.c.day >= since, e.c.day <= until)
        if not partners:
            query = query.where(sa.cast(e.c.body, sa.Text).not_like('%"partner":%'))
        rows = self.rows(query.order_by(*columns))
        # as text, since a sum of whole numbers is another kind of number on each database
        return [r | {"nano": None if r["nano"] is None else int(r["nano"])} for r in rows]

    def _current(self, e: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
        """Rows of the product that no later revision takes the place of."""
        later = e.alias("later")
        newer = sa.exists().where(later.c.key == e.c.key, later.c.revision == e.c.revision + 1)
        return (e.c.product == self.product, ~newer)

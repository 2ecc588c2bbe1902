"""What exports of other systems say of the market, and what the server was told, each row in its newest
revision. Knows no format.

Example: `store.events.of_keys(["a1"])["a1"]["revision"]`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from steelyard.spec.money import NANO
from steelyard.store import tables
from steelyard.store.nouns.noun import Noun, Row

# What the server counts: a visit; a conversion; and one that was taken back, the last revision of it.
VISIT, CONVERSION, REVOKED = "visit", "conversion", "revoked"
UNDONE = (
    "undone"  # the last revision of a row whose file was taken back: from then on it says nothing
)
_KEYS_MAX = 500  # a statement takes a bounded number of values


class Events(Noun):
    """Spend, sales, customers, visits, invoices and usage; `visit`, `conversion` and `revoked` by the server."""

    def of_keys(self, keys: Sequence[str]) -> dict[str, Row]:
        """Key -> its newest row, of those that are in force."""
        newest = self._newest(sa.select(tables.event), keys)
        return {key: row for key, row in newest.items() if row["kind"] != UNDONE}

    def standing(self, keys: Sequence[str]) -> dict[str, Row]:
        """Key -> `id`, `revision` and `kind` of its newest row, also of one that was undone."""
        e = tables.event
        return self._newest(sa.select(e.c.key, e.c.revision, e.c.id, e.c.kind), keys)

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

    def of_kind(
        self, kind: str, *, since: str = "", until: str = "9999", with_id: bool | None = None
    ) -> list[Row]:
        """Newest revisions of a kind from a day on, until another one, by day; perhaps only of rows that say an id,
        or of others."""
        e = tables.event
        query = sa.select(e).where(*self._current(e), e.c.kind == kind, e.c.day >= since)
        if with_id is not None:
            said = sa.cast(e.c.body, sa.Text).like('%"id":%')
            query = query.where(said if with_id else ~said)
        return self.rows(query.where(e.c.day <= until).order_by(e.c.day, e.c.id))

    def refunds(self) -> list[Row]:
        """Sales that are a refund by themselves, and say of which payment."""
        e = tables.event
        with_order = sa.cast(e.c.body, sa.Text).like('%"order":%')
        query = sa.select(e).where(*self._current(e), e.c.kind == "sales", with_order)
        return self.rows(query.order_by(e.c.day, e.c.id))

    def payments(self, *, since: str = "", until: str = "9999") -> list[Row]:
        """What customers paid, by day: imported sales, and conversions that were told as cash."""
        told = self.of_kind(CONVERSION, since=since, until=until)
        cash = [event for event in told if event["body"].get("cash")]
        sales = self.of_kind("sales", since=since, until=until)
        return sorted([*sales, *cash], key=lambda event: str(event["day"]))

    def of_file(self, sha256: str, kinds: Sequence[str]) -> list[Row]:
        """What is in force of a file, in its order."""
        e = tables.event
        query = sa.select(e).where(*self._current(e), e.c.file == sha256, e.c.kind.in_(kinds))
        return self.rows(query.order_by(e.c.row, e.c.id))

    def of_file_kinds(self, sha256: str, kinds: Sequence[str]) -> list[Row]:
        """Of a file that is in force its `kind`, how many `rows`, and when they were `imported`."""
        e = tables.event
        query = sa.select(
            e.c.kind,
            sa.func.count().label("rows"),
            sa.func.min(e.c.created).label("imported"),
        ).where(*self._current(e), e.c.file == sha256, e.c.kind.in_(kinds))
        return self.rows(query.group_by(e.c.kind).order_by(e.c.kind))

    def has_others(self, sha256: str, kind: str, keys: set[str]) -> bool:
        """Whether rows of a file are in force that have none of these keys."""
        e = tables.event
        query = sa.select(e.c.key).where(*self._current(e), e.c.file == sha256, e.c.kind == kind)
        return any(row["key"] not in keys for row in self.rows(query))

    def files(self, kinds: Sequence[str]) -> list[Row]:
        """Every file that was imported, the oldest first: its rows in force by kind, their first and last day,
        and when the first of them was booked."""
        e = tables.event
        query = (
            sa.select(
                e.c.file,
                e.c.kind,
                sa.func.count().label("rows"),
                sa.func.min(e.c.day).label("first"),
                sa.func.max(e.c.day).label("last"),
                sa.func.min(e.c.created).label("imported"),
            )
            .where(*self._current(e), e.c.kind.in_(kinds))
            .group_by(e.c.file, e.c.kind)
        )
        return self.rows(query.order_by(sa.func.min(e.c.created), e.c.file, e.c.kind))

    def known_files(self, named: str, kinds: Sequence[str]) -> list[str]:
        """SHA-256 of every file that begins with these digits and ever was imported, taken back or not."""
        e = tables.event.c
        query = sa.select(e.file).distinct().where(e.product == self.product, e.kind.in_(kinds))
        rows = self.rows(query.where(e.file.startswith(named, autoescape=True)).order_by(e.file))
        return [row["file"] for row in rows]

    def corrected_elsewhere(self, sha256: str) -> int:
        """Rows of a file in whose place one of another file stands."""
        return self._beside(sha256, ours_first=True)

    def taken_over(self, sha256: str) -> int:
        """Rows in force of a file that stand in the place of one of another file."""
        return self._beside(sha256, ours_first=False)

    def _beside(self, sha256: str, *, ours_first: bool) -> int:
        """How many rows of two files have this one before or behind the other."""
        e = tables.event
        other = e.alias("other")
        newest, before = (other, e) if ours_first else (e, other)
        query = (
            sa.select(sa.func.count(e.c.key.distinct()).label("rows"))
            .join(other, sa.and_(other.c.key == e.c.key, newest.c.revision > before.c.revision))
            .where(e.c.file == sha256, other.c.file != sha256, e.c.product == self.product)
            .where(*self._current(newest), before.c.kind != UNDONE)
        )
        return int(self.rows(query)[0]["rows"])

    def of_customers(self, customers: Sequence[str], *, apart_from: str) -> int:
        """Rows in force of other files, and of what the server was told, that name one of these customers."""
        e = tables.event
        n = 0
        for start in range(0, len(customers), _KEYS_MAX):
            part = e.c.customer.in_(customers[start : start + _KEYS_MAX])
            query = sa.select(sa.func.count().label("rows")).where(*self._current(e), part)
            n += int(self.rows(query.where(e.c.file != apart_from))[0]["rows"])
        return n

    def sums(
        self,
        *,
        by: Sequence[str] = ("kind", "channel", "currency"),
        since: str = "",
        until: str = "9999",
        partners: bool = True,
        came: bool = False,
    ) -> list[Row]:
        """Rows, money, first and last day of what is in force, by these columns, from a day on, until another;
        perhaps without what partners said of their own channels, or only of rows by which money came in."""
        e = tables.event
        columns = [e.c[name] for name in by]
        figures: tuple[sa.ColumnElement[Any], ...] = (
            sa.func.count().label("rows"),
            # apart, since SQLite refuses a sum of 64 bits that is larger than one of them may be
            sa.cast(sa.func.sum(e.c.nano // NANO), sa.String(40)).label("nano"),
            sa.cast(sa.func.sum(e.c.nano % NANO), sa.String(40)).label("rest"),
            sa.func.min(e.c.day).label("first"),
            sa.func.max(e.c.day).label("last"),
        )
        query = sa.select(*columns, *figures).where(*self._current(e)).group_by(*columns)
        query = query.where(e.c.day >= since, e.c.day <= until)
        if came:
            query = query.where(e.c.nano > 0)
        if not partners:
            query = query.where(sa.cast(e.c.body, sa.Text).not_like('%"partner":%'))
        rows = self.rows(query.order_by(*columns))
        # as text, since a sum of whole numbers is another kind of number on each database
        return [_added_up(row) for row in rows]

    def _current(self, e: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
        """Rows of the product that no later revision takes the place of, or took back."""
        later = e.alias("later")
        newer = sa.exists().where(later.c.key == e.c.key, later.c.revision == e.c.revision + 1)
        return (e.c.product == self.product, e.c.kind != UNDONE, ~newer)


def _added_up(row: Row) -> Row:
    rest = row.pop("rest")
    return row | {"nano": None if rest is None else int(row["nano"]) * NANO + int(rest)}

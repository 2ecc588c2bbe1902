"""Add rows that were written just now to sums that are kept of them, inside the database.

Knows no noun. Example: `count(connection, tables.pace, tables.answer, sums, ids)`, in their transaction
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from steelyard.errors import Damaged
from steelyard.store.failures import RESTORE
from steelyard.store.prepared import Prepared

ADDED = ("n", "total")  # columns of a kept sum that are added to; the rest is its key
NAMED = ("experiment", "arm", "variant", "day")  # what of a sum's key is told; never a user
_SIZES = (1, 8, 64, 512)  # of the ids of a statement: few of them have to be built
_OFF = 1e-6  # small numbers that are added in another order differ by less
_INSERT: dict[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Sums(Protocol):
    """Rows of a kept table, made of those rows of its source that are asked for."""

    def __call__(self, *where: sa.ColumnElement[bool], sign: int = 1) -> sa.Select[Any]: ...

    def __hash__(self) -> int: ...


def count(
    connection: sa.Connection, kept: sa.Table, source: sa.Table, sums: Sums, ids: Sequence[str]
) -> None:
    """Add the rows of `source` with these ids; the caller must be the only writer."""
    for start in range(0, len(ids), _SIZES[-1]):
        part = list(ids[start : start + _SIZES[-1]])
        size = next(size for size in _SIZES if size >= len(part))
        part += part[-1:] * (size - len(part))
        counting = _counting(connection.dialect.name, kept, source, sums, size)
        counting.run(connection, {f"id{i}": identity for i, identity in enumerate(part)})


@cache
def _counting(dialect: str, kept: sa.Table, source: sa.Table, sums: Sums, size: int) -> Prepared:
    """The statement that counts so many rows."""
    asked = [sa.bindparam(f"id{i}", type_=source.c.id.type) for i in range(size)]
    return Prepared(adding(dialect, kept, sums(source.c.id.in_(asked))))


def add(connection: sa.Connection, kept: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows of sums that the caller made, no two of one key."""
    if rows:
        _given(connection.dialect.name, kept).insert(connection, rows)


@cache
def _given(dialect: str, kept: sa.Table) -> Prepared:
    given = {c.name: sa.bindparam(c.name, type_=c.type) for c in kept.c}
    return Prepared(_on_conflict(kept, _INSERT[dialect](kept).values(given)))


def adding(dialect: str, kept: sa.Table, sums: sa.Select[Any]) -> Any:
    """The statement that adds rows to those of the same key."""
    made = _INSERT[dialect](kept).from_select([c.name for c in sums.selected_columns], sums)
    return _on_conflict(kept, made)


def _on_conflict(kept: sa.Table, made: Any) -> Any:
    more = {name: kept.c[name] + made.excluded[name] for name in ADDED if name in kept.c}
    keys = [column.name for column in kept.primary_key.columns]
    return made.on_conflict_do_update(index_elements=keys, set_=more)


def check(connection: sa.Connection, kept: sa.Table, *sums: sa.Select[Any]) -> None:
    """Damaged for a kept sum that is not that of its rows, which `sums` make with a sign of -1. One statement,
    so whoever writes meanwhile is seen on both sides or on none."""
    both = sa.union_all(sa.select(kept), *sums).subquery()
    keys = [column for column in both.c if column.name not in ADDED]
    apart = [sa.func.abs(sa.func.sum(both.c[name])) > _OFF for name in ADDED if name in both.c]
    off = sa.select(*keys).group_by(*keys).having(sa.or_(*apart))
    row = connection.execute(off.limit(1)).mappings().first()
    if row is not None:
        which = ", ".join(f"{name} {row[name]}" for name in NAMED if name in row)
        place = f"ledger {kept.name} of product '{row['product']}', {which}"
        raise Damaged(place, "the sums of its rows", "others", RESTORE)

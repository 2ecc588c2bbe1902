"""The one door for rows: written with their hash, and read as what their columns hold or not at all.

Knows no noun. Example: `put(connection, tables.measure, {"subject": "a1", **rest})`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from steelyard.errors import Damaged, SteelyardError
from steelyard.store import days, tallies
from steelyard.store.columns import BROKEN, Json
from steelyard.store.failures import RESTORE
from steelyard.store.prepared import Prepared
from steelyard.store.tables import row_sha256

_IDS_MAX = 512  # a statement takes a bounded number of values
_KINDS: tuple[tuple[type[Any], tuple[type, ...], str], ...] = (
    (sa.JSON, (object,), "JSON"),
    (Json, (object,), "JSON"),
    (sa.String, (str,), "a text"),
    (sa.Integer, (int,), "a whole number"),
    (sa.Float, (int, float), "a number"),
)


def put(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> Any:
    """Insert one row with its hash; its key, the next number where it has none."""
    key = next(iter(table.primary_key.columns))
    if key.name not in row:  # the caller is the only writer, so nobody takes the same number
        last = connection.execute(sa.select(sa.func.max(key))).scalar()
        row = {key.name: int(last or 0) + 1} | row
    put_all(connection, table, [row])
    return row[key.name]


def put_all(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of the same columns, each with its key and its hash, in one statement."""
    named = rows[0].keys() if rows else ()
    default = {
        c.name: str(c.server_default.arg)  # type: ignore[attr-defined]
        for c in table.columns
        if c.server_default is not None and c.name not in named
    }
    whole = [default | row for row in rows]
    if whole:
        statement = _insert(table, tuple(whole[0]))
        statement.insert(connection, [r | {"sha256": row_sha256(table, r)} for r in whole])
        for sums in (tallies, days):
            sums.keep(connection, table, whole)


@cache
def _insert(table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    unknown = set(columns) - set(table.c.keys())
    if unknown:  # the statement would leave it out without a word
        raise SteelyardError(f"a row of '{table.name}' with {sorted(unknown)}, which it has not")
    return Prepared(table.insert(), [*columns, "sha256"])


def present(connection: sa.Connection, table: sa.Table, ids: Sequence[str]) -> set[str]:
    """Those of the ids that `table` holds."""
    known: set[str] = set()
    for start in range(0, len(ids), _IDS_MAX):
        part = list(ids[start : start + _IDS_MAX])
        size = 1 << (len(part) - 1).bit_length()  # few statements, for a few numbers of values
        part += part[-1:] * (size - len(part))
        values = {f"id{i}": identity for i, identity in enumerate(part)}
        known.update(row[0] for row in _among(table, size).run(connection, values))
    return known


@cache
def _among(table: sa.Table, size: int) -> Prepared:
    asked = [sa.bindparam(f"id{i}", type_=table.c.id.type) for i in range(size)]
    return Prepared(sa.select(table.c.id).where(table.c.id.in_(asked)))


def checked(query: sa.Select[Any], rows: sa.Result[Any]) -> list[dict[str, Any]]:
    """Every row as a dict; Damaged names the table, the row and the column that is not what it
    should be. Hashes of rows are left out."""
    columns = [_Column.of(c) for c in query.selected_columns]
    records = []
    for number, row in enumerate(rows, start=1):
        for column, value in zip(columns, row, strict=True):
            if not column.holds(value):
                raise _damaged(column, columns, row, number)
        records.append({c.key: v for c, v in zip(columns, row, strict=True) if c.name != "sha256"})
    return records


def hashed(connection: sa.Connection, table: sa.Table) -> Iterator[None]:
    """Read every row of `table`, one a step; Damaged at the first whose hash is another's.

    A row without a hash was written by an earlier version that still ran.
    """
    query = sa.select(table)
    columns = [_Column.of(c) for c in query.selected_columns]
    for number, row in enumerate(
        connection.execute(query, execution_options={"stream_results": True}), start=1
    ):
        for column, value in zip(columns, row, strict=True):
            if not column.holds(value):
                raise _damaged(column, columns, row, number)
        values = row._mapping
        if values["sha256"] is not None and row_sha256(table, dict(values)) != values["sha256"]:
            place = f"ledger table {table.name} row {row[0]}"
            raise Damaged(place, "the values it was written with", "others", RESTORE)
        yield


@dataclass(frozen=True)
class _Column:
    key: str
    name: str
    table: str
    types: tuple[type, ...]
    what: str
    nullable: bool
    primary: bool

    @classmethod
    def of(cls, column: Any) -> _Column:
        own = column.element if isinstance(column, sa.Label) else column
        is_column = isinstance(own, sa.Column)
        types, what = next(
            ((types, what) for kind, types, what in _KINDS if isinstance(own.type, kind)),
            ((object,), "a value"),
        )
        return cls(
            key=column.key,
            name=getattr(own, "name", column.key),
            table=own.table.name if is_column else "?",
            types=types,
            what=what,
            # JSON knows a null of its own
            nullable=not is_column or bool(own.nullable) or isinstance(own.type, sa.JSON),
            primary=is_column and bool(own.primary_key),
        )

    def holds(self, value: Any) -> bool:
        if value is None:
            return self.nullable
        return (
            value is not BROKEN and isinstance(value, self.types) and not isinstance(value, bytes)
        )


def _damaged(wrong: _Column, columns: Sequence[_Column], row: Any, number: int) -> Damaged:
    keys = [v for c, v in zip(columns, row, strict=True) if c.primary and c.table == wrong.table]
    of = dict(zip(columns, row, strict=True))[wrong]
    fact = "no JSON" if of is BROKEN else "nothing" if of is None else f"a {type(of).__name__}"
    place = f"ledger table {wrong.table} row {keys[0] if keys else number}"
    return Damaged(place, f"{wrong.what} as '{wrong.name}'", fact, RESTORE)

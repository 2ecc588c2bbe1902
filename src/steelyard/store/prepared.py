"""Statements that every request runs: built and compiled once, and handed to the driver as they are.

What SQLAlchemy does around a statement takes longer than SQLite takes for it; its errors and types
stay. The connection must be in a transaction already. Knows no noun.
Example: `Prepared(sa.select(t.c.id).where(t.c.id == sa.bindparam("one"))).run(connection, {"one": "a"})`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

VALUES_MAX = 900  # of one statement: what SQLite takes however it was built


class Prepared:
    """One statement for every dialect. Rows come as the driver gives them: read texts and numbers
    with it, no JSON. `columns` names those of an insert."""

    def __init__(self, statement: sa.Executable, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._made: dict[str, _Compiled] = {}

    def run(
        self, connection: sa.Connection, values: Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows it finds; none of one that writes."""
        made = self._of(connection.dialect)
        with driver(connection) as cursor:
            cursor.execute(made.sql, made.bound(values or {}))
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return rows

    def insert(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """All rows, no two of one key, in as few calls of the driver as may be: each gives the
        interpreter away, and in a crowd it comes back late."""
        made = self._of(connection.dialect)
        bound = [made.bound(row) for row in rows]
        with driver(connection) as cursor:
            if made.order is None:
                cursor.executemany(made.sql, bound)
                return
            head, _, values = made.sql.rpartition(" VALUES ")
            values, met, else_ = values.partition(" ON CONFLICT ")
            size = max(1, VALUES_MAX // len(made.order))
            for start in range(0, len(bound), size):
                part = bound[start : start + size]
                cursor.execute(
                    f"{head} VALUES {', '.join([values] * len(part))}{met}{else_}",
                    list(chain.from_iterable(part)),
                )

    def _of(self, dialect: sa.Dialect) -> _Compiled:
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _compiled(self._statement, self._columns, dialect)
        return made


@contextmanager
def driver(connection: sa.Connection) -> Iterator[Any]:
    """A cursor of the driver itself; what it raises becomes SQLAlchemy's error, without values."""
    cursor = connection.connection.cursor()
    kinds = connection.dialect.loaded_dbapi.Error
    try:
        yield cursor
    except kinds as error:
        raise sa.exc.DBAPIError.instance(
            None, None, error, kinds, hide_parameters=True, dialect=connection.dialect
        ) from error
    except OverflowError as error:  # SQLite's driver has no error of its own for a number too large
        raise sa.exc.DataError(None, None, error, hide_parameters=True) from error
    finally:
        cursor.close()


@dataclass(frozen=True)
class _Compiled:
    sql: str
    order: tuple[str, ...] | None  # of the values, for a driver that counts them; else by name
    constants: dict[str, Any]  # values that the statement brings along, such as a limit
    processors: dict[str, Callable[[Any], Any]]  # of columns whose values the driver does not know

    @cached_property
    def _quick(self) -> tuple[Callable[[Any], Any], list[tuple[int, Callable[[Any], Any]]]] | None:
        """How the values are picked and processed by their places, where the caller gives them all."""
        if self.order is None or len(self.order) < 2 or self.constants:
            return None
        at = [(i, p) for i, n in enumerate(self.order) if (p := self.processors.get(n))]
        return itemgetter(*self.order), at

    def bound(self, values: Mapping[str, Any]) -> Any:
        quick = self._quick
        if quick is not None:
            pick, processed = quick
            row = list(pick(values))
            for i, process in processed:
                row[i] = process(row[i])
            return row
        whole = {**self.constants, **values}
        for name, process in self.processors.items():
            whole[name] = process(whole[name])
        return whole if self.order is None else tuple(whole[name] for name in self.order)


def _compiled(statement: Any, columns: Sequence[str] | None, dialect: sa.Dialect) -> _Compiled:
    made = statement.compile(dialect=dialect, column_keys=columns)
    processors = (
        (n, b.type.dialect_impl(dialect).bind_processor(dialect)) for n, b in made.binds.items()
    )
    return _Compiled(
        sql=str(made),
        order=tuple(made.positiontup) if dialect.positional else None,
        constants={n: b.value for n, b in made.binds.items() if not b.required},
        processors={name: process for name, process in processors if process is not None},
    )

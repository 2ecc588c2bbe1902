"""Answers are added up by variant and day, outcomes by user, variant and day; and who got how many answers in a
period is read from an index alone.

Written out, not imported: a later table or way of adding up must not change this history. No row of
before changes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.String(64)


def upgrade() -> None:
    op.create_index("answer_by_time", "answer", ["product", "created", "origin", "user", "variant"])
    op.create_table(
        "daily_answers",
        _key("product", _ID),
        _key("day", sa.String(10)),
        _key("variant", _ID),
        sa.Column("n", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "daily_outcomes",
        _key("product", _ID),
        _key("user", _ID),
        _key("variant", _ID),
        _key("day", sa.String(10)),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("total", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    _answers(op.get_bind())
    _outcomes(op.get_bind())


def downgrade() -> None:
    op.drop_table("daily_outcomes")
    op.drop_table("daily_answers")
    op.drop_index("answer_by_time", "answer")


def _answers(connection: sa.Connection) -> None:
    a = _table("answer").c
    key = (a.product, _day(a), a.variant)
    sums = sa.select(*key, sa.func.count().label("n")).group_by(*key)
    _insert(connection, "daily_answers", sums)


def _outcomes(connection: sa.Connection) -> None:
    """Those of real users that say a utility; older ones do not, and are not read one by one."""
    a, f = _table("answer"), _table("feedback")
    key = (a.c.product, a.c.user, a.c.variant, _day(a.c))
    sums = sa.select(*key, sa.func.count().label("n"), sa.func.sum(f.c.utility).label("total"))
    sums = sums.select_from(f.join(a, a.c.id == f.c.answer)).where(
        a.c.origin == "user", f.c.kind == "outcome", f.c.utility.is_not(None)
    )
    _insert(connection, "daily_outcomes", sums.group_by(*key))


def _day(a: Any) -> sa.Label[Any]:
    return sa.func.substr(a.created, 1, 10).label("day")


def _insert(connection: sa.Connection, table: str, sums: sa.Select[Any]) -> None:
    names = [column.name for column in sums.selected_columns]
    connection.execute(_table(table).insert().from_select(names, sums))


def _key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True)


def _table(name: str) -> Any:
    columns = {
        "answer": ("id", "product", "origin", "user", "variant", "created"),
        "feedback": ("answer", "kind", "utility"),
        "daily_answers": ("product", "day", "variant", "n"),
        "daily_outcomes": ("product", "user", "variant", "day", "n", "total"),
    }[name]
    kinds: dict[str, Any] = {"n": sa.Integer(), "total": sa.Float(), "utility": sa.Float()}
    made: list[sa.ColumnClause[Any]] = [sa.column(n, kinds.get(n, sa.String())) for n in columns]
    return sa.table(name, *made)

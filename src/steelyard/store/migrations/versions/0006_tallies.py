"""What real users in an experiment said is added up by user, and what their answers took by slices of
latency; an index holds what a readout asks of an answer still.

Written out, not imported: a later table or way of adding up must not change this history. No row of
before changes.
"""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TIME, _ID = sa.String(32), sa.String(64)
_PARTIAL = sa.text("experiment IS NOT NULL")
_ASKED = ["experiment", "origin", "arm", "created", "product", "latency_ms"]


def upgrade() -> None:
    op.drop_index("answer_by_experiment", "answer")
    op.create_index(
        "answer_by_arm", "answer", _ASKED, sqlite_where=_PARTIAL, postgresql_where=_PARTIAL
    )
    op.create_index("release_by_time", "release", ["product", "created"])
    op.create_table(
        "tally",
        *(_key(name, _ID) for name in ("product", "experiment")),
        _key("arm", sa.String(16)),
        _key("user", _ID),
        _key("since", _TIME),
        _key("pair", _ID),
        sa.Column("said", sa.Text),
        sa.Column("truth", sa.Text),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("total", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pace",
        *(_key(name, _ID) for name in ("product", "experiment")),
        _key("arm", sa.String(16)),
        _key("since", _TIME),
        sa.Column("slice", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("total", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    _outcomes(op.get_bind())
    _answers(op.get_bind())


def downgrade() -> None:
    op.drop_table("pace")
    op.drop_table("tally")
    op.drop_index("release_by_time", "release")
    op.drop_index("answer_by_arm", "answer")
    op.create_index(
        "answer_by_experiment",
        "answer",
        ["experiment", "origin"],
        sqlite_where=_PARTIAL,
        postgresql_where=_PARTIAL,
    )


def _outcomes(connection: sa.Connection) -> None:
    """Every outcome of a real user in an experiment, by the release that was the newest when its
    answer was given; those without a utility by their words too."""
    a, f = _table("answer"), _table("feedback")
    untold = f.c.utility.is_(None)
    each = sa.select(
        a.c.product,
        a.c.experiment,
        a.c.arm,
        a.c.user,
        _since(a),
        sa.case((untold, a.c.value)).label("said"),
        sa.case((untold, f.c.value)).label("truth"),
        f.c.utility,
    ).join(f, f.c.answer == a.c.id)
    o = each.where(f.c.kind == "outcome", *_shared(a)).subquery().c
    words = _digest(connection, o.said + "\n" + o.truth)
    alike = (o.product, o.experiment, o.arm, o.user, o.since, o.said, o.truth)
    sums = sa.select(
        *alike[:5],
        sa.case((o.said.is_(None), ""), else_=words).label("pair"),
        o.said,
        o.truth,
        sa.func.count().label("n"),
        sa.func.coalesce(sa.func.sum(o.utility), 0.0).label("total"),
    ).group_by(*alike)
    _insert(connection, "tally", sums)


def _answers(connection: sa.Connection) -> None:
    """What the answers to them took: sixteen slices a millisecond up to a second, one above."""
    a = _table("answer")
    late = a.c.latency_ms
    slices = sa.case(
        (late < 0, -1),
        (late < 1024, _whole(connection, late * 16)),
        else_=_whole(connection, late) + 15360,
    )
    each = sa.select(
        a.c.product, a.c.experiment, a.c.arm, _since(a), slices.label("slice"), a.c.cpu_s
    )
    o = each.where(*_shared(a)).subquery().c
    alike = (o.product, o.experiment, o.arm, o.since, o.slice)
    sums = sa.select(*alike, sa.func.count().label("n"), sa.func.sum(o.cpu_s).label("total"))
    _insert(connection, "pace", sums.group_by(*alike))


def _since(a: Any) -> sa.Label[Any]:
    r = _table("release")
    newest = sa.select(sa.func.coalesce(sa.func.max(r.c.created), ""))
    own = newest.where(r.c.product == a.c.product, r.c.created <= a.c.created)
    return own.correlate(a).scalar_subquery().label("since")


def _shared(a: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return (a.c.origin == "user", a.c.experiment.is_not(None), a.c.arm.is_not(None))


def _insert(connection: sa.Connection, table: str, sums: sa.Select[Any]) -> None:
    names = [column.name for column in sums.selected_columns]
    connection.execute(_table(table).insert().from_select(names, sums))


def _whole(connection: sa.Connection, number: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """SQLite cuts what stands behind the point, PostgreSQL would round it."""
    own = number if connection.dialect.name == "sqlite" else sa.func.floor(number)
    return sa.cast(own, sa.Integer)


def _digest(connection: sa.Connection, text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """SHA-256 in hexadecimal digits, which SQLite does not know by itself."""
    f = sa.func
    if connection.dialect.name != "sqlite":
        return f.encode(f.sha256(f.convert_to(text, "UTF8")), "hex", type_=sa.String)
    own: Any = connection.connection.driver_connection
    own.create_function("sha256_0006", 1, lambda said: hashlib.sha256(said.encode()).hexdigest())
    return f.sha256_0006(text, type_=sa.String)


def _key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True)


def _table(name: str) -> Any:
    columns = {
        "answer": (
            "id",
            "product",
            "experiment",
            "arm",
            "user",
            "origin",
            "created",
            "value",
            "latency_ms",
            "cpu_s",
        ),
        "feedback": ("answer", "kind", "value", "utility"),
        "release": ("product", "created"),
        "tally": (
            "product",
            "experiment",
            "arm",
            "user",
            "since",
            "pair",
            "said",
            "truth",
            "n",
            "total",
        ),
        "pace": ("product", "experiment", "arm", "since", "slice", "n", "total"),
    }[name]
    real, whole = ("utility", "total", "latency_ms", "cpu_s"), ("n", "slice")
    kinds: dict[str, Any] = dict.fromkeys(real, sa.Float()) | dict.fromkeys(whole, sa.Integer())
    made: list[sa.ColumnClause[Any]] = [sa.column(n, kinds.get(n, sa.String())) for n in columns]
    return sa.table(name, *made)

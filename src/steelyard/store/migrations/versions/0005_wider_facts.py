"""An answer is any JSON value and knows its release and its experiment; feedback is JSON; a line of
money says whether it moved, and what it was about; sums of whole blocks of lines are kept, and the
salt of users' ids.

Written out, not imported: a later table or way of hashing must not change this history. No row of
before changes its hash but those of experiments, which are told apart by their columns from now on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TIME, _ID = sa.String(32), sa.String(64)
_BATCH = 2000
_ARMS = ("live", "canary")
_ANSWER = (
    "id",
    "product",
    "variant",
    "state",
    "user",
    "request",
    "value",
    "score",
    "detail",
    "cpu_s",
    "latency_ms",
    "created",
    "origin",
)
_PARTIAL = sa.text("experiment IS NOT NULL")


def upgrade() -> None:
    connection = op.get_bind()
    _as_json(connection)
    for column in (
        sa.Column("release", sa.Integer),
        sa.Column("experiment", _ID),
        sa.Column("arm", sa.String(16)),
    ):
        op.add_column("answer", column)
    op.add_column("feedback", sa.Column("at", _TIME))
    op.add_column("feedback", sa.Column("utility", sa.Float))
    op.add_column("entry", sa.Column("basis", sa.String(8)))
    op.add_column("entry", sa.Column("about", sa.Text))
    _subtotal()
    _experiments(connection)
    op.create_index(
        "answer_by_experiment",
        "answer",
        ["experiment", "origin"],
        sqlite_where=_PARTIAL,
        postgresql_where=_PARTIAL,
    )


def downgrade() -> None:
    raise NotImplementedError("an answer may hold what no older version can read")


def _as_json(connection: sa.Connection) -> None:
    """A label becomes a text of JSON, and a score may be missing."""
    if connection.dialect.name == "sqlite":
        _answers_anew(connection)
        _feedback_anew(connection)
        return
    for step in (
        "ALTER TABLE answer RENAME COLUMN label TO value",
        "ALTER TABLE answer RENAME COLUMN scores TO detail",
        "ALTER TABLE answer ALTER COLUMN value TYPE TEXT USING to_json(value)::text",
        "ALTER TABLE answer ALTER COLUMN score DROP NOT NULL",
        "ALTER TABLE feedback ALTER COLUMN value TYPE TEXT USING to_json(value)::text",
        # a table written anew has no statistics: without them each page of answers would read all of them
        "ANALYZE answer",
        "ANALYZE feedback",
    ):
        connection.execute(sa.text(step))


def _answers_anew(connection: sa.Connection) -> None:
    """SQLite changes no column: the table is written anew. Foreign keys are not asked meanwhile."""
    op.create_table(
        "answer_new",
        sa.Column("id", _ID, primary_key=True),
        *(_filled(name, _ID) for name in ("product", "variant")),
        _filled("state", sa.String(16)),
        *(_filled(name, _ID) for name in ("user", "request")),
        _filled("value", sa.Text),
        sa.Column("score", sa.Float),
        _filled("detail", sa.JSON),
        *(_filled(name, sa.Float) for name in ("cpu_s", "latency_ms")),
        _filled("created", _TIME),
        sa.Column("origin", sa.String(16), nullable=False, server_default="user"),
        sa.Column("sha256", _ID),
    )
    same = '"id", "product", "variant", "state", "user", "request"'
    rest = '"cpu_s", "latency_ms", "created", "origin", "sha256"'
    _moved(
        connection,
        "answer",
        f"INSERT INTO answer_new ({same}, value, score, detail, {rest}) "  # noqa: S608
        f"SELECT {same}, json_quote(label), score, scores, {rest} FROM answer",
    )
    op.create_index("answer_by_request", "answer", ["request"])


def _feedback_anew(connection: sa.Connection) -> None:
    op.create_table(
        "feedback_new",
        sa.Column("id", _ID, primary_key=True),
        _filled("answer", _ID, sa.ForeignKey("answer.id")),
        _filled("kind", sa.String(16)),
        _filled("value", sa.Text),
        _filled("created", _TIME),
        sa.Column("sha256", _ID),
    )
    _moved(
        connection,
        "feedback",
        "INSERT INTO feedback_new (id, answer, kind, value, created, sha256) "
        "SELECT id, answer, kind, json_quote(value), created, sha256 FROM feedback",
    )
    op.create_index("feedback_by_answer", "feedback", ["answer"])


def _moved(connection: sa.Connection, table: str, copy: str) -> None:
    for step in (copy, f"DROP TABLE {table}", f"ALTER TABLE {table}_new RENAME TO {table}"):
        connection.execute(sa.text(step))


def _subtotal() -> None:
    op.create_table(
        "subtotal",
        sa.Column("id", sa.Integer, primary_key=True),
        *(_filled(name, sa.Integer) for name in ("first", "last")),
        _filled("head", _ID),
        _filled("rows", sa.Integer),
        _filled("product", _ID),
        _filled("turn", sa.Integer),
        *(_filled(name, _ID) for name in ("account", "unit")),
        _filled("currency", sa.String(3)),
        _filled("basis", sa.String(8)),
        _filled("lines", sa.Integer),
        _filled("quantity", sa.String(80)),
        _filled("nano", sa.String(40)),
        sa.Column("sha256", _ID),
    )
    op.create_index("subtotal_by_block", "subtotal", ["last"])
    op.create_table(
        "secret",
        sa.Column("name", sa.String(80), primary_key=True),
        _filled("value", sa.String(200)),
        _filled("created", _TIME),
        sa.Column("sha256", _ID),
    )


def _experiments(connection: sa.Connection) -> None:
    """Which pair of variants an answer of before belongs to: replays say it in their request, real
    users by when they came."""
    a = _answers()
    for part in _pages(connection, a, a.c.origin == "replay"):
        named = [(row, row.request.split(":")) for row in part]
        _fill(connection, [(row, p[0], p[3]) for row, p in named if len(p) == 4 and p[3] in _ARMS])
    for product, live, canary, since, until in _epochs(connection):
        # replays of 0.1 had no mark of their own: their request ids tell them apart
        old = f"{_pair(live, canary)}:"
        of = [
            a.c.product == product,
            a.c.origin == "user",
            a.c.created >= since,
            a.c.variant.in_([live, canary]),
            ~a.c.request.startswith(old, autoescape=True),
        ]
        if until is not None:
            of.append(a.c.created < until)
        pair = _pair("pairs", live, canary)
        for part in _pages(connection, a, *of):
            _fill(connection, [(r, pair, "live" if r.variant == live else "canary") for r in part])


def _pages(connection: sa.Connection, a: Any, *of: Any) -> Iterator[list[Any]]:
    """Answers by their ids, some at a time: there may be many."""
    last = ""
    while True:
        query = sa.select(a).where(*of, a.c.id > last).order_by(a.c.id).limit(_BATCH)
        part = list(connection.execute(query).all())
        if not part:
            return
        yield part
        last = part[-1].id


def _epochs(connection: sa.Connection) -> Iterator[tuple[str, str, str, str, str | None]]:
    """(product, live, canary, since, until): while two variants shared the users at one share."""
    names: list[sa.ColumnClause[Any]] = [
        sa.column(n) for n in ("id", "product", "variant", "state", "share", "created")
    ]
    release: Any = sa.table("release", *names)
    current: dict[str, dict[str, tuple[str, float]]] = {}
    open_: dict[str, tuple[str, str, str]] = {}
    for row in connection.execute(sa.select(release).order_by(release.c.id)).all():
        own, shared = current.setdefault(row.product, {}), (row.variant, row.share)
        if row.state not in (*_ARMS, "retired") or own.get(row.state) == shared:
            continue
        if row.product in open_:
            yield (row.product, *open_.pop(row.product), row.created)
        own = {state: had for state, had in own.items() if had[0] != row.variant}
        if row.state in _ARMS:
            own[row.state] = shared
        current[row.product] = own
        if set(own) == set(_ARMS):
            open_[row.product] = (own["live"][0], own["canary"][0], row.created)
    for product, epoch in open_.items():
        yield (product, *epoch, None)


def _fill(connection: sa.Connection, rows: list[tuple[Any, str, str]]) -> None:
    """A row that is not what it was written with keeps its hash, so that it is still found."""
    a = _answers()
    update = a.update().where(a.c.id == sa.bindparam("row"))
    update = update.values(
        experiment=sa.bindparam("pair"),
        arm=sa.bindparam("side"),
        sha256=sa.bindparam("found", type_=sa.String),
    )
    made = []
    for row, pair, arm in rows:
        found = row.sha256
        try:
            values = [json.loads(row.value) if n == "value" else getattr(row, n) for n in _ANSWER]
            if isinstance(row.detail, str):  # the driver of PostgreSQL reads JSON itself
                values[_ANSWER.index("detail")] = json.loads(row.detail)
            if _sha256(values) == found:
                found = _sha256([*values, ["experiment", pair], ["arm", arm]])
        except (ValueError, TypeError):
            pass  # no JSON: its hash says so
        made.append({"row": row.id, "pair": pair, "side": arm, "found": found})
    if made:
        connection.execute(update, made)


def _sha256(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _answers() -> Any:
    kinds: dict[str, Any] = {"score": sa.Float(), "cpu_s": sa.Float(), "latency_ms": sa.Float()}
    columns = (*_ANSWER, "experiment", "arm", "sha256")
    made: list[sa.ColumnClause[Any]] = [sa.column(n, kinds.get(n, sa.String())) for n in columns]
    return sa.table("answer", *made)


def _pair(*parts: str) -> str:
    return hashlib.sha256("\t".join(parts).encode()).hexdigest()[:16]


def _filled(name: str, kind: Any, *more: sa.ForeignKey) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=False)

"""Every row carries a hash of itself, so that a changed one is seen. Rows of before get theirs here."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# Written out, not imported: a later table or way of hashing must not change this history.
_TABLES = {
    "turn": ("id", "product", "spec_sha256", "started"),  # `ended` is set later
    "step": ("key", "name", "turn", "done", "cpu_s", "output"),
    "dataset": (
        "id",
        "product",
        "version",
        "tag",
        "parent",
        "sources",
        "recipe",
        "counts",
        "created",
    ),
    "variant": ("id", "name", "task", "parent", "dataset", "bytes", "card", "created"),
    "measure": ("id", "subject", "name", "value", "low", "high", "n", "on", "detail", "created"),
    "release": ("id", "product", "variant", "state", "share", "reason", "who", "created"),
    "answer": (
        "id",
        "product",
        "variant",
        "state",
        "user",
        "request",
        "label",
        "score",
        "scores",
        "cpu_s",
        "latency_ms",
        "created",
        "origin",
    ),
    "feedback": ("id", "answer", "kind", "value", "created"),
    "experiment": ("id", "product", "arms", "unit", "metric", "rule", "readout", "created"),
    "plan": ("id", "turn", "product", "body", "created"),
}
_JSON = {
    "output",
    "sources",
    "recipe",
    "counts",
    "card",
    "detail",
    "scores",
    "arms",
    "rule",
    "readout",
    "body",
}
_FLOAT = {"cpu_s", "value", "low", "high", "share", "score", "latency_ms"}
_BATCH = 2000


def upgrade() -> None:
    connection = op.get_bind()
    for name, columns in _TABLES.items():
        op.add_column(name, sa.Column("sha256", sa.String(64)))
        _fill(connection, name, columns)


def downgrade() -> None:
    for name in _TABLES:
        op.drop_column(name, "sha256")


def _fill(connection: sa.Connection, name: str, columns: tuple[str, ...]) -> None:
    table = sa.table(name, *(sa.column(c, _kind(name, c)) for c in (*columns, "sha256")))
    key, found = table.c[columns[0]], sa.bindparam("found", type_=sa.String)
    update = table.update().where(key == sa.bindparam("row")).values(sha256=found)
    rows = connection.execute(sa.select(*(table.c[c] for c in columns))).all()
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        connection.execute(update, [{"row": r[0], "found": _sha256(r)} for r in part])


def _kind(name: str, column: str) -> sa.types.TypeEngine[Any]:
    if column in _JSON:
        return sa.JSON()
    # feedback.value is a text, measure.value a number
    return sa.Float() if column in _FLOAT and name != "feedback" else sa.types.NullType()


def _sha256(row: Any) -> str:
    return hashlib.sha256(json.dumps(list(row)).encode()).hexdigest()

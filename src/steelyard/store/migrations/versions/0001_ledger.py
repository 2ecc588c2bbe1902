"""The first schema: every noun of the ledger, in its own words so that later tables do not change it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TIME, _ID = sa.String(32), sa.String(64)
_TABLES = (
    "turn",
    "step",
    "dataset",
    "variant",
    "measure",
    "release",
    "answer",
    "feedback",
    "experiment",
    "entry",
    "plan",
)


def upgrade() -> None:
    _turns()
    _records_and_models()
    _service()
    _money()


def downgrade() -> None:
    for name in reversed(_TABLES):
        op.drop_table(name)


def _turns() -> None:
    op.create_table(
        "turn",
        sa.Column("id", sa.Integer, primary_key=True),
        _filled("product", _ID),
        _filled("spec_sha256", _ID),
        _filled("started", _TIME),
        sa.Column("ended", _TIME),
    )
    op.create_table(
        "step",
        sa.Column("key", _ID, primary_key=True),
        _filled("name", _ID),
        _filled("turn", sa.Integer, sa.ForeignKey("turn.id")),
        _filled("done", _TIME),
        _filled("cpu_s", sa.Float),
        _filled("output", sa.JSON),
    )


def _records_and_models() -> None:
    op.create_table(
        "dataset",
        sa.Column("id", _ID, primary_key=True),
        _filled("product", _ID),
        _filled("version", sa.Integer),
        _filled("tag", _ID),
        sa.Column("parent", _ID),
        _filled("sources", sa.JSON),
        _filled("recipe", sa.JSON),
        _filled("counts", sa.JSON),
        _filled("created", _TIME),
    )
    op.create_table(
        "variant",
        sa.Column("id", _ID, primary_key=True),
        _filled("name", _ID),
        _filled("task", _ID),
        sa.Column("parent", _ID),
        _filled("dataset", _ID, sa.ForeignKey("dataset.id")),
        _filled("bytes", sa.BigInteger),
        _filled("card", sa.JSON),
        _filled("created", _TIME),
    )
    op.create_table(
        "measure",
        sa.Column("id", sa.Integer, primary_key=True),
        _filled("subject", _ID),
        _filled("name", _ID),
        _filled("value", sa.Float),
        sa.Column("low", sa.Float),
        sa.Column("high", sa.Float),
        _filled("n", sa.Integer),
        _filled("on", sa.String(200)),
        sa.Column("detail", sa.JSON),
        _filled("created", _TIME),
    )


def _service() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.Integer, primary_key=True),
        _filled("product", _ID),
        _filled("variant", _ID, sa.ForeignKey("variant.id")),
        _filled("state", sa.String(16)),
        _filled("share", sa.Float),
        _filled("reason", sa.Text),
        _filled("who", _ID),
        _filled("created", _TIME),
    )
    op.create_table(
        "answer",
        sa.Column("id", _ID, primary_key=True),
        *(_filled(name, _ID) for name in ("product", "variant")),
        _filled("state", sa.String(16)),
        *(_filled(name, _ID) for name in ("user", "request")),
        _filled("label", sa.String(200)),
        _filled("score", sa.Float),
        _filled("scores", sa.JSON),
        *(_filled(name, sa.Float) for name in ("cpu_s", "latency_ms")),
        _filled("created", _TIME),
    )
    op.create_index("answer_by_request", "answer", ["request"])
    op.create_table(
        "feedback",
        sa.Column("id", _ID, primary_key=True),
        _filled("answer", _ID, sa.ForeignKey("answer.id")),
        _filled("kind", sa.String(16)),
        _filled("value", sa.String(200)),
        _filled("created", _TIME),
    )
    op.create_index("feedback_by_answer", "feedback", ["answer"])
    op.create_table(
        "experiment",
        sa.Column("id", _ID, primary_key=True),
        _filled("product", _ID),
        _filled("arms", sa.JSON),
        *(_filled(name, _ID) for name in ("unit", "metric")),
        *(_filled(name, sa.JSON) for name in ("rule", "readout")),
        _filled("created", _TIME),
    )


def _money() -> None:
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        _filled("time", _TIME),
        _filled("turn", sa.Integer),
        _filled("account", _ID),
        _filled("quantity", sa.String(40)),
        _filled("unit", _ID),
        _filled("nano", sa.BigInteger),
        _filled("currency", sa.String(3)),
        _filled("evidence", sa.String(300)),
        _filled("previous", _ID),
        sa.Column("hash", _ID, nullable=False, unique=True),
    )
    op.create_table(
        "plan",
        sa.Column("id", _ID, primary_key=True),
        _filled("turn", sa.Integer, sa.ForeignKey("turn.id")),
        _filled("product", _ID),
        _filled("body", sa.JSON),
        _filled("created", _TIME),
    )


def _filled(name: str, kind: Any, *more: sa.ForeignKey) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=False)

"""A turn remembers its product file and each of its steps, those that it reused too.

Tables of their own, so that no row of before changes its hash. Steps of before are known only in the
turn that ran them: what a later turn reused of them was not written down.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TIME, _ID = sa.String(32), sa.String(64)
_BATCH = 2000
_HASHED = ("id", "turn", "name", "key", "how", "cpu_s", "nano", "currency", "created")


def upgrade() -> None:
    op.create_table(
        "turn_file",
        sa.Column("turn", sa.Integer, sa.ForeignKey("turn.id"), primary_key=True),
        _filled("text", sa.Text),
        _filled("created", _TIME),
        sa.Column("sha256", _ID),
    )
    op.create_table(
        "turn_step",
        sa.Column("id", sa.Integer, primary_key=True),
        _filled("turn", sa.Integer, sa.ForeignKey("turn.id")),
        *(_filled(name, _ID) for name in ("name", "key")),
        _filled("how", sa.String(8)),
        _filled("cpu_s", sa.Float),
        _filled("nano", sa.BigInteger),
        _filled("currency", sa.String(3)),
        _filled("created", _TIME),
        sa.Column("sha256", _ID),
    )
    op.create_index("turn_step_by_turn", "turn_step", ["turn"])
    _carry(op.get_bind())


def downgrade() -> None:
    op.drop_table("turn_step")
    op.drop_table("turn_file")


def _carry(connection: sa.Connection) -> None:
    """Every step of before, in the turn that ran it, with the money of its own line."""
    steps = sa.text("SELECT key, name, turn, done, cpu_s FROM step ORDER BY done, key")
    lines = sa.text("SELECT evidence, nano, currency FROM entry WHERE evidence LIKE 'step:%'")
    money = {row.evidence: (row.nano, row.currency) for row in connection.execute(lines)}
    made = []
    for number, row in enumerate(connection.execute(steps).all(), start=1):
        nano, currency = money.get(f"step:{row.key}", (0, "XXX"))
        values = (
            number,
            row.turn,
            row.name,
            row.key,
            "ran",
            float(row.cpu_s),
            nano,
            currency,
            row.done,
        )
        made.append(dict(zip(_HASHED, values, strict=True)) | {"sha256": _sha256(values)})
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in (*_HASHED, "sha256")]
    table = sa.table("turn_step", *columns)
    for start in range(0, len(made), _BATCH):
        connection.execute(table.insert(), made[start : start + _BATCH])


def _sha256(values: tuple[Any, ...]) -> str:
    """Written out, not imported: a later way of hashing must not change this history."""
    return hashlib.sha256(json.dumps(list(values)).encode()).hexdigest()


def _filled(name: str, kind: Any, *more: sa.ForeignKey) -> sa.Column[Any]:
    return sa.Column(name, kind, *more, nullable=False)

"""What a sum reads comes under the chain, and an answer says whether a user or a replay asked.

`entry.product` is hashed with every new line. Lines of before keep the hash they have: one line of
no money is added that holds a hash over the product of each of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    origin = sa.Column("origin", sa.String(16), nullable=False, server_default="user")
    op.add_column("answer", origin)
    op.add_column("entry", sa.Column("product", sa.String(64)))
    _carry(op.get_bind())


def downgrade() -> None:
    op.drop_column("entry", "product")
    op.drop_column("answer", "origin")


def _carry(connection: sa.Connection) -> None:
    """Written out, not imported: a later way of hashing must not change this history."""
    lines = sa.text(
        "SELECT e.id, t.product FROM entry e LEFT JOIN turn t ON t.id = e.turn ORDER BY e.id"
    )
    products = [[row.id, row.product] for row in connection.execute(lines)]
    if not products:
        return
    head = sa.text("SELECT id, hash FROM entry ORDER BY id DESC LIMIT 1")
    last = connection.execute(head).one()
    row = {
        "id": last.id + 1,
        "time": datetime.now(UTC).isoformat(timespec="microseconds"),
        "turn": 0,
        "account": "ledger.carried",
        "quantity": str(len(products)),
        "unit": "line",
        "nano": 0,
        "currency": "XXX",
        "evidence": f"products:{_sha256(products)}",
        "product": "",
        "previous": last.hash,
    }
    row["hash"] = _sha256([row[name] for name in _HASHED])
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in row]
    connection.execute(sa.table("entry", *columns).insert().values(row))


_HASHED = (
    "id",
    "time",
    "turn",
    "account",
    "quantity",
    "unit",
    "nano",
    "currency",
    "evidence",
    "previous",
    "product",
)


def _sha256(value: Sequence[object]) -> str:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()

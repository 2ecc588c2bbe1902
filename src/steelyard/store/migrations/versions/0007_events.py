"""What exports of other systems say of the market, and kept sums of money by the day that it speaks of.

Written out, not imported: a later table must not change this history. No row of before changes; the kept
sums are added up again from their lines when the ledger is opened.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_TIME, _ID = sa.String(32), sa.String(64)


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("product", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("at", _TIME),
        sa.Column("channel", sa.String(200)),
        sa.Column("customer", _ID),
        sa.Column("nano", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("file", _ID, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("sha256", _ID),
    )
    op.create_index("event_by_key", "event", ["key", "revision"], unique=True)
    op.create_index("event_by_day", "event", ["product", "kind", "day"])
    for name, kind in (("day", sa.String(10)), ("variant", _ID), ("channel", sa.String(200))):
        op.add_column("subtotal", sa.Column(name, kind))
    op.execute(sa.text("DELETE FROM subtotal"))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM subtotal"))
    for name in ("channel", "variant", "day"):
        op.drop_column("subtotal", name)
    op.drop_table("event")

"""The first schema: every noun of the ledger."""

from __future__ import annotations

from alembic import op

from steelyard.store.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())

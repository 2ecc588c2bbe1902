"""The visits of one user are found without a look at those of all: a conversion asks for the last of them.

Written out, not imported: a later index must not change this history. No row changes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_PARTIAL = sa.text("customer IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "event_by_customer",
        "event",
        ["customer", "kind", "at"],
        sqlite_where=_PARTIAL,
        postgresql_where=_PARTIAL,
    )


def downgrade() -> None:
    op.drop_index("event_by_customer", "event")

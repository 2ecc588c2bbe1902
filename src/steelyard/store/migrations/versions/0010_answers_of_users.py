"""How many answers each real user in an experiment got is added up: a readout that has users as its unit reads no
answer for it.

Written out, not imported: a later table or way of adding up must not change this history. No row of
before changes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TIME, _ID = sa.String(32), sa.String(64)
_KEY = ("product", "experiment", "arm", "user", "since")


def upgrade() -> None:
    op.create_table(
        "asked",
        *(_key(name, _ID) for name in ("product", "experiment")),
        _key("arm", sa.String(16)),
        _key("user", _ID),
        _key("since", _TIME),
        sa.Column("n", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    _answers(op.get_bind())


def downgrade() -> None:
    op.drop_table("asked")


def _answers(connection: sa.Connection) -> None:
    """Answers to real users that an experiment shares, by the release that was the newest when each was given."""
    a, r = _table("answer").c, _table("release").c
    newest = sa.select(sa.func.coalesce(sa.func.max(r.created), ""))
    began = newest.where(r.product == a.product, r.created <= a.created)
    since = began.correlate(a.product.table).scalar_subquery().label("since")
    shared = (a.origin == "user", a.experiment.is_not(None), a.arm.is_not(None))
    each = sa.select(a.product, a.experiment, a.arm, a.user, since).where(*shared).subquery().c
    key = [each[name] for name in _KEY]
    sums = sa.select(*key, sa.func.count().label("n")).group_by(*key)
    connection.execute(_table("asked").insert().from_select([*_KEY, "n"], sums))


def _key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True)


def _table(name: str) -> Any:
    columns = {
        "answer": ("product", "experiment", "arm", "user", "origin", "created"),
        "release": ("product", "created"),
        "asked": (*_KEY, "n"),
    }[name]
    return sa.table(
        name, *(sa.column(n, sa.Integer() if n == "n" else sa.String()) for n in columns)
    )

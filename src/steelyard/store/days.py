"""Answers by variant and day of UTC, and outcomes by user, variant and day, added up while they are written: what a
request and a right answer cost is told without a look at each. Derived: `check_days` compares. Knows no money.

Example: `keep(connection, tables.answer, rows)` once the rows are there, in their transaction
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from steelyard.store.adding import add, check, count
from steelyard.store.tables import answer, daily_answers, daily_outcomes, feedback
from steelyard.store.tallies import OUTCOME, USER

_Where = sa.ColumnElement[bool]
_A, _F = answer.c, feedback.c
_DAY = sa.func.substr(_A.created, 1, 10).label("day")


def keep(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Count what was written just now; in the caller's transaction, which must be the only writer."""
    if table is answer:
        # counted here: every request pays for it, and a commit has answers of a day and a variant or two
        days = Counter((row["product"], row["created"][:10], row["variant"]) for row in rows)
        names = ("product", "day", "variant")
        kept = [dict(zip(names, key, strict=True)) | {"n": n} for key, n in days.items()]
        add(connection, daily_answers, kept)
    elif table is feedback:
        told = (row for row in rows if row["kind"] == OUTCOME and row.get("utility") is not None)
        count(connection, daily_outcomes, feedback, _outcomes, [row["id"] for row in told])


def check_days(connection: sa.Connection) -> None:
    """Damaged for a day whose sums are not those of its answers, or of their outcomes."""
    check(connection, daily_answers, _answers(sign=-1))
    check(connection, daily_outcomes, _outcomes(sign=-1))


def _answers(*where: _Where, sign: int = 1) -> sa.Select[Any]:
    """Answers of any origin: the CPU of each is booked."""
    key = (_A.product, _DAY, _A.variant)
    return sa.select(*key, (sa.func.count() * sign).label("n")).where(*where).group_by(*key)


def _outcomes(*where: _Where, sign: int = 1) -> sa.Select[Any]:
    """Outcomes of real users that say a utility, on the day of their answer."""
    key = (_A.product, _A.user, _A.variant, _DAY)
    n, total = sa.func.count() * sign, sa.func.sum(_F.utility) * sign
    told = sa.select(*key, n.label("n"), total.label("total"))
    told = told.select_from(feedback.join(answer, _A.id == _F.answer))
    own = (_A.origin == USER, _F.kind == OUTCOME, _F.utility.is_not(None))
    return told.where(*own, *where).group_by(*key)

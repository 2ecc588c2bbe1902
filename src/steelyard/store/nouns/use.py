"""Who used which variant how much, and how right it was: sums that the database makes. Knows no metric.

Example: `store.use.of_variants()["3f2a"].answers`
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from steelyard.store import tables
from steelyard.store.nouns.noun import Noun
from steelyard.store.tallies import OUTCOME, USER


@dataclass(frozen=True)
class Right:
    """Outcomes of real users, each user's number n and sum of utilities t, added up over users: `users`,
    the sums of n and t, and of n * n, n * t and t * t, from which a ratio has its variance."""

    users: int
    n: float
    t: float
    nn: float
    nt: float
    tt: float


class Use(Noun):
    """Answers by variant and user, on days that are those of UTC."""

    def of_variants(self, *, since: str = "", until: str = "~") -> dict[str, int]:
        """Variant -> answers, to users and to replayed records, as their CPU is booked."""
        a = tables.answer.c
        query = sa.select(a.variant, sa.func.count().label("n")).where(*self._of(since, until))
        return {row["variant"]: row["n"] for row in self.rows(query.group_by(a.variant))}

    def of_users(self, *, since: str = "", until: str = "~") -> list[dict[str, Any]]:
        """`user`, `variant` and `n` answers, of users who said who they are."""
        a = tables.answer.c
        query = sa.select(a.user, a.variant, sa.func.count().label("n"))
        query = query.where(*self._of(since, until), a.origin == USER, a.user != "")
        return self.rows(query.group_by(a.user, a.variant))

    def right(self, *, since: str = "", until: str = "~") -> dict[str, Right]:
        """Variant -> what real users said of its answers, where it says a utility."""
        a, f = tables.answer.c, tables.feedback.c
        each = (
            sa.select(
                a.variant,
                a.user,
                sa.func.count().label("n"),
                sa.func.sum(f.utility).label("t"),
            )
            .select_from(tables.feedback.join(tables.answer, a.id == f.answer))
            .where(*self._of(since, until), a.origin == USER)
            .where(f.kind == OUTCOME, f.utility.is_not(None))
            .group_by(a.variant, a.user)
            .subquery()
        )
        n, t = (sa.cast(each.c[name], sa.Float) for name in ("n", "t"))
        total = sa.func.sum
        query = sa.select(
            each.c.variant,
            sa.func.count().label("users"),
            *(total(one).label(name) for name, one in (("n", n), ("t", t))),
            *(total(x).label(m) for m, x in (("nn", n * n), ("nt", n * t), ("tt", t * t))),
        ).group_by(each.c.variant)
        return {row.pop("variant"): Right(**row) for row in self.rows(query)}

    def _of(self, since: str, until: str) -> tuple[sa.ColumnElement[bool], ...]:
        """Answers of the product from a day on, until the end of another one."""
        a = tables.answer.c
        where = [a.product == self.product]
        where += [a.created >= since] if since else []
        if until != "~":  # texts of times are in their order, whatever the database's language
            where.append(a.created < (date.fromisoformat(until) + timedelta(days=1)).isoformat())
        return tuple(where)

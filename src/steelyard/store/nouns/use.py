"""Who used which variant how much, and how right it was: sums that the database makes. Knows no metric.

Example: `store.use.of_variants(since="2026-01-01")["3f2a"]`
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from steelyard.store import tables
from steelyard.store.nouns.market import CONVERSION
from steelyard.store.nouns.noun import Noun
from steelyard.store.tallies import USER

_LAST = "~"  # behind every day


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
    """Answers by variant and user, on days that are those of UTC; the first and the last are included."""

    def of_variants(self, *, since: str = "", until: str = _LAST) -> dict[str, int]:
        """Variant -> answers, to users and to replayed records, as their CPU is booked."""
        d = tables.daily_answers.c
        n = sa.cast(sa.func.sum(d.n), sa.Integer).label("n")
        query = sa.select(d.variant, n).where(d.product == self.product, *_days(d, since, until))
        return {row["variant"]: row["n"] for row in self.rows(query.group_by(d.variant))}

    def of_payers(self, *, since: str = "", until: str = _LAST) -> list[dict[str, Any]]:
        """`user`, `variant` and `n` answers, of users who ever paid."""
        a, e = tables.answer.c, tables.event.c
        kinds = ("sales", CONVERSION)  # of which those that are no cash only make the list longer
        paid = sa.select(e.customer).where(e.product == self.product, e.kind.in_(kinds))
        where = [a.product == self.product, a.origin == USER, a.user.in_(paid)]
        where += [a.created >= since] if since else []
        if until != _LAST:
            where.append(a.created < (date.fromisoformat(until) + timedelta(days=1)).isoformat())
        query = sa.select(a.user, a.variant, sa.func.count().label("n")).where(*where)
        return self.rows(query.group_by(a.user, a.variant))

    def of_days(self, *, since: str, until: str) -> dict[str, int]:
        """Day -> answers, to users and to replayed records; days without any are left out."""
        d = tables.daily_answers.c
        n = sa.cast(sa.func.sum(d.n), sa.Integer).label("n")
        query = sa.select(d.day, n).where(d.product == self.product, *_days(d, since, until))
        return {row["day"]: row["n"] for row in self.rows(query.group_by(d.day).order_by(d.day))}

    def by_hour(self, *, since: str, until: str) -> list[int]:
        """[24] answers to users by the hour of UTC. Reads an index of each: ask for a number of days that is bounded."""
        a = tables.answer.c
        # as constants: a database that is handed them apart does not know the two for the same
        at, two = (sa.literal_column(place, sa.Integer) for place in ("12", "2"))
        hour = sa.func.substr(a.created, at, two).label("hour")
        behind = (date.fromisoformat(until) + timedelta(days=1)).isoformat()
        own = (a.product == self.product, a.origin == USER, a.created >= since, a.created < behind)
        query = sa.select(hour, sa.func.count().label("n")).where(*own).group_by(hour)
        counts = [0] * 24
        for row in self.rows(query):
            counts[int(row["hour"])] = int(row["n"])
        return counts

    def right(self, *, since: str = "", until: str = _LAST) -> dict[str, Right]:
        """Variant -> what real users said of its answers, where it says a utility."""
        d = tables.daily_outcomes.c
        sums = (sa.func.sum(d.n).label("n"), sa.func.sum(d.total).label("t"))
        of_each = sa.select(d.variant, d.user, *sums).group_by(d.user, d.variant)
        each = of_each.where(d.product == self.product, *_days(d, since, until)).subquery()
        n, t = (sa.cast(each.c[name], sa.Float) for name in ("n", "t"))
        total = sa.func.sum
        query = sa.select(
            each.c.variant,
            sa.func.count().label("users"),
            *(total(one).label(name) for name, one in (("n", n), ("t", t))),
            *(total(x).label(m) for m, x in (("nn", n * n), ("nt", n * t), ("tt", t * t))),
        ).group_by(each.c.variant)
        return {row.pop("variant"): Right(**row) for row in self.rows(query)}


def _days(d: Any, since: str, until: str) -> list[sa.ColumnElement[bool]]:
    """From a day on, until another one; texts of days are in their order, whatever the database's language."""
    return ([d.day >= since] if since else []) + ([d.day <= until] if until != _LAST else [])

"""Answers that were given and what was said of them: sums and joins, made by the database.

Knows no metric. Example: `store.answers.cpu_s("3f2a")`
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from steelyard.store import tables
from steelyard.store.nouns.noun import Noun, Row

OUTCOME, REPLAY, USER = "outcome", "replay", "user"


@dataclass(frozen=True)
class Took:
    """What answers took: their number, mean CPU seconds and the 95th percentile of latency."""

    n: int
    cpu_s: float
    p95_ms: float


@dataclass(frozen=True)
class Spread:
    """How one number a user spreads: users, mean and variance."""

    n: int
    mean: float
    variance: float


class Answers(Noun):
    """Every answer of the product."""

    def of_ids(self, ids: Sequence[str]) -> dict[str, Row]:
        """Those there are, by id."""
        a = tables.answer
        query = sa.select(a).where(a.c.id.in_(ids), a.c.product == self.product)
        return {row["id"]: row for row in self.rows(query)}

    def one(self, identity: str) -> Row | None:
        """`variant`, `value` and `origin` of an answer, or None."""
        a = tables.answer
        query = sa.select(a.c.variant, a.c.value, a.c.origin)
        rows = self.rows(query.where(a.c.id == identity, a.c.product == self.product))
        return rows[0] if rows else None

    def replayed(self, experiment: str) -> list[Row]:
        """Replayed answers of an experiment, with the `truth` of each that has one, and the
        `utility` that it had by it."""
        a, f = tables.answer, tables.feedback
        asked = (a.c.request, a.c.variant, a.c.arm, a.c.cpu_s, a.c.latency_ms, a.c.value)
        query = sa.select(*asked, f.c.value.label("truth"), f.c.utility).join(f, f.c.answer == a.c.id)  # fmt: skip
        return self.rows(query.where(f.c.kind == OUTCOME, *self._of(experiment, REPLAY)))

    def cpu_s(self, experiment: str) -> float:
        """CPU seconds of every replayed answer of an experiment."""
        query = sa.select(sa.func.sum(tables.answer.c.cpu_s).label("s"))
        rows = self.rows(query.where(*self._of(experiment, REPLAY)))
        return float(rows[0]["s"] or 0.0)

    def by_user(self, experiment: str, *, since: str) -> dict[str, Spread] | None:
        """Arm -> the mean utility of each real user whose outcomes came; None where some outcome
        has no utility yet, and must be read word by word."""
        a, f = tables.answer, tables.feedback
        own = (f.c.kind == OUTCOME, *self._of(experiment, USER, since))
        joined = sa.select(a.c.arm, a.c.user, sa.func.avg(f.c.utility).label("mean")).join(f, f.c.answer == a.c.id)  # fmt: skip
        unread = sa.select(f.c.id).join(a, f.c.answer == a.c.id).where(*own, f.c.utility.is_(None))
        if self.rows(unread.limit(1)):
            return None
        each = joined.where(*own).group_by(a.c.arm, a.c.user).subquery()
        m = each.c.mean
        query = sa.select(
            each.c.arm, sa.func.count().label("n"), sa.func.avg(m).label("mean"),
            sa.func.avg(m * m).label("square"),
        ).group_by(each.c.arm)  # fmt: skip
        return {
            row["arm"]: Spread(row["n"], row["mean"], max(0.0, row["square"] - row["mean"] ** 2))
            for row in self.rows(query)
        }

    def outcomes(self, experiment: str, *, since: str) -> list[Row]:
        """`arm`, `user`, `value`, `truth`, `utility` and how often: outcomes of real users."""
        a, f = tables.answer, tables.feedback
        alike = (a.c.arm, a.c.user, a.c.value, f.c.value, f.c.utility)
        named = (*alike[:3], f.c.value.label("truth"), f.c.utility)
        query = sa.select(*named, sa.func.count().label("n")).join(f, f.c.answer == a.c.id)
        query = query.where(f.c.kind == OUTCOME, *self._of(experiment, USER, since))
        return self.rows(query.group_by(*alike))

    def took(self, experiment: str, *, since: str, arm: str) -> Took:
        """What the answers of one arm to real users took, those without an outcome too."""
        a = tables.answer
        own = [*self._of(experiment, USER, since), a.c.arm == arm]
        n, cpu_s = sa.func.count().label("n"), sa.func.avg(a.c.cpu_s).label("cpu_s")
        row = self.rows(sa.select(n, cpu_s).where(*own))[0]
        at = max(0, math.ceil(0.95 * row["n"]) - 1)
        slow = sa.select(a.c.latency_ms).where(*own).order_by(a.c.latency_ms).limit(1).offset(at)
        late = self.rows(slow)
        p95_ms = late[0]["latency_ms"] if late else 0.0
        return Took(row["n"], float(row["cpu_s"] or 0.0), p95_ms)

    def _of(
        self, experiment: str, origin: str, since: str | None = None
    ) -> list[sa.ColumnElement[bool]]:
        a = tables.answer.c
        own = [a.experiment == experiment, a.origin == origin, a.product == self.product]
        return own if since is None else [*own, a.created >= since]


class Feedback(Noun):
    """Outcomes, corrections, preferences and ratings."""

    def value(self, identity: str) -> Any:
        """What was said first under this id; KeyError where there is none."""
        f = tables.feedback
        rows = self.rows(sa.select(f.c.value).where(f.c.id == identity))
        if not rows:
            raise KeyError(identity)
        return rows[0]["value"]

"""Answers that were given and what was said of them: sums and joins, made by the database.

Knows no metric. Example: `store.answers.cpu_s("3f2a")`
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Untold:
    """An answer and its truth, as values and as they are written."""

    value: Any = field(compare=False)
    truth: Any = field(compare=False)
    said: str
    true: str


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

    def untold(self, experiment: str, *, since: str) -> list[Untold]:
        """What real users were answered and what was right, each pair once, of outcomes that came
        without a utility: those of earlier versions, and answers in words that were unknown then."""
        a, f = tables.answer.c, tables.feedback.c
        told = self._told(experiment, since, a.value, f.value.label("truth"), _text(a.value).label("said"), _text(f.value).label("true"))  # fmt: skip
        rows = self.rows(told.where(f.utility.is_(None)).distinct())
        return [Untold(row["value"], row["truth"], row["said"], row["true"]) for row in rows]

    def by_user(
        self, experiment: str, *, since: str, worth: Mapping[Untold, float | None]
    ) -> dict[str, Spread]:
        """Arm -> the mean utility of each real user whose outcomes came; `worth` is that of every
        pair that came without one, None for what is no outcome."""
        a = tables.answer.c
        utility = _utility(worth)
        told = self._told(experiment, since, a.arm, a.user, sa.func.avg(utility).label("mean"))
        each = told.group_by(a.arm, a.user).subquery()
        m = each.c.mean
        query = sa.select(
            each.c.arm, sa.func.count().label("n"), sa.func.avg(m).label("mean"),
            sa.func.avg(m * m).label("square"),
        ).where(m.is_not(None)).group_by(each.c.arm)  # fmt: skip
        return {
            row["arm"]: Spread(row["n"], row["mean"], max(0.0, row["square"] - row["mean"] ** 2))
            for row in self.rows(query)
        }

    def each_outcome(self, experiment: str, *, since: str) -> list[Row]:
        """`arm`, `user`, `utility`, `said`, `true` and how often: for more pairs without a utility
        than one query can name."""
        a, f = tables.answer.c, tables.feedback.c
        alike = (a.arm, a.user, f.utility, _text(a.value).label("said"), _text(f.value).label("true"))  # fmt: skip
        told = self._told(experiment, since, *alike, sa.func.count().label("n"))
        return self.rows(told.group_by(a.arm, a.user, f.utility, a.value, f.value))

    def _told(self, experiment: str, since: str, *columns: Any) -> sa.Select[Any]:
        """Columns of outcomes that real users told."""
        a, f = tables.answer.c, tables.feedback.c
        joined = sa.select(*columns).join(tables.feedback, f.answer == a.id)
        return joined.where(f.kind == OUTCOME, *self._of(experiment, USER, since))

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


def _text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A column of JSON as it is written."""
    return sa.type_coerce(column, sa.Text)


def _utility(worth: Mapping[Untold, float | None]) -> sa.ColumnElement[Any]:
    """As it was told, else by its pair; the commonest worth is that of whatever is not named, so
    that of many labels only the pairs of equal ones are."""
    a, f = tables.answer.c, tables.feedback.c
    if not worth:
        return f.utility
    common = Counter(worth.values()).most_common(1)[0][0]
    named = [
        (sa.and_(_text(a.value) == pair.said, _text(f.value) == pair.true), sa.literal(u, sa.Float))
        for pair, u in worth.items()
        if u != common
    ]
    known = (f.utility.is_not(None), f.utility)
    return sa.case(known, *named, else_=sa.literal(common, sa.Float))

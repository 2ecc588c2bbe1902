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
class Shared:
    """Answers to real users by two variants since they share the users; requests that begin with
    `without` are replays of an earlier version, which had no mark of their own."""

    since: str
    variants: tuple[str, str]
    without: str


@dataclass(frozen=True)
class Took:
    """What answers took: their number, mean CPU seconds and the 95th percentile of latency."""

    n: int
    cpu_s: float
    p95_ms: float


class Answers(Noun):
    """Every answer of the product."""

    def of_ids(self, ids: Sequence[str]) -> dict[str, Row]:
        """Those there are, by id."""
        a = tables.answer
        query = sa.select(a).where(a.c.id.in_(ids), a.c.product == self.product)
        return {row["id"]: row for row in self.rows(query)}

    def one(self, identity: str) -> Row | None:
        """`variant`, `label` and `origin` of an answer, or None."""
        a = tables.answer
        query = sa.select(a.c.variant, a.c.label, a.c.origin)
        rows = self.rows(query.where(a.c.id == identity, a.c.product == self.product))
        return rows[0] if rows else None

    def replayed(self, prefix: str) -> list[Row]:
        """Replayed requests that begin with `prefix`, with the `truth` of each that has one."""
        a, f = tables.answer, tables.feedback
        asked = (a.c.request, a.c.variant, a.c.cpu_s, a.c.latency_ms, a.c.label)
        query = sa.select(*asked, f.c.value.label("truth")).join(f, f.c.answer == a.c.id)
        query = query.where(f.c.kind == OUTCOME, a.c.product == self.product, a.c.origin == REPLAY)
        return self.rows(query.where(a.c.request.startswith(prefix, autoescape=True)))

    def cpu_s(self, prefix: str) -> float:
        """CPU seconds of every answer whose request begins with `prefix`."""
        a = tables.answer
        query = sa.select(sa.func.sum(a.c.cpu_s).label("s")).where(a.c.product == self.product)
        rows = self.rows(query.where(a.c.request.startswith(prefix, autoescape=True)))
        return float(rows[0]["s"] or 0.0)

    def outcomes(self, shared: Shared) -> list[Row]:
        """`variant`, `user`, `label`, `truth` and how often: outcomes of real users."""
        a, f = tables.answer, tables.feedback
        alike = (a.c.variant, a.c.user, a.c.label, f.c.value)
        query = sa.select(*alike[:3], alike[3].label("truth"), sa.func.count().label("n"))
        query = query.join(f, f.c.answer == a.c.id).where(f.c.kind == OUTCOME, *self._of(shared))
        return self.rows(query.group_by(*alike))

    def took(self, shared: Shared, variant: str) -> Took:
        """What the answers of one of the two took, those without an outcome too."""
        a = tables.answer
        own = [*self._of(shared), a.c.variant == variant]
        n, cpu_s = sa.func.count().label("n"), sa.func.avg(a.c.cpu_s).label("cpu_s")
        row = self.rows(sa.select(n, cpu_s).where(*own))[0]
        at = max(0, math.ceil(0.95 * row["n"]) - 1)
        slow = sa.select(a.c.latency_ms).where(*own).order_by(a.c.latency_ms).limit(1).offset(at)
        late = self.rows(slow)
        p95_ms = late[0]["latency_ms"] if late else 0.0
        return Took(row["n"], float(row["cpu_s"] or 0.0), p95_ms)

    def _of(self, shared: Shared) -> list[sa.ColumnElement[bool]]:
        a = tables.answer
        old = a.c.request.startswith(shared.without, autoescape=True)
        return [
            a.c.product == self.product, a.c.origin == USER, a.c.created >= shared.since,
            a.c.variant.in_(shared.variants), ~old,
        ]  # fmt: skip


class Feedback(Noun):
    """Outcomes, corrections, preferences and ratings."""

    def value(self, identity: str) -> Any:
        """What was said first under this id; KeyError where there is none."""
        f = tables.feedback
        rows = self.rows(sa.select(f.c.value).where(f.c.id == identity))
        if not rows:
            raise KeyError(identity)
        return rows[0]["value"]

"""Answers that were given and what was said of them: sums and joins, made by the database.

Knows no metric. Example: `store.answers.cpu_s("3f2a")`
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.store import tables
from steelyard.store.columns import Json
from steelyard.store.failures import RESTORE
from steelyard.store.functions import sha256_hex
from steelyard.store.nouns.noun import Noun, Row
from steelyard.store.slices import bounds
from steelyard.store.tallies import OUTCOME, REPLAY, TOLD, USER


@dataclass(frozen=True)
class Took:
    """What answers took: their number, mean CPU seconds and the 95th percentile of latency."""

    n: int
    cpu_s: float
    p95_ms: float


@dataclass(frozen=True)
class Sums:
    """Of `n` users, each with a numerator and a denominator: sums of both, of their squares and of
    their product. A ratio and how far users spread follow from them."""

    n: int
    total: float
    count: float
    total2: float
    count2: float
    product: float

    @classmethod
    def of(cls, users: Iterable[tuple[float, float]]) -> Sums:
        """Of (numerator, denominator) of each user."""
        pairs = list(users)
        return cls(
            len(pairs),
            math.fsum(t for t, _ in pairs),
            math.fsum(c for _, c in pairs),
            math.fsum(t * t for t, _ in pairs),
            math.fsum(c * c for _, c in pairs),
            math.fsum(t * c for t, c in pairs),
        )


@dataclass(frozen=True)
class Untold:
    """An answer and its truth, as values and as they are written."""

    value: Any = field(compare=False)
    truth: Any = field(compare=False)
    said: str
    true: str

    @property
    def pair(self) -> str:
        """Its key in the sums that are kept."""
        return sha256_hex(f"{self.said}\n{self.true}")


class Answers(Noun):
    """Every answer of the product."""

    def of_ids(self, ids: Sequence[str]) -> dict[str, Row]:
        """Those there are, by id."""
        a = tables.answer
        query = sa.select(a).where(a.c.id.in_(ids), a.c.product == self.product)
        return {row["id"]: row for row in self.rows(query)}

    def one(self, identity: str) -> Row | None:
        """`variant`, `value`, `detail` and `origin` of an answer, or None."""
        a = tables.answer
        query = sa.select(a.c.variant, a.c.value, a.c.detail, a.c.origin)
        rows = self.rows(query.where(a.c.id == identity, a.c.product == self.product))
        return rows[0] if rows else None

    def replayed(self, experiment: str) -> list[Row]:
        """Replayed answers of an experiment, with the `truth` of each that has one, and the
        `utility` that it had by it."""
        a, f = tables.answer, tables.feedback
        asked = (a.c.request, a.c.variant, a.c.arm, a.c.cpu_s, a.c.latency_ms, a.c.value)
        query = sa.select(*asked, f.c.value.label("truth"), f.c.utility).join(
            f, f.c.answer == a.c.id
        )
        return self.rows(query.where(f.c.kind == OUTCOME, *self._of(experiment, REPLAY)))

    def cpu_s(self, experiment: str) -> float:
        """CPU seconds of every replayed answer of an experiment."""
        query = sa.select(sa.func.sum(tables.answer.c.cpu_s).label("s"))
        rows = self.rows(query.where(*self._of(experiment, REPLAY)))
        return float(rows[0]["s"] or 0.0)

    def untold(self, experiment: str, *, since: str) -> list[Untold]:
        """What real users were answered and what was right, each pair once, of outcomes that came
        without a utility: those of earlier versions, and answers in words that were unknown then.
        `since` is when a release began, here and below."""
        t = tables.tally.c
        words = (t.said, t.truth.label("true"))
        values = (
            sa.type_coerce(t.said, Json).label("value"),
            sa.type_coerce(t.truth, Json).label("truth"),
        )
        query = sa.select(*words, *values).where(t.pair != TOLD, *self._told(experiment, since))
        rows = self.rows(query.distinct())
        return [Untold(row["value"], row["truth"], row["said"], row["true"]) for row in rows]

    def by_user(
        self, experiment: str, *, since: str, worth: Mapping[Untold, float | None]
    ) -> dict[str, Sums]:
        """Arm -> sums over the real users whose outcomes came, of utilities and of outcomes; `worth` is
        that of every pair that came without one, None for what is no outcome."""
        t = tables.tally.c
        total, n = _utility(worth)
        each = sa.select(
            t.arm,
            t.user,
            sa.cast(sa.func.sum(total), sa.Float).label("total"),
            sa.cast(sa.func.sum(n), sa.Float).label("count"),
        ).where(n.is_not(None), *self._told(experiment, since))
        return self._sums(each.group_by(t.arm, t.user))

    def responses(self, experiment: str, *, since: str) -> dict[str, Sums]:
        """Arm -> sums over all real users that it answered, of answers with an outcome and of answers."""
        t, a = tables.tally.c, tables.asked.c
        own = (a.product == self.product, a.experiment == experiment, a.since >= since)
        asked = sa.select(a.arm, a.user, sa.func.sum(a.n).label("n")).where(*own)
        asked_by = asked.group_by(a.arm, a.user).subquery().c
        told = sa.select(t.arm, t.user, sa.func.sum(t.n).label("n"))
        told_by = told.where(*self._told(experiment, since)).group_by(t.arm, t.user).subquery().c
        same = (told_by.arm == asked_by.arm) & (told_by.user == asked_by.user)
        came = sa.func.coalesce(told_by.n, 0)
        # what was said twice of an answer is one response
        once = sa.case((came < asked_by.n, came), else_=asked_by.n)
        each = sa.select(
            asked_by.arm,
            asked_by.user,
            sa.cast(once, sa.Float).label("total"),
            sa.cast(asked_by.n, sa.Float).label("count"),
        ).select_from(sa.outerjoin(asked_by.arm.table, told_by.arm.table, same))
        return self._sums(each)

    def _sums(self, each: sa.Select[Any]) -> dict[str, Sums]:
        u = each.subquery().c
        names = ("total", "count", "total2", "count2", "product")
        of = (u.total, u.count, u.total * u.total, u.count * u.count, u.total * u.count)
        added = [sa.func.sum(one).label(name) for name, one in zip(names, of, strict=True)]
        rows = self.rows(sa.select(u.arm, sa.func.count().label("n"), *added).group_by(u.arm))
        return {row["arm"]: Sums(row["n"], *(float(row[name]) for name in names)) for row in rows}

    def one_by_one(self, experiment: str, *, since: str) -> list[Row]:
        """Every answer to a real user with each outcome that it had, or none: `arm`, `user`, `asked` and
        `told` (times), `utility`, `value`, `truth`. For outcomes that count only for some days."""
        a, f = tables.answer, tables.feedback
        outcome = (f.c.answer == a.c.id) & (f.c.kind == OUTCOME)
        query = sa.select(
            a.c.id,
            a.c.arm,
            a.c.user,
            a.c.created.label("asked"),
            a.c.value,
            f.c.created.label("told"),
            f.c.utility,
            f.c.value.label("truth"),
        ).select_from(sa.outerjoin(a, f, outcome))
        query = query.where(*self._of(experiment, USER, since), a.c.arm.is_not(None))
        return self.rows(query.order_by(a.c.created, a.c.id, f.c.created, f.c.id))

    def each_user(self, experiment: str, *, since: str) -> list[Row]:
        """`arm`, `user`, `pair`, how many outcomes (`n`) and the `total` of their utilities; the pair
        is empty where they came with one. For more pairs than one query can name."""
        t = tables.tally.c
        query = sa.select(t.arm, t.user, t.pair, t.n, t.total)
        return self.rows(query.where(*self._told(experiment, since)))

    def _told(self, experiment: str, since: str) -> list[sa.ColumnElement[bool]]:
        """Sums of outcomes that real users told."""
        t = tables.tally.c
        return [t.product == self.product, t.experiment == experiment, t.since >= since]

    def took(self, experiment: str, *, since: str, arm: str) -> Took:
        """What the answers of one arm to real users took, those without an outcome too."""
        p = tables.pace.c
        own = (
            p.product == self.product,
            p.experiment == experiment,
            p.arm == arm,
            p.since >= since,
        )
        n, cpu_s = sa.func.sum(p.n).label("n"), sa.func.sum(p.total).label("cpu_s")
        slices = self.rows(
            sa.select(p.slice, n, cpu_s).where(*own).group_by(p.slice).order_by(p.slice)
        )
        ends = list(accumulate(int(row["n"]) for row in slices))
        if not ends:
            return Took(0, 0.0, 0.0)
        rank = max(0, math.ceil(0.95 * ends[-1]) - 1)  # from zero, in the order of latency
        at = bisect_right(ends, rank)
        low, high = bounds(slices[at]["slice"])
        a = tables.answer.c
        within = (
            *self._of(experiment, USER, since),
            a.arm == arm,
            a.latency_ms >= low,
            a.latency_ms < high,
        )
        late = sa.select(a.latency_ms).where(*within).order_by(a.latency_ms).limit(1)
        late_rows = self.rows(late.offset(rank - (ends[at - 1] if at else 0)))
        if not late_rows:
            raise Damaged(
                f"ledger pace of experiment {experiment}, {arm}",
                "the answers that are counted",
                "fewer",
                RESTORE,
            )
        return Took(
            ends[-1],
            math.fsum(row["cpu_s"] for row in slices) / ends[-1],
            late_rows[0]["latency_ms"],
        )

    def days_of_users(self, experiment: str, *, since: str) -> list[Row]:
        """`arm`, `user`, `day` (UTC), the `first` answer of the day and its `cpu_s`, of each day on which
        a real user asked, with an outcome or without."""
        a = tables.answer.c
        # as constants: a database that is handed them apart does not know the two for the same
        one, ten = (sa.literal_column(place, sa.Integer) for place in ("1", "10"))
        day = sa.func.substr(a.created, one, ten).label("day")
        first, cpu_s = sa.func.min(a.created).label("first"), sa.func.sum(a.cpu_s).label("cpu_s")
        query = sa.select(a.arm, a.user, day, first, cpu_s)
        query = query.where(*self._of(experiment, USER, since), a.arm.is_not(None))
        return self.rows(query.group_by(a.arm, a.user, day).order_by(first, a.user))

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


def _utility(
    worth: Mapping[Untold, float | None],
) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """(total, number) of outcomes: as they were told, else by their pair; the commonest worth is
    that of whatever is not named, so that of many labels only the pairs of equal ones are."""
    t = tables.tally.c
    if not worth:
        return t.total, t.n
    common = Counter(worth.values()).most_common(1)[0][0]
    named = [(t.pair == pair.pair, u) for pair, u in worth.items() if u != common]
    totals = [(which, t.n * sa.literal(u, sa.Float)) for which, u in named]
    numbers = [(which, sa.null() if u is None else t.n) for which, u in named]
    told = t.pair == TOLD
    return (
        sa.case((told, t.total), *totals, else_=t.n * sa.literal(common, sa.Float)),
        sa.case((told, t.n), *numbers, else_=sa.null() if common is None else t.n),
    )

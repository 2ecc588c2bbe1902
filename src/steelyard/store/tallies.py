"""What is kept of real users in an experiment, added up while their answers and outcomes are written:
a readout reads no answer for it. Derived: `check_tallies` compares it with them. Knows no metric.

Example: `keep(connection, tables.feedback, rows)` once the rows are there, in their transaction
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from steelyard.store.adding import add, adding, check, count
from steelyard.store.functions import sha256_of_text
from steelyard.store.prepared import Prepared
from steelyard.store.slices import number_of, slice_of
from steelyard.store.tables import answer, asked, feedback, pace, release, tally

OUTCOME, REPLAY, USER = "outcome", "replay", "user"
TOLD = ""  # the pair of whatever came with its utility
_Rows = Sequence[Mapping[str, Any]]
_Where = sa.ColumnElement[bool]


def keep(connection: sa.Connection, table: sa.Table, rows: _Rows) -> None:
    """Count what was written just now; in the caller's transaction, which must be the only writer."""
    if table is feedback:
        outcomes = [row["id"] for row in rows if row["kind"] == OUTCOME]
        count(connection, tally, feedback, _outcomes_now, outcomes)
    elif table is answer:
        _count_answers(connection, [row for row in rows if _is_shared(row)])
    elif table is release and rows:
        _move(connection, rows)


def check_tallies(connection: sa.Connection) -> None:
    """Damaged for a sum that is not that of its answers or outcomes."""
    check(connection, tally, _outcomes_now(sign=-1))
    check(connection, pace, _answers_now(sign=-1))
    check(connection, asked, _asked(_since(), sign=-1))


def _is_shared(row: Mapping[str, Any]) -> bool:
    """Whether an answer to a real user is of an experiment; `_SHARED` asks the database the same."""
    in_one = row.get("experiment") is not None and row.get("arm") is not None
    return row["origin"] == USER and in_one


def _count_answers(connection: sa.Connection, rows: _Rows) -> None:
    """Added up here: every request pays for it, and the database would look for the release of each answer."""
    took: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    users: Counter[tuple[Any, ...]] = Counter()
    for row, since in zip(rows, _began(connection, rows), strict=True):
        whose = row["product"], row["experiment"], row["arm"]
        took[*whose, since, number_of(row["latency_ms"])].append(row["cpu_s"])
        users[*whose, row["user"], since] += 1
    paces = [
        dict(zip(_PACE, key, strict=True)) | {"n": len(s), "total": math.fsum(s)}
        for key, s in took.items()
    ]
    add(connection, pace, paces)
    add(
        connection,
        asked,
        [dict(zip(_ASKED, key, strict=True)) | {"n": n} for key, n in users.items()],
    )


def _began(connection: sa.Connection, rows: _Rows) -> list[str]:
    """When the release of each answer began. Those of one commit have mostly one, and two questions tell."""
    times: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        times[row["product"]].append(row["created"])
    began: dict[tuple[str, str], str] = {}
    for product, asked_at in times.items():
        ends = {_newest(connection, product, t) for t in {min(asked_at), max(asked_at)}}
        one = ends.pop() if len(ends) == 1 else None
        for t in asked_at:
            began[product, t] = _newest(connection, product, t) if one is None else one
    return [began[row["product"], row["created"]] for row in rows]


def _newest(connection: sa.Connection, product: str, before: str) -> str:
    ((since,),) = _NEWEST.run(connection, {"product": product, "before": before})
    return str(since)


def _move(connection: sa.Connection, rows: _Rows) -> None:
    """Releases that came: another server's clock, or a commit that overtook theirs, may have left
    answers that belong behind them now."""
    for product in {row["product"] for row in rows}:
        own = [row for row in rows if row["product"] == product]
        known = sa.select(pace.c.experiment).where(pace.c.product == product).distinct()
        moved = (
            answer.c.experiment.in_(connection.execute(known).scalars().all()),
            answer.c.product == product,
            answer.c.created >= min(row["created"] for row in own),
        )
        before = _since(release.c.id.not_in([row["id"] for row in own]))
        for kept, sums in _KEPT.items():
            for since, sign in ((before, -1), (_since(), 1)):
                connection.execute(
                    adding(connection.dialect.name, kept, sums(since, *moved, sign=sign))
                )
            connection.execute(kept.delete().where(kept.c.n == 0))


def _since(*more: _Where) -> sa.Label[Any]:
    """When the newest release began that is not newer than the answer."""
    r, a = release.c, answer.c
    newest = sa.select(sa.func.coalesce(sa.func.max(r.created), ""))
    own = newest.where(r.product == a.product, r.created <= a.created, *more)
    return own.correlate(answer).scalar_subquery().label("since")


def _outcomes(since: sa.Label[Any], *where: _Where, sign: int = 1) -> sa.Select[Any]:
    """Rows of `tally`: utilities by user, and words where there is none."""
    a, f = answer.c, feedback.c
    untold = f.utility.is_(None)
    said, truth = (sa.case((untold, sa.type_coerce(c, sa.Text))) for c in (a.value, f.value))
    told = sa.select(
        a.product,
        a.experiment,
        a.arm,
        a.user,
        since,
        said.label("said"),
        truth.label("truth"),
        f.utility,
    ).join(feedback, f.answer == a.id)
    o = told.where(f.kind == OUTCOME, *_SHARED, *where).subquery().c
    pair = sa.case((o.said.is_(None), TOLD), else_=sha256_of_text(o.said + "\n" + o.truth))
    who = (o.product, o.experiment, o.arm, o.user, o.since)
    total = sa.func.coalesce(sa.func.sum(o.utility), 0.0)
    rows = sa.select(*who, pair.label("pair"), o.said, o.truth, *_signed(total, sign))
    return rows.group_by(*who, o.said, o.truth)


def _answers(since: sa.Label[Any], *where: _Where, sign: int = 1) -> sa.Select[Any]:
    """Rows of `pace`: CPU seconds by slice of latency."""
    a = answer.c
    took = sa.select(
        a.product, a.experiment, a.arm, since, slice_of(a.latency_ms).label("slice"), a.cpu_s
    )
    o = took.where(*_SHARED, *where).subquery().c
    who = (o.product, o.experiment, o.arm, o.since, o.slice)
    return sa.select(*who, *_signed(sa.func.sum(o.cpu_s), sign)).group_by(*who)


def _outcomes_now(*where: _Where, sign: int = 1) -> sa.Select[Any]:
    return _outcomes(_since(), *where, sign=sign)


def _answers_now(*where: _Where, sign: int = 1) -> sa.Select[Any]:
    return _answers(_since(), *where, sign=sign)


def _signed(total: sa.ColumnElement[Any], sign: int) -> tuple[sa.Label[Any], sa.Label[Any]]:
    return (sa.func.count() * sign).label("n"), (total * sign).label("total")


def _asked(since: sa.Label[Any], *where: _Where, sign: int = 1) -> sa.Select[Any]:
    """Rows of `asked`: answers by user."""
    a = answer.c
    each = sa.select(a.product, a.experiment, a.arm, a.user, since).where(*_SHARED, *where)
    o = each.subquery().c
    key = [o[name] for name in _ASKED]
    return sa.select(*key, (sa.func.count() * sign).label("n")).group_by(*key)


_PACE = ("product", "experiment", "arm", "since", "slice")
_ASKED = ("product", "experiment", "arm", "user", "since")
_NEWEST = Prepared(
    sa.select(sa.func.coalesce(sa.func.max(release.c.created), "")).where(
        release.c.product == sa.bindparam("product", type_=release.c.product.type),
        release.c.created <= sa.bindparam("before", type_=release.c.created.type),
    )
)
_SHARED = (answer.c.origin == USER, answer.c.experiment.is_not(None), answer.c.arm.is_not(None))
_KEPT = {tally: _outcomes, pace: _answers, asked: _asked}

"""What is kept of real users in an experiment, added up while their answers and outcomes are written:
a readout reads no answer for it. Derived: `check_tallies` compares it with them. Knows no metric.

Example: `keep(connection, tables.feedback, rows)` once the rows are there, in their transaction
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from steelyard.errors import Damaged
from steelyard.store.failures import RESTORE
from steelyard.store.functions import sha256_of_text
from steelyard.store.prepared import Prepared
from steelyard.store.slices import slice_of
from steelyard.store.tables import answer, feedback, pace, release, tally

OUTCOME, REPLAY, USER = "outcome", "replay", "user"
TOLD = ""  # the pair of whatever came with its utility
_SIZES = (1, 8, 64, 512)  # of the ids of a statement: few of them have to be built
_OFF = 1e-6  # small numbers that are added in another order differ by less
_INSERT: dict[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_Rows = Sequence[Mapping[str, Any]]
_Where = sa.ColumnElement[bool]


def keep(connection: sa.Connection, table: sa.Table, rows: _Rows) -> None:
    """Count what was written just now; in the caller's transaction, which must be the only writer."""
    if table is feedback:
        _count(connection, tally, [row["id"] for row in rows if row["kind"] == OUTCOME])
    elif table is answer:
        own = [row for row in rows if row["origin"] == USER]
        _count(connection, pace, [row["id"] for row in own if row.get("experiment") is not None])
    elif table is release and rows:
        _move(connection, rows)


def check_tallies(connection: sa.Connection) -> None:
    """Damaged for a sum that is not that of its answers or outcomes. One statement a table, so
    whoever writes meanwhile is seen on both sides or on none."""
    for kept, (_, sums) in _KEPT.items():
        both = sa.union_all(sa.select(kept), sums(_since(), sign=-1)).subquery()
        n, total = sa.func.sum(both.c.n), sa.func.sum(both.c.total)
        keys = [column for column in both.c if column.name not in ("n", "total")]
        off = sa.select(*keys).group_by(*keys).having(sa.or_(n != 0, sa.func.abs(total) > _OFF))
        off_row = connection.execute(off.limit(1)).first()
        if off_row is not None:
            place = f"ledger {kept.name} of product '{off_row.product}', experiment {off_row.experiment}, {off_row.arm}"
            raise Damaged(place, "the sums of its rows", "others", RESTORE)


def _count(connection: sa.Connection, kept: sa.Table, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), _SIZES[-1]):
        part = list(ids[start : start + _SIZES[-1]])
        size = next(size for size in _SIZES if size >= len(part))
        part += part[-1:] * (size - len(part))
        counting = _counting(connection.dialect.name, kept, size)
        counting.run(connection, {f"id{i}": identity for i, identity in enumerate(part)})


@cache
def _counting(dialect: str, kept: sa.Table, size: int) -> Prepared:
    """The statement that counts so many rows."""
    counted, sums = _KEPT[kept]
    asked = [sa.bindparam(f"id{i}", type_=counted.c.id.type) for i in range(size)]
    return Prepared(_adding(dialect, kept, sums(_since(), counted.c.id.in_(asked))))


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
        for kept, (_, sums) in _KEPT.items():
            for since, sign in ((before, -1), (_since(), 1)):
                connection.execute(
                    _adding(connection.dialect.name, kept, sums(since, *moved, sign=sign))
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


def _signed(total: sa.ColumnElement[Any], sign: int) -> tuple[sa.Label[Any], sa.Label[Any]]:
    return (sa.func.count() * sign).label("n"), (total * sign).label("total")


_SHARED = (answer.c.origin == USER, answer.c.experiment.is_not(None), answer.c.arm.is_not(None))
_KEPT = {tally: (feedback, _outcomes), pace: (answer, _answers)}  # what each counts, and how


def _adding(dialect: str, kept: sa.Table, sums: sa.Select[Any]) -> Any:
    made = _INSERT[dialect](kept).from_select([c.name for c in sums.selected_columns], sums)
    more = {name: kept.c[name] + made.excluded[name] for name in ("n", "total")}
    keys = [column.name for column in kept.primary_key.columns]
    return made.on_conflict_do_update(index_elements=keys, set_=more)

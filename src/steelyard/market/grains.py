"""Rows that part a day and a channel finer than others do: a whole and its parts are never both booked.

Spend of a day and a channel, and the same spend by campaign, have other names each, and would be in the books
twice. Example: `overlaps(rows, KINDS["spend"])[0].total` where row 0 is the sum of its campaigns
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from steelyard.errors import DataError
from steelyard.market.cells import Number
from steelyard.market.kinds import KINDS, Kind
from steelyard.market.table import Table
from steelyard.market.totals import Total, half, measure_of

_Values = Mapping[str, Any]
_Named = frozenset[str]
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Overlap:
    """The first row that says a part, or a whole, of what another one says; `total`: all such rows add up to it."""

    other: int
    total: bool


@dataclass
class _Sum:
    first: int
    amount: Decimal = _ZERO
    slack: Decimal = _ZERO  # what rounding of each can leave

    def add(self, amount: Decimal) -> None:
        self.amount, self.slack = self.amount + amount, self.slack + half(amount)


def parts_of(kind: Kind) -> list[str]:
    """Fields that part a day and a channel further: of kinds of which a name stands once."""
    return [name for name in kind.names if not kind.fields[name].needed] if kind.once else []


def said_by(values: _Values, kind: Kind) -> dict[str, str]:
    """Those of them that a row says."""
    return {name: str(values[name]) for name in parts_of(kind) if values.get(name)}


def apart(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two rows of a day and a channel cannot speak of the same: they are named by the same fields, or
    one field says another value."""
    if one.keys() == other.keys():
        return True
    return any(one[name] != other[name] for name in one.keys() & other.keys())


def overlaps(rows: Sequence[_Values], kind: Kind) -> dict[int, Overlap]:
    """Index of a row that is coarser than others of its day and channel -> what it overlaps. A row of zero says
    nothing twice."""
    if not parts_of(kind):
        return {}
    groups: dict[tuple[Any, ...], dict[_Named, list[int]]] = defaultdict(dict)
    for i, values in enumerate(rows):
        if _amount(values, kind):
            where = (values[kind.day].day, values["channel"], values.get("currency"))
            groups[where].setdefault(frozenset(said_by(values, kind)), []).append(i)
    found: dict[int, Overlap] = {}
    for by in groups.values():
        if len(by) > 1:
            found |= _of_group(rows, by, kind)
    return found


def without_wholes(table: Table) -> Table:
    """The same without rows that are the sum of their parts in the same file, which are told as totals. DataError
    for spend that is a whole and does not add up: the rest may be a campaign without a name, or one that the
    export left out, and then it would count twice. Visits of no campaign are usual, and stay: small counts are often
    the sum of others by chance."""
    kind, rows = table.mapping.kind, table.rows
    if table.mapping.events or not kind.pays:
        return table
    found = overlaps([row.values for row in rows], kind)
    for i, one in found.items():
        if not one.total:
            own, other = (said_by(rows[at].values, kind) for at in (i, one.other))
            raise DataError(
                table.at(rows[i]),
                f"{rows[i].values['channel']} of {rows[i].values[kind.day].day} in rows that do not overlap, or one that the others add up to",
                f"one {grain(own)}, and row {rows[one.other].line.number} {grain(other)}",
                "leave the whole out, or name what is left of it, as 'other'",
            )
    wholes = {i for i, one in found.items() if one.total}
    totals = [Total(rows[i].line.number, _amount(rows[i].values, kind)) for i in sorted(wholes)]
    kept = [row for i, row in enumerate(rows) if i not in wholes]
    return replace(table, rows=kept, totals=[*table.totals, *totals])


def _of_group(
    rows: Sequence[_Values], by: Mapping[_Named, list[int]], kind: Kind
) -> dict[int, Overlap]:
    """From the finest to the coarsest; what is a total is no part of a coarser one."""
    found: dict[int, Overlap] = {}
    done: list[_Named] = []
    for named in sorted(by, key=lambda one: (-len(one), sorted(one))):
        finer = [
            (named < other, _sums(rows, _parts(by[other], found), sorted(named & other), kind))
            for other in done
        ]
        for i in by[named]:
            met = list(_met(rows[i], named, done, finer))
            if not met:
                continue
            own = _amount(rows[i], kind)
            whole = sum((one.amount for _, one in met), _ZERO)
            left = half(own) + sum((one.slack for _, one in met), _ZERO)
            near = abs(own - whole) <= left
            found[i] = Overlap(met[0][1].first, near and all(inside for inside, _ in met))
        done.append(named)
    return found


def _parts(own: Sequence[int], found: Mapping[int, Overlap]) -> Iterator[int]:
    return (i for i in own if i not in found or not found[i].total)


def _sums(
    rows: Sequence[_Values], own: Iterator[int], shared: Sequence[str], kind: Kind
) -> dict[tuple[Any, ...], _Sum]:
    """Values of the fields that both say -> what rows of them add up to."""
    table: dict[tuple[Any, ...], _Sum] = {}
    for i in own:
        key = tuple(rows[i][name] for name in shared)
        table.setdefault(key, _Sum(i)).add(_amount(rows[i], kind))
    return table


def _met(
    values: _Values,
    named: _Named,
    done: Sequence[_Named],
    finer: Sequence[tuple[bool, Mapping[tuple[Any, ...], _Sum]]],
) -> Iterator[tuple[bool, _Sum]]:
    for other, (inside, table) in zip(done, finer, strict=True):
        key = tuple(values[name] for name in sorted(named & other))
        if key in table:
            yield inside, table[key]


def _amount(values: _Values, kind: Kind) -> Decimal:
    number = values.get(measure_of(kind) or "")
    return number.value if isinstance(number, Number) else _ZERO


def grain(said: Mapping[str, str]) -> str:
    """As an error says it."""
    return f"by {' and '.join(said)}" if said else "as a whole"


PARTED = tuple(name for name, kind in KINDS.items() if parts_of(kind))

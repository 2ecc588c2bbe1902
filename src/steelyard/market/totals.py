"""Rows of totals that look like others, told by arithmetic: what adds up to the others is left out. Knows no file.

`Total` with a day may be a channel, and a row without a campaign may be money of none: its name does not tell.
Example: `dated(sheet, mapping, header, lines, columns)` are the places of rows that are totals
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from steelyard.errors import DataError
from steelyard.market.cells import CellError, Number, numbers, plain
from steelyard.market.kinds import Kind
from steelyard.market.mapping import Header, Mapping
from steelyard.market.parting import cell, nameless, says_total
from steelyard.market.sheets import Line, Sheet
from steelyard.spec.looks import quoted

MEASURES = ("amount", "visits", "quantity")  # what rows of a kind add up
_CENT = Decimal("0.01")
EACH_MAX = (
    20  # totals that are read one by one where not all are numbers: each takes the whole column
)
_ZERO = Decimal(0)
_Columns = Dict[str, Sequence[Any]]
_Sum = tuple[Decimal, Decimal]  # and what rounding of each can leave: 0 of no rows


@dataclass(frozen=True)
class Total:
    """A row that was left out: where it stands, and what it says; None where its amount cannot be read. `claimed`:
    it calls itself a total, and nothing was compared with it."""

    row: int
    amount: Decimal | None
    claimed: bool = False


def measure_of(kind: Kind) -> str | None:
    return next((name for name in MEASURES if name in kind.fields), None)


def dated(
    sheet: Sheet, mapping: Mapping, header: Header, lines: Sequence[Line], columns: _Columns
) -> list[int]:
    """Rows with a day that call themselves a total, or lack the name that only totals lack, and are the sum of
    the others: of their day, of the rows since the total before them, or of all. DataError for one that is not."""
    measure = measure_of(mapping.kind)
    if measure is None or measure not in columns or mapping.events:
        return []
    names = _names(mapping, header)
    maybe = {
        i
        for i, line in enumerate(lines)
        if not _of(columns, "id", i)
        and (
            any(says_total(str(_of(columns, name, i) or "")) for name in names)
            or nameless(line, mapping, header)
        )
    }
    if not maybe:
        return []
    amounts = [_value(one) for one in columns[measure]]
    parts = _Parts(amounts, maybe, columns, mapping.kind.day)
    for i in sorted(maybe):
        sums = parts.of(i)
        own = amounts[i]
        if own and not any(left and abs(own - whole) <= half(own) + left for whole, left in sums):
            raise DataError(
                f"{sheet.path.name}:{lines[i].number} {_head(sheet, header, measure)}",
                f"the sum of the other rows, {sums[-1][0]}, in a row that {_why(names, columns, i)}",
                str(amounts[i]),
                "leave the row out if it is a total; else give it a name that is none",
            )
    return sorted(maybe)


def _head(sheet: Sheet, header: Header, name: str) -> str:
    at = header.columns.get(name)
    return name if at is None else sheet.rows[header.at].cells[at].strip()


def _names(mapping: Mapping, header: Header) -> list[str]:
    """Fields that name a row; a plan may be called Total."""
    fields = mapping.kind.fields
    own = (name for name in mapping.kind.names if name in header.columns and name != "plan")
    return [name for name in own if fields[name].of == "word"]


def _why(names: Sequence[str], columns: _Columns, i: int) -> str:
    said = next((v for name in names if says_total(v := str(_of(columns, name, i) or ""))), None)
    return "has no name" if said is None else f"is called {quoted(said)}"


def _of(columns: _Columns, name: str, i: int) -> Any:
    return columns[name][i] if name in columns else None


def _value(one: Any) -> Decimal:
    return one.value if isinstance(one, Number) else _ZERO


class _Parts:
    """Sums of rows that are no totals, by currency where totals say one."""

    def __init__(
        self, amounts: Sequence[Decimal], maybe: set[int], columns: _Columns, day: str
    ) -> None:
        self._amounts, self._maybe, self._columns = amounts, maybe, columns
        self._sorted = sorted(maybe)
        self._days = [None if one is None else one.day for one in columns.get(day, ())]
        self._known: dict[Any, tuple[dict[Any, _Sum], list[_Sum]]] = {}

    def of(self, i: int) -> list[_Sum]:
        """Those that a total may add up: its day, what stands between it and the total before it, and all."""
        currency = _of(self._columns, "currency", i)
        if currency not in self._known:
            self._known[currency] = self._added_up(currency)
        by_day, up_to = self._known[currency]
        at = bisect_left(self._sorted, i)
        since = up_to[self._sorted[at - 1] + 1 if at else 0]
        above = up_to[i][0] - since[0], up_to[i][1] - since[1]
        return [by_day.get(self._days[i], (_ZERO, _ZERO)), above, up_to[-1]]

    def _added_up(self, currency: Any) -> tuple[dict[Any, _Sum], list[_Sum]]:
        """(of each day, of the rows before each place)."""
        by_day: dict[Any, _Sum] = {}
        up_to: list[_Sum] = [(_ZERO, _ZERO)]
        for j, amount in enumerate(self._amounts):
            whole, left = up_to[-1]
            if j not in self._maybe and currency in (None, _of(self._columns, "currency", j)):
                whole, left = whole + amount, left + half(amount)
                own = by_day.get(self._days[j], (_ZERO, _ZERO))
                by_day[self._days[j]] = own[0] + amount, own[1] + half(amount)
            up_to.append((whole, left))
        return by_day, up_to


def half(one: Decimal) -> Decimal:
    """What rounding can leave of an amount: half of its last digit, of a cent at most."""
    return min(_CENT, Decimal(1).scaleb(int(one.as_tuple().exponent))) / 2


def slack(total: Decimal, parts: Iterable[Decimal]) -> Decimal:
    """What rounding can leave between a sum and its parts."""
    return half(total) + sum(map(half, parts), _ZERO)


def amount_of(columns: _Columns, kind: Kind, i: int) -> Decimal | None:
    """What a row of a total with a day says."""
    one = _of(columns, measure_of(kind) or "", i)
    return one.value if isinstance(one, Number) else None


def amounts_of(
    mapping: Mapping, header: Header, lines: Sequence[Line], totals: Sequence[Line]
) -> list[Total]:
    """What rows of totals without a day say, read as the column of the rows is."""
    measure = measure_of(mapping.kind)
    at = header.columns.get(measure or "")
    said = [None] * len(totals) if at is None else _read(mapping, lines, totals, at)
    return [
        Total(line.number, one, any(says_total(plain(each)) for each in line.cells))
        for line, one in zip(totals, said, strict=True)
    ]


def _read(
    mapping: Mapping, lines: Sequence[Line], totals: Sequence[Line], at: int
) -> list[Decimal | None]:
    """All in one reading of the column, or each by itself where one of them is no number."""
    own = [cell(line, at) for line in lines]
    try:
        found = numbers([*own, *(cell(t, at) for t in totals)], decimal=mapping.decimal)
    except CellError:
        if len(totals) > EACH_MAX:
            return [None] * len(totals)
        return [_alone(mapping, own, cell(total, at)) for total in totals]
    return [None if one is None else one.value for one in found[len(own) :]]


def _alone(mapping: Mapping, own: Sequence[str], total: str) -> Decimal | None:
    try:
        number = numbers([*own, total], decimal=mapping.decimal)[-1]
    except CellError:
        return None
    return None if number is None else number.value

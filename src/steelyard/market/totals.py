"""Rows of totals that look like others, told by arithmetic: what adds up to the others is left out. Knows no file.

`Total` with a day may be a channel, and a row without a campaign may be money of none: its name does not tell.
Example: `dated(sheet, mapping, header, lines, columns)` are the places of rows that are totals
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
_ZERO = Decimal(0)
_Columns = Dict[str, Sequence[Any]]


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
    for i in sorted(maybe):
        sums = list(_sums(i, maybe, amounts, columns, mapping.kind.day))
        adds_up = any(n and abs(amounts[i] - whole) <= slack(amounts, n) for whole, n in sums)
        if amounts[i] and not adds_up:
            at = header.columns[measure]
            raise DataError(
                f"{sheet.path.name}:{lines[i].number} {sheet.rows[header.at].cells[at].strip()}",
                f"the sum of the other rows, {sums[-1][0]}, in a row that {_why(names, columns, i)}",
                str(amounts[i]),
                "leave the row out if it is a total; else give it a name that is none",
            )
    return sorted(maybe)


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


def _sums(
    i: int, maybe: set[int], amounts: Sequence[Decimal], columns: _Columns, day: str
) -> Iterator[tuple[Decimal, int]]:
    """(sum, how many) of rows that may be what a total adds up, those of its currency; the last are all."""
    own, currency = _day(columns, day, i), _of(columns, "currency", i)
    before = max((j for j in maybe if j < i), default=-1)
    rows = [
        j
        for j in range(len(amounts))
        if j not in maybe and (currency is None or _of(columns, "currency", j) == currency)
    ]
    for part in (
        [j for j in rows if _day(columns, day, j) == own],
        [j for j in rows if before < j < i],
        rows,
    ):
        yield sum((amounts[j] for j in part), _ZERO), len(part)


def _day(columns: _Columns, day: str, i: int) -> Any:
    moment = _of(columns, day, i)
    return None if moment is None else moment.day


def slack(amounts: Iterable[Decimal], n: int) -> Decimal:
    """What rounding can leave between a sum and its n parts: half of the last digit of each, a cent's at most."""
    places = (int(one.as_tuple().exponent) for one in amounts if one)
    unit = min(_CENT, Decimal(1).scaleb(min(places, default=0)))
    return unit / 2 * (n + 1)


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
    said = [None] * len(totals) if at is None else [_read(mapping, lines, t, at) for t in totals]
    return [
        Total(line.number, one, any(says_total(plain(each)) for each in line.cells))
        for line, one in zip(totals, said, strict=True)
    ]


def _read(mapping: Mapping, lines: Sequence[Line], total: Line, at: int) -> Decimal | None:
    cells = [cell(line, at) for line in (*lines, total)]
    try:
        number = numbers(cells, decimal=mapping.decimal)[-1]
    except CellError:
        return None
    return None if number is None else number.value

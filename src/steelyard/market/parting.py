"""Lines behind a header: rows, totals and notes, each row with the cells that the header has. Knows no value.

A cell that stands behind the last header was cut off from the one before it, or belongs to nothing: what it says
must not be lost unseen. Example: `parted(sheet, mapping, header).lines[0].cells`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steelyard.errors import DataError
from steelyard.market.cells import is_nothing, plain
from steelyard.market.days import is_day
from steelyard.market.mapping import Header, Mapping, called
from steelyard.market.sheets import Line, Sheet
from steelyard.spec.looks import quoted

# "Total Injury Law" may be a campaign
_TOTAL = re.compile(
    r"(?:grand )?totals?(?:$|\s*:.*)|sum|(?:合计|总计|汇总|小计)(?:$|\s*:.*)|总.+[数额]",
    re.IGNORECASE,
)
_NOTE = re.compile(r"^(?:#|-{3,}|={3,}|\*{3,})")


@dataclass(frozen=True)
class Parted:
    """Rows; rows without a day that say that they are totals, or follow one that does; and how many notes."""

    lines: list[Line]
    totals: list[Line]
    notes: int


def says_total(text: str) -> bool:
    """Whether it is what programs write where a row of totals has its name."""
    return _TOTAL.fullmatch(text) is not None


def cell(line: Line, at: int) -> str:
    return line.cells[at] if at < len(line.cells) else ""


def parted(sheet: Sheet, mapping: Mapping, header: Header) -> Parted:
    """Behind the last row that has a day whatever follows a total is part of it; any other row is read. What
    calls itself a total and has a day is told by its amount, where amounts are known (`market/totals.py`)."""
    at = header.columns.get(mapping.kind.day)
    head, body = sheet.rows[header.at], sheet.rows[header.at + 1 :]
    dated = [at is not None and is_day(cell(line, at)) for line in body]
    last = max((i for i, one in enumerate(dated) if one), default=-1)
    lines: list[Line] = []
    totals: list[Line] = []
    notes, footer = 0, False
    for i, line in enumerate(body):
        cells = () if dated[i] else [plain(one) for one in line.cells if one.strip()]
        total = any(map(says_total, cells))
        footer = footer or (total and i > last)
        if cells and _NOTE.match(cells[0]):
            notes += 1
        elif total or footer or (not dated[i] and nameless(line, mapping, header)):
            totals.append(line)
        elif line.cells == head.cells:
            notes += 1  # joined exports: the header once more
        else:
            lines.append(line)
    if not lines:
        raise DataError(
            f"{sheet.path.name}:{head.number}",
            "rows below the header",
            "none",
            "export a period in which something happened",
        )
    _check_width(sheet, head, lines)
    _check_twins(sheet, mapping, header, lines)
    return Parted(lines, totals, notes)


def nameless(line: Line, mapping: Mapping, header: Header) -> bool:
    """Whether the columns that only a total leaves empty are there, and say nothing in this row."""
    places = [header.columns.get(name) for name in mapping.names]
    return bool(places) and all(at is not None and is_nothing(cell(line, at)) for at in places)


def counted(
    lines: list[Line], head: Line, mapping: Mapping, header: Header
) -> tuple[list[Line], int]:
    """Rows of the statuses that count, and how many others there are."""
    named = {called(one): i for i, one in enumerate(head.cells)}
    asked = [(named.get(called(column)), values) for column, values in mapping.only.items()]
    counting = (*mapping.paid, *mapping.returned, *mapping.charged)
    asked += [(header.columns.get("status"), counting)]
    kept = lines
    for at, values in asked:
        if at is not None and values:
            known = {value.casefold() for value in values}
            kept = [line for line in kept if plain(cell(line, at)).casefold() in known]
    return kept, len(lines) - len(kept)


def _check_width(sheet: Sheet, head: Line, lines: Sequence[Line]) -> None:
    """DataError for a cell that stands behind the last header; also for an empty one where other rows have none
    there, since then the row is one cell too long: 1,234.50 without quotes is two cells, and its last one may
    be the empty cell of a note."""
    named = max((i + 1 for i, one in enumerate(head.cells) if one.strip()), default=0)
    even = len({len(line.cells) for line in lines}) == 1
    for line in lines:
        surplus = next((one for one in line.cells[named:] if plain(one)), None)
        longer = sheet.delimiter and not even and len(line.cells) > len(head.cells)
        if surplus is None and not longer:
            _check_quotes(sheet, line)
            continue
        behind = "" if surplus is None else f", {quoted(plain(surplus))} behind the last one"
        n = max(len(line.cells), named) if surplus is None else _last(line)
        mark = sheet.delimiter
        repair = (
            f'put the cell that holds a {_called(mark)} in quotes, as in "1{mark}234.50", or export with another separator'
            if mark
            else "write a header above the cell, or empty it"
        )
        raise DataError(
            f"{sheet.path.name}:{line.number}",
            f"at most {named} cells, one for each header",
            f"{n}{behind}",
            repair,
        )


def _last(line: Line) -> int:
    return max(i + 1 for i, one in enumerate(line.cells) if plain(one))


def _called(mark: str) -> str:
    return {",": "comma", "\t": "tab", ";": "semicolon"}.get(mark, f"'{mark}'")


def _check_quotes(sheet: Sheet, line: Line) -> None:
    """DataError for a cell with a whole row in it: a quote that closes a line too late hides what it passes."""
    for one in line.cells if sheet.delimiter else ():
        for inside in one.splitlines()[1:] if "\n" in one else ():
            parts = inside.split(sheet.delimiter)
            if len(parts) > 1 and any(map(is_day, parts)):
                raise DataError(
                    f"{sheet.path.name}:{line.number}",
                    "a quote that closes in its cell",
                    "another row inside of it",
                    "close the quote, or write it twice where it is meant",
                )


def _check_twins(sheet: Sheet, mapping: Mapping, header: Header, lines: Sequence[Line]) -> None:
    """DataError for two columns of one header, of which a field is, where they do not say the same."""
    head = sheet.rows[header.at]
    for at, others in _twins(head, mapping, header):
        for line in lines:
            said = [plain(cell(line, one)) for one in (at, *others)]
            if len(set(said)) > 1:
                raise DataError(
                    f"{sheet.path.name}:{line.number} {plain(head.cells[at])}",
                    "one column of this name, or the same in each",
                    " and ".join(map(quoted, said)),
                    "remove or rename all but the one that counts",
                )


def _twins(head: Line, mapping: Mapping, header: Header) -> Iterator[tuple[int, list[int]]]:
    """(the column of a field, others with its header)."""
    cells = [called(one) for one in head.cells]
    status = {called(column) for column in mapping.only}
    own = {*header.columns.values()} | {i for i, one in enumerate(cells) if one in status}
    for at in sorted(own):
        others = [i for i, one in enumerate(cells) if one == cells[at] and i != at]
        if others:
            yield at, others

"""Single events of a web analytics system as visits, added up by day, channel and campaign. Reads no file.

A visit is of the channel and campaign that its first event says: `utm_source` and `utm_campaign` of the address,
else the domain it came from, else `direct`. Example: `added_up(visits, names=("day", "channel"))`
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from steelyard.errors import DataError
from steelyard.market.cells import Number
from steelyard.market.days import Moment
from steelyard.market.mapping import Header, Mapping, called
from steelyard.market.sheets import Line, Sheet

DIRECT = "direct"
OWN = "hostname"  # its own pages lead to nothing


def visits_of(sheet: Sheet, mapping: Mapping, header: Header, lines: Sequence[Line]) -> list[Line]:
    """A row for each visit, in the order of the file; DataError for an event that belongs to none."""
    places = _Places.of(sheet, header)
    first: dict[str, Line] = {}
    for line in lines:
        visit = _cell(line, places.visit)
        if not visit:
            place = f"{sheet.path.name}:{line.number} {mapping.columns['visits'][0]}"
            raise DataError(place, "the visit of the event", "nothing", "export the events again")
        known = first.setdefault(visit, line)
        # times are written from the year on; what is written otherwise is refused where days are read
        if _cell(line, places.at) < _cell(known, places.at):
            first[visit] = line
    return [places.as_visit(line) for line in sorted(first.values(), key=lambda one: one.number)]


def added_up(
    values: Iterable[dict[str, Any]], names: Sequence[str]
) -> list[tuple[int, dict[str, Any]]]:
    """(index of the first, values) of those that name the same, with the sum of their visits; of days, since the
    first event of a day may be another one in the next export."""
    kept: dict[tuple[Any, ...], tuple[int, dict[str, Any]]] = {}
    for i, one in enumerate(values):
        whole = one | {"day": Moment(one["day"].day)}
        named = tuple(whole.get(name) for name in names)
        at, before = kept.get(named, (i, whole | {"visits": Number(Decimal(0))}))
        visits = before["visits"].value + one["visits"].value
        kept[named] = at, before | {"visits": Number(visits)}
    return list(kept.values())


@dataclass(frozen=True)
class _Places:
    """Columns of an event: when it was, its visit, the query of its address, who led to it, and whose page it is."""

    at: int
    visit: int
    query: int
    referrer: int
    own: int | None

    @classmethod
    def of(cls, sheet: Sheet, header: Header) -> _Places:
        named = {called(cell): i for i, cell in enumerate(sheet.rows[header.at].cells)}
        of = header.columns
        return cls(of["day"], of["visits"], of["campaign"], of["channel"], named.get(OWN))

    def as_visit(self, line: Line) -> Line:
        query = parse_qs(_cell(line, self.query).lstrip("?"))
        came, own = _domain(line, self.referrer), _domain(line, self.own)
        cells = [*line.cells, *[""] * max(0, self.last + 1 - len(line.cells))]
        led = came if came != own else ""
        cells[self.referrer] = _said(query, "utm_source") or led or DIRECT
        cells[self.query] = _said(query, "utm_campaign")
        cells[self.visit] = "1"
        return Line(line.number, cells)

    @property
    def last(self) -> int:
        return max(self.visit, self.query, self.referrer)


def _cell(line: Line, at: int) -> str:
    return line.cells[at].strip() if at < len(line.cells) else ""


def _domain(line: Line, at: int | None) -> str:
    return "" if at is None else _cell(line, at).casefold().removeprefix("www.")


def _said(query: dict[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0].strip()

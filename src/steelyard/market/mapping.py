"""Which column of an export is which field: by a preset, by the product file, or by both. Reads no file.

Headers are compared without case, spaces at their ends and full-width letters. What a header does not
say is never guessed: the first line of the file that has all needed columns is the header, or none is.
Example: `header_in(sheet.rows, mapping).columns["amount"] == 3`
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from steelyard.errors import UserError
from steelyard.market.cells import DECIMALS, plain
from steelyard.market.days import ORDERS
from steelyard.market.kinds import KINDS, Kind
from steelyard.market.sheets import Line
from steelyard.near import near
from steelyard.spec.market import Import

HEADER_WITHIN = 60  # lines: exports begin with a title, a period, an account
CURRENCY = "{currency}"  # in a header, as in "Amount spent ({currency})"


# how cells are read, as the command may say it beside fields
READ = ("decimal", "dates", "time_zone")
_READ_AS = {"decimal": DECIMALS, "dates": ORDERS}


@dataclass(frozen=True)
class Mapping:
    """Headers of each field (the first that is there counts), values that hold for every row, and how its
    cells are written. `paid` are the statuses that count, empty where every row does, and `returned` those
    of rows whose amount was given back; `charged` those of a fee that is a row by itself, in statements of an
    account, where `amount` is what came in and `refund` what went out; `only` are other columns by which rows count. `names` are fields of
    which a row of a total has none. `tells` is false for systems that keep books in several currencies and
    do not always say which; `fees` is -1 where they write a fee as money that went out. `events` are rows of single
    events, of which the visits are counted (`market/sessions.py`).
    """

    kind: Kind
    columns: Dict[str, tuple[str, ...]]
    says: Dict[str, str] = field(default_factory=dict)
    decimal: str | None = None
    dates: str | None = None
    paid: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    charged: tuple[str, ...] = ()
    only: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    tells: bool = True
    fees: int = 1
    events: bool = False
    zone: str | None = None  # of its times that say none
    name: str = ""

    def lacks(self, fields: Sequence[str]) -> list[str]:
        """Needed fields that neither a column in `fields` nor a value says; of events all that tell of a visit."""
        return [
            name
            for name, one in self.kind.fields.items()
            if (one.needed or (self.events and name in self.columns))
            and name not in fields
            and (name not in self.says or (self.events and name in self.columns))
        ]


@dataclass(frozen=True)
class Header:
    """Where the header is, which column holds which field, and the currency that it names."""

    at: int  # in the rows
    columns: Dict[str, int]
    currency: str | None = None


def mapping_of(asked: Import, presets: Dict[str, Mapping], *, name: str = "") -> Mapping:
    """What the product file says over what its preset does; UserError for what it does not know."""
    place = f"market.imports.{name}" if name else "mapping"
    kind = KINDS[asked.kind]
    base = Mapping(kind, {})
    if asked.preset is not None:
        if asked.preset not in presets:
            hint = near(asked.preset, presets) or "say its 'columns' instead"
            raise UserError(f"{place}.preset", f"one of {sorted(presets)}", asked.preset, hint)
        base = presets[asked.preset]
        if base.kind is not kind:
            raise UserError(
                f"{place}.kind", base.kind.name, asked.kind, f"{asked.preset} is an export of that"
            )
    for word in [*asked.columns, *asked.says]:
        if word not in kind.fields:
            hint = near(word, kind.fields) or f"{asked.kind} has {list(kind.fields)}"
            raise UserError(place, f"a field of {asked.kind}", word, hint)
    return replace(
        base,
        columns=dict(base.columns) | {name: (header,) for name, header in asked.columns.items()},
        says=dict(base.says) | asked.says,
        decimal=asked.decimal or base.decimal,
        dates=asked.dates or base.dates,
        paid=asked.paid or base.paid,
        zone=asked.time_zone or base.zone,
        name=name or base.name,
    )


def saying(mapping: Mapping, says: Dict[str, str]) -> Mapping:
    """The same, with values that hold for every row, and with how its cells are read; UserError for a word that is
    neither a field of its rows nor one of `READ`."""
    for word, said in says.items():
        if word in READ:
            _check_read(word, said)
        elif word not in mapping.kind.fields:
            raise no_field(word, [mapping.kind])
    values = {word: said for word, said in says.items() if word not in READ}
    return replace(
        mapping,
        says=dict(mapping.says) | values,
        decimal=says.get("decimal", mapping.decimal),
        dates=says.get("dates", mapping.dates),
        zone=says.get("time_zone", mapping.zone),
    )


def no_field(word: str, kinds: Sequence[Kind]) -> UserError:
    """That none of these kinds has it, and what may have been meant."""
    named = " or ".join(dict.fromkeys(kind.name for kind in kinds))
    known = list(dict.fromkeys([*(name for kind in kinds for name in kind.fields), *READ]))
    hint = near(word, known) or f"it may be one of {', '.join(known)}"
    return UserError("--say", f"a field of {named}", repr(word), hint)


def _check_read(word: str, said: str) -> None:
    if word == "time_zone":
        try:
            ZoneInfo(said)
        except (ValueError, OSError, KeyError) as error:
            expected = "a time zone such as Asia/Shanghai"
            raise UserError(f"--say {word}", expected, repr(said)) from error
    elif said not in _READ_AS[word]:
        known = " or ".join(f"--say {word}={one}" for one in _READ_AS[word])
        raise UserError("--say", known, f"{word}={said}")


def header_in(rows: Sequence[Line], mapping: Mapping) -> Header | None:
    """The first line that has every needed column; None where there is none."""
    for at, line in enumerate(rows[:HEADER_WITHIN]):
        header = _header(at, line, mapping)
        if header is not None and not mapping.lacks(list(header.columns)):
            return header
    return None


def _header(at: int, line: Line, mapping: Mapping) -> Header | None:
    cells = [called(cell) for cell in line.cells]
    columns: dict[str, int] = {}
    currencies: set[str] = set()
    for name, headers in mapping.columns.items():
        for header in headers:
            match = next(((i, m) for i, c in enumerate(cells) if (m := _is(c, header))), None)
            if match is not None:
                columns[name] = match[0]
                currencies |= set(match[1].groupdict().values()) - {None}
                break
    if len(currencies) > 1:
        return None
    return Header(at, columns, currencies.pop().upper() if currencies else None)


def missing(rows: Sequence[Line], mapping: Mapping) -> tuple[list[str], Line]:
    """Needed fields that no line has, and the line that comes nearest to being the header."""
    best, lacks = rows[0], list(mapping.kind.fields)
    for at, line in enumerate(rows[:HEADER_WITHIN]):
        header = _header(at, line, mapping)
        without = mapping.lacks(list(header.columns) if header else [])
        if header is not None and header.columns and len(without) < len(lacks):
            best, lacks = line, without
    if len(lacks) == len(mapping.kind.fields):
        best = max(rows[:HEADER_WITHIN], key=lambda line: sum(bool(c.strip()) for c in line.cells))
        lacks = mapping.lacks([])
    return lacks, best


def called(header: str) -> str:
    """A header as it is compared."""
    return " ".join(plain(header).casefold().split())


def _is(cell: str, header: str) -> re.Match[str] | None:
    pattern = re.escape(called(header)).replace(re.escape(CURRENCY), "(?P<currency>[a-z]{3})")
    return re.fullmatch(pattern, cell)

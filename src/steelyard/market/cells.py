"""Cells of an export: numbers, amounts of money, days and times. Knows no file and no column's name.

People write 1,234.50 and 1.234,50, ￥１２ and (5.00), 2026年1月2日 and 1/2/2026. What one cell leaves open
the whole column decides; where it does not, that is refused and never guessed.
Example: `[one.value for one in numbers(["1.234,50", "12,00"])] == [Decimal("1234.50"), Decimal("12.00")]`
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

# What programs put in front of a cell so that a spreadsheet leaves it alone, and what cannot be seen.
_ARMOUR = "`'\t \u200b\u200e\u200f\ufeff\u2060"
_NOTHING = frozenset({"", "-", "--", "—", "–", "n/a", "null", "none", "无"})
_NOTHING_MAX = max(map(len, _NOTHING))
_DOLLARS = frozenset({"USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "MXN"})
_SIGNS = {
    "¥": frozenset({"CNY", "JPY"}),
    "元": frozenset({"CNY"}),
    "RMB": frozenset({"CNY"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "₩": frozenset({"KRW"}),
    "₹": frozenset({"INR"}),
    "HK$": frozenset({"HKD"}),
    "NT$": frozenset({"TWD"}),
    "US$": frozenset({"USD"}),
    "A$": frozenset({"AUD"}),
    "C$": frozenset({"CAD"}),
    "S$": frozenset({"SGD"}),
    "$": _DOLLARS,
}
_SIGN = "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True))
_MONEY = re.compile(
    rf"(?P<open>\()?(?P<minus>[-+])?\s*(?P<before>{_SIGN}|[A-Z]{{3}})?\s*(?P<second>[-+])?"
    rf"(?P<body>[0-9](?:[.,][0-9]+)?E-[0-9]{{1,3}}|[0-9][0-9.,' ]*|[.,][0-9]+)\s*(?P<behind>{_SIGN}|[A-Z]{{3}})?(?P<last>-)?(?P<close>\))?"
)
DECIMALS = (".", ",")


class CellError(ValueError):
    """A cell that cannot be read: its place in the column, what was expected, and the repair."""

    def __init__(self, index: int, expected: str, repair: str) -> None:
        self.index, self.expected, self.repair = index, expected, repair
        super().__init__(expected)


@dataclass(frozen=True)
class Number:
    """A number, and the currencies that the signs beside it may mean; None where there is no sign."""

    value: Decimal
    currencies: frozenset[str] | None = None


@dataclass(frozen=True)
class _Parts:
    negative: bool
    body: str
    currencies: frozenset[str] | None


def plain(cell: str) -> str:
    """A cell without what is there for spreadsheets only, in ordinary digits and letters."""
    # what is ASCII stays as it is, and most cells are
    text = cell if cell.isascii() else unicodedata.normalize("NFKC", cell).replace("\u2212", "-")
    text = text.strip()
    if text.startswith('="') and text.endswith('"'):  # ="00123", as Excel keeps a text
        text = text[2:-1]
    if len(text) > 1 and text[0] == text[-1] == '"':  # JSON inside a cell
        text = text[1:-1]
    return text.strip(_ARMOUR).strip()


def is_nothing(cell: str) -> bool:
    """Whether it says that there is no value."""
    return says_nothing(plain(cell))


def says_nothing(text: str) -> bool:
    """The same of one that is plain already."""
    return len(text) <= _NOTHING_MAX and text.casefold() in _NOTHING


def numbers(
    cells: Sequence[str], *, decimal: str | None = None, whole: bool = False
) -> list[Number | None]:
    """Every cell of one column, None for one that says nothing. `decimal` is the point or the comma that
    parts whole units from the rest; left out, the column tells it. `whole` numbers have no such part.
    CellError for the first cell that is no number, or that could be two."""
    texts = map(plain, cells)
    parts = [None if says_nothing(text) else _parts(i, text) for i, text in enumerate(texts)]
    mark = decimal or _decimal(parts, whole=whole)
    return [p if p is None else _number(i, p, mark, whole=whole) for i, p in enumerate(parts)]


def _parts(index: int, text: str) -> _Parts:
    match = _MONEY.fullmatch(text.upper())
    if match is None or bool(match["open"]) != bool(match["close"]):
        raise CellError(index, "a number", "correct the cell, or leave it empty")
    said = match["before"] or match["behind"]
    if match["before"] and match["behind"]:  # ¥12 CNY
        both = [_currencies(match[part]) for part in ("before", "behind")]
        currencies: frozenset[str] | None = both[0] & both[1]
    else:
        currencies = None if said is None else _currencies(said)
    minuses = [match["open"], match["minus"] == "-", match["second"] == "-", match["last"]]
    if sum(map(bool, minuses)) > 1 or (currencies is not None and not currencies):
        raise CellError(index, "a number with one sign and one currency", "correct the cell")
    return _Parts(any(minuses), match["body"].strip(), currencies)


def _currencies(said: str) -> frozenset[str]:
    return _SIGNS.get(said, frozenset({said}))


def _decimal(parts: Sequence[_Parts | None], *, whole: bool) -> str:
    """The mark under which every cell of the column is a number."""
    open_, possible = None, set(DECIMALS)
    for i, part in enumerate(parts):
        if part is None:
            continue
        values = {mark: _value(part.body, mark, whole=whole) for mark in DECIMALS}
        possible &= {mark for mark, value in values.items() if value is not None}
        if values[DECIMALS[0]] is values[DECIMALS[1]] is None:
            raise _no_number(i, part, whole=whole)
        if not possible:
            raise CellError(
                i, "a number as the cells above it are written", "write all of them in one way"
            )
        if open_ is None and len(set(values.values())) > 1 and None not in values.values():
            open_ = i
    if open_ is not None and len(possible) > 1:
        raise CellError(
            open_,
            "a number that can be read in one way: its comma or point may part thousands or cents",
            "say --say decimal=. or --say decimal=, (decimal: in the product file)",
        )
    return min(possible, key=DECIMALS.index)


def _no_number(index: int, part: _Parts, *, whole: bool) -> CellError:
    """Of a cell that is none under either mark."""
    parted = whole and any(_value(part.body, mark, whole=False) is not None for mark in DECIMALS)
    return CellError(index, "a whole number" if parted else "a number", "correct the cell")


def _number(index: int, part: _Parts, mark: str, *, whole: bool) -> Number:
    value = _value(part.body, mark, whole=whole)
    if value is None and whole and _value(part.body, mark, whole=False) is not None:
        raise _no_number(index, part, whole=whole)
    if value is None:
        kind = "a whole number" if whole else "a number"
        other = DECIMALS[mark == DECIMALS[0]]
        repair = f"correct the cell, or say --say decimal={other}"
        raise CellError(index, f"{kind} whose decimal mark is {mark!r}", repair)
    return Number(-value if part.negative else value, part.currencies)


@lru_cache(maxsize=1 << 16)  # amounts of an export repeat, and each is read under both marks
def _value(body: str, mark: str, *, whole: bool) -> Decimal | None:
    """What the digits are where `mark` parts the whole from the rest; None where they are no number. Small numbers
    are written with a power of ten by programs, as 1.05E-05; large ones by spreadsheets, which drop digits."""
    body, power, digits = body.partition("E-")
    units, point, rest = body.partition(mark)
    if power and not whole and re.fullmatch(r"[0-9]", units) and re.fullmatch(r"[0-9]*", rest):
        return Decimal(f"{units}.{rest or 0}").scaleb(-int(digits))
    if power or not re.fullmatch(r"[0-9]*", rest) or (point and not rest):
        return None
    if whole and rest.strip("0"):
        return None
    for separator in {",", ".", "'", " "} - {mark}:
        if separator in units:
            if not re.fullmatch(rf"[1-9][0-9]{{0,2}}(?:{re.escape(separator)}[0-9]{{3}})+", units):
                return None
            units = units.replace(separator, "")
    if not (units or "0").isdigit():
        return None
    return Decimal(f"{units or '0'}.{rest}" if rest else units)


def currency_of(number: Number, currency: str) -> bool:
    """Whether the sign beside a number, if there is one, may mean this currency."""
    return number.currencies is None or currency in number.currencies


def unique(values: Sequence[str]) -> Iterator[int]:
    """How often each value stood before, in its order: what tells equal rows of one file apart."""
    times: dict[str, int] = {}
    for value in values:
        times[value] = times.get(value, -1) + 1
        yield times[value]

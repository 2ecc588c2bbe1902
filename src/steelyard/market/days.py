"""Days and times as people and programs write them. Knows no file and no column's name.

The order of day and month is told by the column, or by whoever maps it; never by a guess.
Example: `moments(["13/1/2026", "1/2/2026"], zone=UTC)[1].day == date(2026, 2, 1)`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal

from steelyard.market.cells import CellError, plain, says_nothing

Order = Literal["day_first", "month_first"]
ORDERS: tuple[Order, ...] = ("day_first", "month_first")
_MONTHS = {
    name: i
    for i, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_LONG = ["january february march april may june july august september october november december"]
_MONTHS |= {name: i for i, name in enumerate(_LONG[0].split(), 1)} | {"sept": 9}
_WEEKDAY = re.compile(
    r"^(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+|(?:星期|周)[一二三四五六日天]\s*)",
    re.IGNORECASE,
)
_CLOCK = (
    r"(?:[T ,]*\s*(?P<half>上午|下午)?\s*(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})分?"
    r"(?:[:]?(?P<second>\d{1,2})(?:[.,]\d+)?秒?)?\s*(?P<ampm>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{1,2}:?(?:\d{2})?)?)?"
)
_FORMS = [
    re.compile(form + _CLOCK + "$")
    for form in (
        r"^(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})",
        r"^(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]?",
        r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
        r"^(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})",
        r"^(?P<day>\d{1,2})[ -](?P<name>[A-Za-z]{3,9})\.?[ -](?P<year>\d{4})",
        r"^(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
    )
]
_EITHER = re.compile(
    r"^(?P<first>\d{1,2})(?P<sep>[/-])(?P<then>\d{1,2})(?P=sep)(?P<year>\d{4})" + _CLOCK + "$"
)
_EXPECTED = "a day such as 2026-01-31, 2026/1/31, 2026年1月31日 or 31 Jan 2026"
_REPAIR = "correct the cell, or write it as 2026-01-31"


@dataclass(frozen=True)
class Moment:
    """A day where the books are kept, and the time in UTC where the cell says one."""

    day: date
    at: datetime | None = None


def moments(
    cells: Sequence[str], *, zone: tzinfo, written: tzinfo | None = None, order: Order | None = None
) -> list[Moment | None]:
    """Every cell of one column, None for one that says nothing. Days are those of `zone`, and so are times
    without an offset where it is not `written` in another. CellError for the first cell that is no day, or that could be two."""
    texts = [None if says_nothing(text) else _WEEKDAY.sub("", text) for text in map(plain, cells)]
    said = order or _order(texts)
    own = written or zone
    return [t if t is None else _moment(i, t, zone, own, said) for i, t in enumerate(texts)]


def is_day(cell: str) -> bool:
    """Whether it is written as a day, whichever way its parts are meant."""
    text = _WEEKDAY.sub("", plain(cell))
    return any(_day(text, order) is not None for order in ORDERS)


def _order(texts: Sequence[str | None]) -> Order | None:
    """The order under which every cell of the column is a day; None where none of them asks for one."""
    possible, open_ = list(ORDERS), None
    for i, text in enumerate(texts):
        if text is None or _EITHER.match(text) is None:
            continue
        days = {order: _day(text, order) for order in ORDERS}
        possible = [order for order in possible if days[order] is not None]
        if not possible:
            raise CellError(i, "a day in the order of those above it", "write all in one order")
        if open_ is None and days["day_first"] != days["month_first"]:
            open_ = i
    if open_ is not None and len(possible) > 1:
        raise CellError(
            open_,
            "a day that can be read in one way: its first number may be the day or the month",
            "say --say dates=day_first or --say dates=month_first (dates: in the product file)",
        )
    return possible[0] if open_ is not None else None


def _moment(index: int, text: str, zone: tzinfo, written: tzinfo, order: Order | None) -> Moment:
    day, match = _day(text, order), _match(text)
    if day is None or match is None:
        raise CellError(index, _EXPECTED, _REPAIR)
    if match["hour"] is None:
        return Moment(day)
    clock = _clock(match)
    if clock is None:
        raise CellError(index, "a time of a day", _REPAIR)
    at = datetime.combine(day, clock, _offset(match["zone"]) or written).astimezone(UTC)
    return Moment(at.astimezone(zone).date(), at)


def _match(text: str) -> re.Match[str] | None:
    forms: list[Callable[[str], re.Match[str] | None]] = [f.match for f in (*_FORMS, _EITHER)]
    return next((m for form in forms if (m := form(text)) is not None), None)


def _day(text: str, order: Order | None) -> date | None:
    match = _match(text)
    if match is None:
        return None
    said = match.groupdict()
    if "first" in said:
        first, then = int(said["first"]), int(said["then"])
        day, month = (first, then) if order != "month_first" else (then, first)
    else:
        month = _MONTHS.get(said["name"].lower(), 0) if "name" in said else int(said["month"])
        day = int(said["day"])
    try:
        return date(int(said["year"]), month, day)
    except ValueError:
        return None


def _clock(match: re.Match[str]) -> time | None:
    hour, afternoon = int(match["hour"]), None
    if match["ampm"] or match["half"]:
        afternoon = (match["ampm"] or "").lower().startswith("p") or match["half"] == "下午"
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * afternoon
    try:
        return time(hour, int(match["minute"]), int(match["second"] or 0))
    except ValueError:
        return None


def _offset(said: str | None) -> tzinfo | None:
    if said is None:
        return None
    digits = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", said)
    if digits is None:
        return UTC
    minutes = int(digits[2]) * 60 + int(digits[3] or 0)
    return timezone(timedelta(minutes=-minutes if digits[1] == "-" else minutes))


def month_end(month: str) -> str:
    """The last day of a month."""
    year, number = int(month[:4]), int(month[5:])
    after = date(year + number // 12, number % 12 + 1, 1)
    return (after - timedelta(days=1)).isoformat()

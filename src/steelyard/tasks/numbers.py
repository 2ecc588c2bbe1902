"""Which digits of a text are a phone, an identity card or a bank card. Knows no other kinds.

An unbroken run of digits is one number: it is personal only when personal numbers fill it from end
to end. Groups joined by spaces or hyphens are tried from every group in every known grouping.
Example: `list(numbers_in("1 13812345678")) == [(2, 13, "PHONE")]`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

DIGITS_MIN = 11
RUN_MAX = 76  # four of the longest numbers; longer runs are no list of somebody's numbers
# Possessive (++): a run is read once, whatever stands behind it.
_CLUSTER = re.compile(r"[0-9]++[Xx]?+(?:[ -]{0,3}+[0-9]++[Xx]?+)*+")
_GROUP = re.compile(r"([0-9]+)([Xx]?)")
_POINT = re.compile(r"\.[0-9]")
_DECIMALS = re.compile(r"\.[0-9]{1,2}(?![0-9])(?!\.[0-9])")
_POINTED = re.compile(r"[0-9.]*[0-9]\.$")
_LIST = re.compile(r"[1-9][0-9]?\.")
_LISTED = {
    "PHONE": re.compile(r"(?:\+?86|0086)?1(?:3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9])"),
    "CARD": re.compile(r"(?:62|4|5[1-5])[0-9]{14}(?![0-9])|62[0-9]{17}|3[47][0-9]{13}(?![0-9])"),
    "ID": re.compile(""),
}  # fmt: skip
POINT_WINDOW = 8
_SEPARATOR = re.compile("[ -]+")
_NUMBER = re.compile("[0-9]+")
_DIGITS = "0123456789"
_PHONE = re.compile(r"(?:86|0086|0)?1[3-9][0-9]{9}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_SHORT_CARDS = {14: re.compile("30[0-5]|3[689]"), 15: re.compile("3[47]|2131|1800")}  # fmt: skip
_CARD_LENGTHS = (16, 19, 18, 17, 15, 14)
_PHONE_LENGTHS = (11, 13, 15, 12)
_DOUBLED = str.maketrans("0123456789", "0246813579")  # twice the digit, its two digits added
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"

# How people write them in groups. 4-4-3 is a phone with hyphens only: three prices look the same.
_PHONES = ((3, 4, 4), (3, 8), (7, 4))
_GROUPINGS: dict[tuple[int, ...], str] = {
    **dict.fromkeys(_PHONES, "PHONE"),
    **{(n, *g): "PHONE" for n in (2, 4) for g in (*_PHONES, (11,))},  # 86 and 0086 in front
    **{(n + g[0], *g[1:]): "PHONE" for n in (1, 2, 4) for g in _PHONES[:2]},  # and joined to it
    **dict.fromkeys(((6, 8, 4), (6, 4, 4, 4), (3, 3, 8, 4), (6, 12), (14, 4)), "ID"),
    **dict.fromkeys(((4, 4, 4, 4), (8, 8), (4, 6, 5), (4, 6, 4)), "CARD"),
    **{(4, 4, 4, 4, n): "CARD" for n in (1, 2, 3)},
    **{(6, n): "CARD" for n in (10, 11, 13)},
}
_HYPHENATED = (4, 4, 3)
_GROUPINGS[_HYPHENATED] = "PHONE"
_BY_START: dict[tuple[int, ...], list[tuple[int, ...]]] = {}  # most groups begin no grouping
for _shape in _GROUPINGS:
    _BY_START.setdefault(_shape[:2], []).append(_shape)


class Group(NamedTuple):
    """An unbroken run of digits, and whether an X (the check digit 10 of an identity card) ends it."""

    start: int
    digits: str
    x: bool

    @property
    def end(self) -> int:
        return self.start + len(self.digits)

    @property
    def width(self) -> int:
        """Characters, with the X."""
        return len(self.digits) + self.x


Found = tuple[int, int, str]  # start, end, kind


def numbers_in(text: str) -> Iterator[Found]:
    """Spans in order. `text` is folded: ASCII digits, one kind of hyphen and of space."""
    last = -1  # where the number found before ends: it is a border, also before a full stop
    for cluster in _CLUSTER.finditer(text):
        if cluster.end() - cluster.start() < DIGITS_MIN:
            continue
        groups = [
            Group(m.start(), m[1], bool(m[2])) for m in _GROUP.finditer(text, *cluster.span())
        ]
        for found in _best(text, groups, last):
            last = found[1]
            yield found


def _best(text: str, groups: Sequence[Group], last: int) -> list[Found]:
    """The choice of candidates, apart from each other, that masks the most digits: so no candidate
    that is right by chance takes a part of one that is right."""
    n, lengths = len(groups), tuple(len(g.digits) for g in groups)
    best = [0] * (n + 1)
    chosen: list[tuple[int, list[Found]]] = [(1, [])] * n
    point = _behind_point(text, groups[0].start, last)
    for i in range(n - 1, -1, -1):
        best[i] = best[i + 1]
        most = 0
        for size, found in _candidates(text, groups, lengths, i):
            if i == 0 and point and not _is_listed(text, point, found):
                continue
            if i + size == n and _goes_on(text, groups[-1], joined=size > 1):
                continue
            masked = sum(lengths[i : i + size]) + best[i + size]
            if masked > most and masked >= best[i + 1]:  # of equals the first in the text
                most = best[i] = masked
                chosen[i] = size, found
    spans: list[Found] = []
    i = 0
    while i < n:
        spans += chosen[i][1]
        i += chosen[i][0]
    return spans


def _behind_point(text: str, start: int, last: int) -> str:
    """The digits and the point in front of these: `3.` of a list, a decimal, a version."""
    if last == start - 1:  # what was found there is a border
        return ""
    before = _POINTED.search(text, max(0, start - POINT_WINDOW), start)
    return before.group() if before else ""


def _is_listed(text: str, point: str, found: list[Found]) -> bool:
    """Behind the number of a list stand numbers in groups, or those that begin as networks and
    issuers begin them; other digits are decimals."""
    if not _LIST.fullmatch(point):
        return False
    return all(_LISTED[kind].match(text, start) or not text[start:end].isdecimal() for start, end, kind in found)  # fmt: skip


def _goes_on(text: str, group: Group, *, joined: bool) -> bool:
    """One or two decimals follow: a price; or, behind joined groups, any dotted number."""
    behind = _POINT if joined else _DECIMALS
    return not group.x and bool(behind.match(text, group.end))


def _candidates(
    text: str, groups: Sequence[Group], lengths: tuple[int, ...], i: int
) -> Iterator[tuple[int, list[Found]]]:
    """(groups taken, spans) of everything that starts with group i."""
    group = groups[i]
    if len(group.digits) >= DIGITS_MIN:
        pieces = _filled(group.digits, group.x)
        if pieces:
            yield 1, list(_placed(text, group.start, pieces))
    if i + 1 == len(groups) or group.x:  # an X ends a number
        return
    for second in {lengths[i + 1], groups[i + 1].width}:
        for shape in _BY_START.get((lengths[i], second), ()):
            size = len(shape)
            if lengths[i + 1 : i + size - 1] != shape[1:-1] or i + size > len(groups):
                continue
            found = _grouped(text, groups[i : i + size], shape)
            if found:
                yield size, [found]


def _grouped(text: str, groups: Sequence[Group], shape: tuple[int, ...]) -> Found | None:
    """These groups as one number; they are known to have its shape up to the last."""
    kind, last = _GROUPINGS[shape], groups[-1]
    x = last.x and kind == "ID" and last.width == shape[-1]
    if not x and len(last.digits) != shape[-1]:
        return None
    start = groups[0].start
    if kind != "ID" and not _is_one(text[start : last.end], shape, kind):
        return None
    digits = "".join([g.digits for g in groups]) + "X" * x
    if not _CHECKS[kind](digits) or any(g.x for g in groups[:-1]):
        return None
    return _signed(text, start, digits), last.end + x, kind


def _is_one(text: str, shape: tuple[int, ...], kind: str) -> bool:
    """These groups may be one number: a date is no part of one, and a single separator parts a card
    or a phone with the trunk prefix, whose first groups may be anything."""
    loose = kind == "PHONE" and (text[0] != "0" or text.startswith("0086"))
    if not loose and len(set(_SEPARATOR.findall(text))) > 1:
        return False
    if shape == _HYPHENATED and " " in text:
        return False
    return 8 not in shape or not any(_DATE.fullmatch(g) for g in _NUMBER.findall(text))


def _filled(digits: str, x: bool) -> list[tuple[str, int]]:
    """Personal numbers that fill the run from end to end: [(kind, characters)], or none."""
    if len(digits) > RUN_MAX:
        return []
    dead: set[int] = set()

    def fill(at: int) -> list[tuple[str, int]] | None:
        if at == len(digits):
            return []
        if at in dead:
            return None
        for kind, size in _pieces(digits, at, x):
            rest = fill(min(at + size, len(digits)))
            if rest is not None:
                return [(kind, size), *rest]
        dead.add(at)
        return None

    return fill(0) or []


def _pieces(digits: str, at: int, x: bool) -> Iterator[tuple[str, int]]:
    left = len(digits) - at
    if left >= 18 and is_id_card(digits[at : at + 18]):
        yield "ID", 18
    if left == 17 and x and is_id_card(digits[at:] + "X"):
        yield "ID", 18
    for size in _PHONE_LENGTHS:
        if size <= left and is_phone(digits[at : at + size]):
            yield "PHONE", size
    for size in _CARD_LENGTHS:
        if size <= left and is_card(digits[at : at + size]):
            yield "CARD", size


def _placed(text: str, start: int, pieces: list[tuple[str, int]]) -> Iterator[Found]:
    for kind, size in pieces:
        yield _signed(text, start, text[start : start + 2]), start + size, kind
        start += size


def _signed(text: str, start: int, digits: str) -> int:
    """The + of an international prefix belongs to the number."""
    return start - (text[start - 1 : start] == "+" and digits.startswith("86"))


def is_phone(digits: str) -> bool:
    """A Chinese mobile number, with 86, 0086 or the trunk prefix 0 in front; a 12-digit product
    code begins with 0 as well, and has a check digit."""
    return bool(_PHONE.fullmatch(digits)) and not (len(digits) == 12 and _is_product(digits))


def is_id_card(value: str) -> bool:
    """Resident identity number: a real date and the MOD 11-2 check (GB 11643-1999)."""
    if len(value) != 18 or not value[:17].isdecimal():
        return False
    if not "1800" <= value[6:10] <= "2099" or value[0] == "0":
        return False
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    total = sum(int(d) * w for d, w in zip(value[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11] == value[17].upper()


def is_card(digits: str) -> bool:
    """14 to 19 digits with the Luhn check (ISO/IEC 7812-1), begun as an issuer begins them; one
    repeated digit, a date in front (an order number) or a product code is no card."""
    if not 14 <= len(digits) <= 19 or digits[0] == "0" or _DATE.match(digits):
        return False
    short = _SHORT_CARDS.get(len(digits))
    if short and (not short.match(digits) or (len(digits) == 14 and _is_product(digits))):
        return False
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[-1::-2] + doubled)) % 10 == 0 and len(set(digits)) > 1


def _is_product(digits: str) -> bool:
    """The check digit of bar codes: UPC, EAN-13, ISBN-13, GTIN-14 (ISO/IEC 15420)."""
    return sum(int(d) * (1 + 2 * (i % 2)) for i, d in enumerate(reversed(digits))) % 10 == 0


_CHECKS: dict[str, Callable[[str], bool]] = {"ID": is_id_card, "PHONE": is_phone, "CARD": is_card}

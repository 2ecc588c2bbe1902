"""Personal data in a text replaced by the name of its kind. Knows no labels and no operators.

Whatever stands beside it: letters, Han, another number, or other personal data. Linear in the text.
Example: `mask("2024-01-01 13812345678")[0] == "2024-01-01 [PHONE]"`
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from steelyard.tasks.numbers import numbers_in

LOCAL_MAX = 64  # the longest part before the @ (RFC 5321, 4.5.3.1.1)
_LOCAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-"
_HAN = "\u3400-\u9fff"
# A name of Han or of Latin letters, not of both: behind an address its sentence may go on.
_DOMAIN = re.compile(
    rf"(?:(?:[A-Za-z0-9][A-Za-z0-9-]{{0,62}}|[{_HAN}]{{1,20}})\.){{1,8}}"
    r"(?:xn--[A-Za-z0-9-]{1,59}|[A-Za-z]{2,24}|中国|中國|公司|网络|網絡|香港|台湾|台灣|政务|公益)"
)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_DOTTED = re.compile(
    r"(?<![0-9])(?<![0-9]\.)"  # not behind a longer number; a full stop alone is no border
    rf"(?:(?P<IP>(?:{_OCTET}\.){{3}}{_OCTET})|(?P<PHONE>1[3-9][0-9](?P<mark>[._/·•・])[0-9]{{4}}(?P=mark)[0-9]{{4}}"
    r"|\(1[3-9][0-9]\)[ -]{0,2}[0-9]{4}[ -]?[0-9]{4}))"
    r"(?![0-9])(?!\.[0-9])"
)
# What makes four numbers a version and no address: a word in front, or a stage behind.
_VERSION = re.compile(
    r"(?:(?<![A-Za-z])(?:v|ver|version|release|section|(?:chrome|safari|firefox|edge?|opera|mozilla)/)"
    r"|版本号?|固件)[ .:=#-]{0,2}$",
    re.I,
)
_STAGE = re.compile(r"-?(?:alpha|beta|rc)[0-9]{0,2}(?![A-Za-z])", re.I)
_VERSION_WINDOW = 12
# A text without any of this holds nothing to mask; most texts end here.
_MAYBE = re.compile(r"[@＠﹫]|[0-9０-９](?:\W{0,3}[0-9０-９]){3}")
_BLOCK = "\0"  # stands where something was found already: a border that nothing reads across

# One character for one, so that places stay: full-width forms, every dash, every space.
_FOLD = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)}
_FOLD |= dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), 0x2D)
_FOLD |= dict.fromkeys((0x09, 0x0A, 0x0D, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), 0x20)  # fmt: skip
_FOLD[0xFE6B] = 0x40


class Span(NamedTuple):
    """Characters [start, end) are of this kind."""

    start: int
    end: int
    kind: str


def mask(text: str) -> tuple[str, Counter[str]]:
    """The text with [EMAIL], [IP], [ID], [PHONE] and [CARD], and how many of each."""
    found: Counter[str] = Counter()
    if not _MAYBE.search(text):
        return text, found
    parts: list[str] = []
    at = 0
    for span in spans(text):
        parts += text[at : span.start], f"[{span.kind}]"
        at = span.end
        found[span.kind] += 1
    return "".join([*parts, text[at:]]), found


def spans(text: str) -> list[Span]:
    """Where personal data stand, in order and apart. What was found is a border for what is looked
    for next, as it is when the masked text comes again."""
    folded = text.translate(_FOLD)
    numbers = [Span(*n) for n in numbers_in(folded)]
    emails = _apart(list(_emails(folded)), numbers)
    numbers = _outside(numbers, emails)
    folded = _without(folded, sorted(emails + numbers))
    return sorted(emails + numbers + list(_dotted(folded)))


def _apart(emails: list[Span], numbers: list[Span]) -> list[Span]:
    """An address ends a number that began in front of it: `138 1234 5678li@x.cn` is both."""
    made, i = [], 0
    for email in emails:
        while i < len(numbers) and numbers[i].end <= email.start:
            i += 1
        cut = i < len(numbers) and numbers[i].start < email.start
        made.append(email._replace(start=numbers[i].end) if cut else email)
    return made


def _outside(numbers: list[Span], emails: list[Span]) -> list[Span]:
    """Without the numbers that are a part of an address."""
    kept, i = [], 0
    for number in numbers:
        while i < len(emails) and emails[i].end <= number.start:
            i += 1
        if i == len(emails) or number.end <= emails[i].start:
            kept.append(number)
    return kept


def _without(text: str, found: list[Span]) -> str:
    if not found:
        return text
    parts: list[str] = []
    at = 0
    for span in found:
        parts += text[at : span.start], _BLOCK * (span.end - span.start)
        at = span.end
    return "".join([*parts, text[at:]])


def _emails(text: str) -> Iterator[Span]:
    """From each @ outwards: the end of the domain is known by its letters, so digits may follow; the
    local part reaches back to what no address holds, or to the end of the address before."""
    end, at = -1, text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        if domain:
            before = text[max(end, at - LOCAL_MAX, 0) : at]
            local = before[len(before.rstrip(_LOCAL)) :].lstrip(".%+-")
            if local or at == end:
                yield Span(at - len(local), domain.end(), "EMAIL")
                end = domain.end()
        at = text.find("@", at + 1)


def _dotted(text: str) -> Iterator[Span]:
    for match in _DOTTED.finditer(text):
        kind = str(match.lastgroup)
        before = text[max(0, match.start() - _VERSION_WINDOW) : match.start()]
        if kind == "IP" and (_VERSION.search(before) or _STAGE.match(text, match.end())):
            continue
        yield Span(*match.span(), kind)

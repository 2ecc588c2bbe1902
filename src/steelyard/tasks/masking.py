"""Personal data in a text replaced by the name of its kind. Knows no labels and no operators.

Whatever stands beside it: letters, Han, another number, or other personal data. Linear in the text.
Example: `mask("2024-01-01 13812345678")[0] == "2024-01-01 [PHONE]"`
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from steelyard.tasks.emails import emails_in
from steelyard.tasks.numbers import numbers_in
from steelyard.tasks.places import Placed, Range

# A text without any of this holds nothing to mask; most texts end here.
_MAYBE = re.compile(r"[@＠﹫]|[0-9０-９](?:\W{0,3}[0-9０-９]){3}")
_DIGIT = re.compile("[0-9Xx]")  # where an address may cut a run of digits
_BLOCK = "\0"  # stands where an address is: a border that no number reads across

# One character for one, so that places stay: full-width forms, every dash, every space.
_FOLD = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)}
_FOLD |= dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), 0x2D)
_FOLD |= dict.fromkeys(
    (0x09, 0x0A, 0x0D, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), 0x20
)
_FOLD[0xFE6B] = 0x40


class Span(NamedTuple):
    """Characters [start, end) are of this kind."""

    start: int
    end: int
    kind: str


def mask(text: str) -> tuple[str, Counter[str]]:
    """The text with [EMAIL], [IP], [ID], [PHONE] and [CARD], and how many of each."""
    counts: Counter[str] = Counter()
    if not _MAYBE.search(text):
        return text, counts
    parts: list[str] = []
    at = 0
    for span in spans(text):
        parts += text[at : span.start], f"[{span.kind}]"
        at = span.end
        counts[span.kind] += 1
    masked = "".join([*parts, text[at:]])
    return (masked if not isinstance(text, Placed) else _placed(text, masked)), counts


def _placed(text: Placed, masked: str) -> Placed:
    """A name that stands for personal data stands where they stood."""
    ranges: list[Range] = []
    at = 0
    for span in spans(text):
        ranges += [text.at(i) for i in range(at, span.start)]
        ranges += [text.source(span.start, span.end)] * len(f"[{span.kind}]")
        at = span.end
    return Placed(masked, [*ranges, *(text.at(i) for i in range(at, len(text)))])


def spans(text: str) -> list[Span]:
    """Where personal data stand, in order and apart. An address is a border for numbers, as it is
    when the masked text comes again."""
    folded = text.translate(_FOLD)
    numbers = _numbers(folded)
    emails = _apart([Span(*email, "EMAIL") for email in emails_in(folded)], numbers)
    if any(_DIGIT.match(folded, place) for e in emails for place in (e.start, e.end - 1)):
        numbers = _numbers(_without(folded, emails))
    return sorted(emails + _outside(numbers, emails))


def _numbers(text: str) -> list[Span]:
    return [Span(*number) for number in numbers_in(text)]


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


def _without(text: str, emails: list[Span]) -> str:
    parts: list[str] = []
    at = 0
    for email in emails:
        parts += text[at : email.start], _BLOCK * (email.end - email.start)
        at = email.end
    return "".join([*parts, text[at:]])

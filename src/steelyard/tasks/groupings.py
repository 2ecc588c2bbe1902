"""How people write personal numbers in groups: how many digits each has, and what may part them.
Knows no texts around them and no check digits.

Example: `parted_well("PHONE", (3, 4, 4), ("-", "-"), ("138", "1234", "5678"))`
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from steelyard.tasks.checks import is_date

Shape = tuple[int, ...]

# What may stand between two groups: one side of a bracket, one mark, or up to three spaces and hyphens.
GAP = r"(?:[ -]{0,2}+\(|\)[ -]{0,2}+|[._/·•・]|[ -]{0,3}+)"
_MARK = re.compile("[._/·•・]")
_OPENING = re.compile(r"[ -]{0,2}\(")
_CLOSING = re.compile(r"\)[ -]{0,2}")

# 4-4-3 is a phone with hyphens only: three prices look the same.
_HYPHENATED = (4, 4, 3)
_PHONES = ((3, 4, 4), (3, 8), (7, 4))
GROUPINGS: dict[Shape, str] = {
    **dict.fromkeys(_PHONES, "PHONE"),
    **{(n, *g): "PHONE" for n in (2, 4) for g in (*_PHONES, (11,))},  # 86 and 0086 in front
    **{(n + g[0], *g[1:]): "PHONE" for n in (1, 2, 4) for g in _PHONES[:2]},  # and joined to it
    **dict.fromkeys(((6, 8, 4), (6, 4, 4, 4), (3, 3, 8, 4), (6, 12), (14, 4)), "ID"),
    **dict.fromkeys(((4, 4, 4, 4), (8, 8), (4, 6, 5), (4, 6, 4)), "CARD"),
    **{(4, 4, 4, 4, n): "CARD" for n in (1, 2, 3)},
    **{(6, n): "CARD" for n in (10, 11, 13)},
    _HYPHENATED: "PHONE",
}
BY_FIRST: dict[int, list[Shape]] = {}  # most groups begin no grouping
for _shape in GROUPINGS:
    BY_FIRST.setdefault(_shape[0], []).append(_shape)


def parted_well(kind: str, shape: Shape, gaps: Sequence[str], groups: Sequence[str]) -> bool:
    """What stands between the groups may part one number of this kind."""
    if all(_is_plain(gap) for gap in gaps):
        return _one_by_spaces(kind, shape, gaps, groups)
    if kind != "PHONE":
        return False
    return _one_by_marks(shape, gaps) or _one_by_brackets(shape, gaps)


def has_bracket(shape: Shape, gaps: Sequence[str]) -> bool:
    """The first group stands in brackets, of which the opening one is in front of the shape."""
    return shape in _PHONES[:2] and bool(_CLOSING.fullmatch(gaps[0]))


def _is_plain(gap: str) -> bool:
    return not gap.strip(" -")


def _one_by_spaces(kind: str, shape: Shape, gaps: Sequence[str], groups: Sequence[str]) -> bool:
    """A date is no part of a card or a phone, and one separator parts a card or a phone with the
    trunk prefix, whose first groups may be anything."""
    if kind == "ID":
        return True
    loose = kind == "PHONE" and (groups[0][0] != "0" or groups[0].startswith("0086"))
    if not loose and len(set(gaps)) > 1:
        return False
    if shape == _HYPHENATED and " " in "".join(gaps):
        return False
    return 8 not in shape or not any(is_date(group) for group in groups)


def _one_by_marks(shape: Shape, gaps: Sequence[str]) -> bool:
    """`138.1234.5678`, with a country code or without."""
    return shape[-3:] == (3, 4, 4) and len(set(gaps)) == 1 and bool(_MARK.fullmatch(gaps[0]))


def _one_by_brackets(shape: Shape, gaps: Sequence[str]) -> bool:
    """`(138)1234-5678`, with a country code or without."""
    front = len(shape) - (2 if shape[-1] == 8 else 3)
    if shape[front:] not in _PHONES[:2] or front > 1:
        return False
    opened = front == 0 or bool(_OPENING.fullmatch(gaps[0]))
    closed = bool(_CLOSING.fullmatch(gaps[front]))
    return opened and closed and all(len(gap) <= 1 and _is_plain(gap) for gap in gaps[front + 1 :])

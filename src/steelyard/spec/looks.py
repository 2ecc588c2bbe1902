"""How a text looks: what of it can be seen, and how the rest is written. Knows no file.

Example: `visible("a\\u200b") == visible("a")`, and `escaped("a\\u200b") == "a\\\\u200b"`
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# Letters and marks by their category, and yet nothing to see: fillers, joiners, an empty Braille cell.
_EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_ESCAPED = (*_HIDDEN, "Zl", "Zp")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}  # as YAML and JSON do


def visible(text: str) -> str:
    """The same for texts that a reader cannot tell apart: composed, without what is invisible, and
    with single spaces."""
    spaced = " ".join(text.split())
    seen = "".join(c for c in spaced if not _hidden(c))
    return " ".join(unicodedata.normalize("NFC", seen).split())


def twins(texts: Iterable[str]) -> tuple[str, str] | None:
    """The first two that differ and look the same, or None."""
    known: dict[str, str] = {}
    for text in texts:
        other = known.setdefault(visible(text), text)
        if other != text:
            return other, text
    return None


def escaped(text: str) -> str:
    """As it stands between the double quotes of YAML: what cannot be seen is written as its code,
    and so are marks and letters that another spelling joins into one."""
    whole = unicodedata.is_normalized("NFC", text)
    return "".join(
        _code(c) if _told_by_code(c) or (not whole and _joins(c)) else _ESCAPES.get(c, c)
        for c in text
    )


def quoted(text: str) -> str:
    """In single quotes as it is, or in double quotes where something of it is written as a code."""
    said = escaped(text)
    return f"'{text}'" if said == text else f'"{said}"'


def _told_by_code(c: str) -> bool:
    wide = c != " " and unicodedata.category(c) == "Zs"
    hidden = _hidden(c) or unicodedata.category(c) in _ESCAPED
    return c not in _ESCAPES and (wide or hidden)


def _hidden(c: str) -> bool:
    selector = "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef"
    return c in _EMPTY or selector or unicodedata.category(c) in _HIDDEN


def _joins(c: str) -> bool:
    jamo = "\u1100" <= c <= "\u11ff"
    mark = unicodedata.category(c).startswith("M")
    return jamo or mark or not unicodedata.is_normalized("NFC", c)


def _code(c: str) -> str:
    return f"\\u{ord(c):04x}" if ord(c) <= 0xFFFF else f"\\U{ord(c):08x}"

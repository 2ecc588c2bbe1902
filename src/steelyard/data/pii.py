"""Personal data masked, also where it touches Chinese characters. Knows no labels.

`\\b` counts Han characters as word characters, so the borders here look at ASCII only.
Example: `mask("电话13812345678谢谢")[0] == "电话[PHONE]谢谢"`
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import ClassVar

from steelyard.data.operators import Row
from steelyard.spec import Product

_PATTERN = re.compile(
    r"(?P<EMAIL>(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9]))"
    r"|(?P<IP>(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]|\.[0-9]))"
    r"|(?P<ID>(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z]))"
    r"|(?P<PHONE>(?<![0-9A-Za-z])(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9A-Za-z]))"
    r"|(?P<CARD>(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z]))"
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


def mask(text: str) -> tuple[str, Counter[str]]:
    """The text with [EMAIL], [IP], [ID], [PHONE] and [CARD], and how many of each."""
    found: Counter[str] = Counter()

    def swap(match: re.Match[str]) -> str:
        kind = _kind(str(match.lastgroup), match.group())
        if kind is None:
            return match.group()
        found[kind] += 1
        return f"[{kind}]"

    return _PATTERN.sub(swap, text), found


def _kind(kind: str, value: str) -> str | None:
    """The kind after its check digit; an 18-digit number may be a card when it is no id."""
    digits = re.sub(r"[ -]", "", value)
    if kind == "ID" and not is_id_card(digits):
        kind = "CARD"
    if kind == "CARD":
        return "CARD" if digits.isdigit() and is_card(digits) else None
    if kind == "IP":
        return "IP" if all(int(part) <= 255 for part in value.split(".")) else None
    return kind


def is_id_card(value: str) -> bool:
    """Resident identity number: a real date and the MOD 11-2 check (GB 11643-1999)."""
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    total = sum(int(d) * w for d, w in zip(value[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11] == value[17].upper()


def is_card(digits: str) -> bool:
    """Luhn check (ISO/IEC 7812-1); one repeated digit is no card."""
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return len(set(digits)) > 1 and sum(d - 9 * (d > 9) for d in doubled) % 10 == 0


class Pii:
    name: ClassVar[str] = "pii"
    whole: ClassVar[bool] = False

    def __init__(self, product: Product) -> None:
        return None

    def apply(self, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
        made, counts = [], Counter[str]()
        for row in rows:
            text, found = mask(row.content)
            counts.update(found)
            made.append(replace(row, content=text))
        return made, dict(counts)

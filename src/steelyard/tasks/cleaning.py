"""One spelling for the same text, and no personal data in it. Knows no labels and no operators.

What the data stage does to records, a request does to its text, or a model would meet in service
what it never saw in training. `\\b` counts Han characters as word characters, so the borders of
personal data look at ASCII only. Example: `clean("电话１３812345678　谢谢") == "电话[PHONE] 谢谢"`
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date

from steelyard.tasks.limits import CHARACTERS_MAX, MARKS_MAX

# NFKC would also turn ， into , and ① into 1: only letters, digits and the space are folded.
_FULL_WIDTH = {c: c - 0xFEE0 for c in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}  # fmt: skip
_FULL_WIDTH[0x3000] = 0x20
_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff]")  # fmt: skip
# No combining mark is a letter, a digit, a space or ASCII: only such a run needs to be counted.
_MARKS = re.compile(r"[^\w !-~\t\n\r]{" + str(MARKS_MAX + 1) + ",}")
_HALF = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_PATTERN = re.compile(
    r"(?P<EMAIL>(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9]))"
    r"|(?P<IP>(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]|\.[0-9]))"
    r"|(?P<ID>(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z]))"
    r"|(?P<PHONE>(?<![0-9A-Za-z])(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9A-Za-z]))"
    r"|(?P<CARD>(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z]))"
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


def check_text(text: str) -> None:
    """ValueError for a text that would cost too much or that no file can keep; checked before
    anything is done to it, for a record and for a request."""
    if len(text) > CHARACTERS_MAX:
        raise ValueError(f"expected at most {CHARACTERS_MAX:,} characters, found {len(text):,}")
    if _HALF.search(text):
        raise ValueError("expected a text, found half of a surrogate pair")
    longest = max((_marks(run.group()) for run in _MARKS.finditer(text)), default=0)
    if longest > MARKS_MAX:
        raise ValueError(f"expected at most {MARKS_MAX} combining marks on one letter, found {longest:,}")  # fmt: skip


def _marks(run: str) -> int:
    """The longest run of combining marks, as it will be once invisible characters are gone."""
    most = here = 0
    for c in run:
        if unicodedata.combining(c):
            here += 1
            most = max(most, here)
        elif not _INVISIBLE.match(c):
            here = 0
    return most


def clean(text: str) -> str:
    """Normalized, then masked."""
    return mask(normalize(text))[0]


def normalize(text: str) -> str:
    """NFC, half-width letters and digits, no invisible characters, single spaces."""
    text = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH)
    return _SPACE.sub(" ", _INVISIBLE.sub("", text)).strip()


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

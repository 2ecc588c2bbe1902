"""One spelling for the same text, and no personal data in it. Knows no labels and no operators.

What the data stage does to records, a request does to its text, or a model would meet in service
what it never saw in training. Example: `clean("电话１３812345678　谢谢") == "电话[PHONE] 谢谢"`
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from steelyard.tasks.limits import CHARACTERS_MAX, MARKS_MAX
from steelyard.tasks.masking import mask
from steelyard.tasks.places import Placed, Range

# NFKC would also turn ， into , and ① into 1: only letters, digits and the space are folded.
_FULL_WIDTH = {
    c: c - 0xFEE0 for c in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_FULL_WIDTH[0x3000] = 0x20
_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u3000]")
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff]"
)
# No combining mark is a letter, a digit, a space or ASCII: only such a run needs to be counted.
_MARKS = re.compile(r"[^\w !-~\t\n\r]{" + str(MARKS_MAX // 2 + 1) + ",}")
_HALF = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def check_text(text: str) -> None:
    """ValueError for a text that would cost too much or that no file can keep; checked before
    anything is done to it, for a record and for a request. Its words are the same for every such
    record, since the data stage counts rejects by them."""
    if len(text) > CHARACTERS_MAX:
        raise ValueError(f"expected at most {CHARACTERS_MAX:,} characters, found more")
    if _HALF.search(text):
        raise ValueError("expected a text, found half of a surrogate pair")
    longest = max((_marks(run.group()) for run in _MARKS.finditer(text)), default=0)
    if longest > MARKS_MAX:
        raise ValueError(f"expected at most {MARKS_MAX} combining marks on one letter, found more")


def _marks(run: str) -> int:
    """The longest run of combining marks, as it will be once invisible characters are gone."""
    most = here = 0
    for c in run:
        if unicodedata.combining(c):
            here += _marks_of(c)
            most = max(most, here)
        elif not _INVISIBLE.match(c):
            here = 0
    return most


def clean(text: str) -> str:
    """Normalized, then masked."""
    return mask(normalize(text))[0]


def normalize(text: str) -> str:
    """NFC, half-width letters and digits, no invisible characters, at most MARKS_MAX combining marks
    on a letter, single spaces. Nothing that NFC could still join is removed after it."""
    if isinstance(text, Placed):  # most texts are clean already: their places stay as they are
        return text if normalize(str(text)) == text else _normalize_placed(text)
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = text.translate(_FULL_WIDTH) if _WIDE.search(text) else text
        text = _thin(unicodedata.normalize("NFC", _thin(text)))
    return _SPACE.sub(" ", text).strip()


def _thin(text: str) -> str:
    """Without the marks beyond MARKS_MAX on one letter: NFC is quadratic in their number."""
    return _MARKS.sub(lambda run: "".join(run.group()[i] for i in _few(run.group())), text)


def _few(run: str) -> list[int]:
    """Places of the characters of a run without the marks beyond MARKS_MAX on one letter."""
    kept, here = [], 0
    for i, c in enumerate(run):
        here = here + _marks_of(c) if unicodedata.combining(c) else 0
        if here <= MARKS_MAX:
            kept.append(i)
    return kept


def _normalize_placed(text: Placed) -> Placed:
    """The same, and where each character stood."""
    text = text.part([i for i, c in enumerate(text) if not _INVISIBLE.match(c)])
    if not text.isascii():
        if _WIDE.search(text):
            text = Placed(text.translate(_FULL_WIDTH), text.ranges)
        text = _thin_placed(_composed(_thin_placed(text)))
    return _single_spaces(text)


def _thin_placed(text: Placed) -> Placed:
    kept: list[int] = []
    at = 0
    for run in _MARKS.finditer(text):
        kept += [*range(at, run.start()), *(run.start() + i for i in _few(run.group()))]
        at = run.end()
    return text.part([*kept, *range(at, len(text))]) if at else text


def _composed(text: Placed) -> Placed:
    """NFC of each part that no composition reaches across: what a part becomes stands for all of it."""
    parts: list[str] = []
    ranges: list[Range] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and not _begins(text[end]):
            continue
        part = text[start:end]
        made = unicodedata.normalize("NFC", part)
        whole = text.source(start, end)
        same = [text.at(i) for i in range(start, end)]
        parts.append(made)
        ranges += same if made == part else [whole] * len(made)
        start = end
    return Placed("".join(parts), ranges)


def _begins(c: str) -> bool:
    """Whether no character before it may join it in NFC (UAX #15, section 5.1)."""
    if c.isascii():
        return True
    first = unicodedata.normalize("NFD", c)[0]
    return not unicodedata.combining(first) and first not in _joining()


@cache
def _joining() -> frozenset[str]:
    """Characters that are no marks and join the one before them: vowels of Indic scripts, and the
    vowels and final consonants of Hangul."""
    seconds = set(map(chr, (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))))
    for code in range(0x80, 0x30000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(chr(int(parts[1], 16)))
    return frozenset(c for c in seconds if not unicodedata.combining(c))


def _single_spaces(text: Placed) -> Placed:
    parts: list[str] = []
    ranges: list[Range] = []
    at = 0
    for run in _SPACE.finditer(text):
        parts.append(text[at : run.start()])
        ranges += [text.at(i) for i in range(at, run.start())]
        if run.start() and run.end() < len(text):  # none at the borders
            parts.append(" ")
            ranges.append(text.source(run.start(), run.end()))
        at = run.end()
    parts.append(text[at:])
    return Placed("".join(parts), [*ranges, *(text.at(i) for i in range(at, len(text)))])


def _marks_of(c: str) -> int:
    """How many marks one becomes in NFC: U+0344 is two."""
    return len(unicodedata.normalize("NFD", c))

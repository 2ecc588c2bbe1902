"""Which legacy encoding a text is in, said only where it is plausible. Knows no files' formats.

Example: `looks_like("物流很快".encode("gbk")) == "GB18030"`; a broken byte of UTF-8 looks like none
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

PLAUSIBLE = 0.8
_HIGH = re.compile(rb"[\x80-\xff]+")
_WORDY = re.compile("[A-Za-z\u00c0-\u00ff]")
# what a Western text has outside its letters
_SIGNS = frozenset("\u00a0£§©«®°±²³´·»¼½¾¿¡€‚„…†‡•‘’“”–—™‹›")


def to_utf8(path: Path, encoding: str) -> str:
    """The command that writes a UTF-8 copy beside the file."""
    name, copy = shlex.quote(path.name), shlex.quote(f"utf8-{path.name}")
    if path.suffix == ".gz":
        return f"save it as UTF-8: gzip -dc {name} | iconv -f {encoding} -t UTF-8 | gzip > {copy}"
    return f"save it as UTF-8: iconv -f {encoding} -t UTF-8 {name} > {copy}"


def looks_like(sample: bytes) -> str | None:
    """The name that iconv knows, or None where nothing is plausible.

    Multi-byte encodings keep their frequent characters in one range of lead bytes, so a text in
    another encoding that happens to decode falls outside it.
    """
    runs = _HIGH.findall(sample)
    if not runs or all(_is_cut_utf8(run) for run in runs):
        return None
    scored = [(score(sample), name) for name, score in _ENCODINGS]
    best, name = max(scored, key=lambda pair: pair[0])  # of equals the first
    return name if best >= PLAUSIBLE else None


def _is_cut_utf8(run: bytes) -> bool:
    """Whether the bytes are characters of UTF-8 of which one lost its end or its beginning."""
    try:
        run.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return error.end - error.start >= 2  # one lead byte alone is a letter elsewhere
        left = run[error.start :].lstrip(bytes(range(0x80, 0xC0)))
        return error.start > 0 and left == b""
    return True


def _frequent(codec: str, leads: range, *, least: int) -> Callable[[bytes], float]:
    """Share of the non-ASCII characters that are signs or stand in the frequent rows; none of
    fewer than `least`, which might be a few letters of another script."""

    def score(sample: bytes) -> float:
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 4:  # the sample may end inside a character
                return 0.0
            text = sample[: error.start].decode(codec)
        odd = [c for c in text if c > "\x7f"]
        letters = [b for b in (c.encode(codec) for c in odd) if len(b) == 2 and b[0] in leads]
        signs = sum("\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uff65" for c in odd)
        return min(1.0, (len(letters) + signs) / len(odd)) if len(letters) >= least else 0.0

    return score


def _cyrillic(sample: bytes) -> float:
    text = sample.decode("cp1251", "replace")
    odd = [c for c in text if c > "\x7f"]
    small = sum("а" <= c <= "я" for c in odd)
    plain = sum(c.isalpha() for c in text if c <= "\x7f")
    return small / len(odd) if plain < len(odd) else 0.0  # else accents among Latin letters


def _western(sample: bytes) -> float:
    """Letters that stand in words of other letters, and the signs of typesetters."""
    text = sample.decode("cp1252", "replace")
    odd = [i for i, c in enumerate(text) if c > "\x7f"]
    good = sum(_in_place(text[i - 1] if i else " ", text[i], text[i + 1 : i + 2]) for i in odd)
    plain = sum(c.isalpha() for c in text if c <= "\x7f")
    return good / len(odd) if odd and plain >= len(odd) else 0.0


def _in_place(before: str, c: str, behind: str) -> bool:
    """Whether a Western writer puts it there: half a character of UTF-8 is a capital letter behind
    a small one, or a sign within a word."""
    if c in _SIGNS:
        return ord(c) > 0xFF or not before.isalpha()
    near = any(n.isascii() and n.isalpha() for n in (before, behind))
    return _WORDY.match(c) is not None and near and not (c.isupper() and before.islower())


def _latin_1(sample: bytes) -> float:
    """As Windows-1252, of which ISO-8859-1 is the part without bytes 0x80 to 0x9f."""
    return 0.0 if re.search(rb"[\x80-\x9f]", sample) else _western(sample)


_ENCODINGS: tuple[tuple[str, Callable[[bytes], float]], ...] = (
    ("EUC-KR", _frequent("euc_kr", range(0xB0, 0xC9), least=12)),  # inside the range of the next
    ("GB18030", _frequent("gb18030", range(0xB0, 0xD8), least=2)),  # level 1 of GB 2312
    ("BIG5", _frequent("big5", range(0xA4, 0xC7), least=6)),
    ("SHIFT_JIS", _frequent("shift_jis", range(0x81, 0x98), least=6)),
    ("WINDOWS-1251", _cyrillic),
    ("ISO-8859-1", _latin_1),
    ("WINDOWS-1252", _western),
)
NAMES = {"GB18030": "GB18030 (GBK)", "ISO-8859-1": "ISO-8859-1 (Latin-1)"}

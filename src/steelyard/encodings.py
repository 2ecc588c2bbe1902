"""Which legacy encoding a text is in, said only with evidence. Knows no files' formats.

A name that is wrong is worse than none: the file that iconv makes by it reads like a text.
Example: `looks_like("物流很快".encode("gbk")) == "GB18030"`; a broken byte of UTF-8 looks like none
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from steelyard.letters import HAN, HANGUL, HIRAGANA, cyrillic, western

PLAUSIBLE = 0.8
_HIGH = re.compile(rb"[\x80-\xff]+")
_WORDY = re.compile("[A-Za-z\u00c0-\u00ff]")
# what a Western text has outside its letters
_SIGNS = frozenset("\u00a0£§©«®°±²³´·»¼½¾¿¡€‚„…†‡•‘’“”–—™‹›")

_JOINING = frozenset("’–—…")  # stand between two letters


def to_utf8(path: Path, encoding: str) -> str:
    """The command that writes a UTF-8 copy beside the file."""
    name, copy = shlex.quote(path.name), shlex.quote(f"utf8-{path.name}")
    recode = _RECODE_HZ if encoding == "HZ" else f"iconv -f {encoding} -t UTF-8"
    if path.suffix == ".gz":
        return f"save it as UTF-8: gzip -dc {name} | {recode} | gzip > {copy}"
    return f"save it as UTF-8: {recode} {'< ' if encoding == 'HZ' else ''}{name} > {copy}"


# The iconv of glibc does not know it.
_RECODE_HZ = (
    """python3 -X utf8 -c 'import sys; print(sys.stdin.buffer.read().decode("hz"), end="")'"""
)


def escaped_as(head: bytes) -> str | None:
    """The 7-bit encoding whose codes switch between ASCII and other letters; `head` is the
    beginning of a file, and these are letters of ASCII to whoever does not know them."""
    if not head.isascii():
        return None
    for mark, codec, name in _ESCAPED:
        if mark.search(head):
            text = head.decode("ascii") if codec is None else decoded(head, codec)
            return name if text is not None and (codec is None or not text.isascii()) else None
    return "HZ" if _is_hz(head) else None


_ESCAPED: tuple[tuple[re.Pattern[bytes], str | None, str], ...] = (
    (re.compile(rb"\x1b\$\)C[^\x0e]*\x0e"), "iso2022_kr", "ISO-2022-KR"),
    (re.compile(rb"\x1b\$\)[AG][^\x0e]*\x0e"), None, "ISO-2022-CN"),
    (re.compile(rb"\x1b\(I"), "iso2022_jp_ext", "ISO-2022-JP-3"),
    (re.compile(rb"\x1b(?:\$A|\$\([ACD]|\.[AF])"), "iso2022_jp_2", "ISO-2022-JP-2"),
    (re.compile(rb"\x1b\$[@B]"), "iso2022_jp", "ISO-2022-JP"),
)
_HZ = re.compile(rb"~\{((?:[\x21-\x77][\x21-\x7e])+)~\}")


def _is_hz(head: bytes) -> bool:
    """Chinese between `~{` and `~}`, two letters of ASCII for each character."""
    pairs = b"".join(_HZ.findall(head))
    return _GB2312(bytes(byte | 0x80 for byte in pairs)) >= 1


def looks_like(sample: bytes) -> str | None:
    """The name that iconv knows, or None where the letters are those of no language."""
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


def decoded(sample: bytes, codec: str) -> str | None:
    """The text, of which the end may be cut inside a character; None where it is not in `codec`."""
    try:
        return sample.decode(codec)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            return None
        return sample[: error.start].decode(codec)


def _common(
    codec: str, letters: frozenset[str], *, share: float, least: int
) -> Callable[[bytes], float]:
    """1 and more where at least `share` of the letters beyond ASCII are these; 0 for fewer letters
    than `least`, which might be a few of another script."""

    def score(sample: bytes) -> float:
        text = decoded(sample, codec)
        odd = [c for c in text or "" if c > "\x7f" and unicodedata.category(c)[0] not in "PSZ"]
        known = [c for c in odd if c in letters]
        if len(odd) < least or len(set(known)) < min(5, least):
            return 0.0
        ratio = len(known) / len(odd) / share
        return ratio if ratio >= 1 else 0.0

    return score


def _big5(sample: bytes) -> float:
    """Two in five of its characters end in a byte of ASCII; those of its rivals never do."""
    ends = [body[1] for body in _pairs(sample)]
    low = sum(end < 0x80 for end in ends)
    return _BIG5(sample) if low * 7 >= len(ends) else 0.0


def _pairs(sample: bytes) -> Iterator[bytes]:
    for c in decoded(sample, "big5") or "":
        body = c.encode("big5")
        if len(body) == 2:
            yield body


def _cyrillic(sample: bytes) -> float:
    text = sample.decode("cp1251", "replace")
    odd = sum(c > "\x7f" for c in text)
    plain = sum(c.isalpha() for c in text if c <= "\x7f")
    return 1.0 if plain < odd and cyrillic(text) else 0.0  # else accents among Latin letters


def _western(sample: bytes) -> float:
    """Letters that stand in words of other letters, and the signs of typesetters."""
    text = sample.decode("cp1252", "replace")
    odd = [i for i, c in enumerate(text) if c > "\x7f"]
    good = sum(_in_place(text[i - 1] if i else " ", text[i], text[i + 1 : i + 2]) for i in odd)
    plain = sum(c.isalpha() for c in text if c <= "\x7f")
    return good / len(odd) if odd and plain >= len(odd) and western(text) else 0.0


def _in_place(before: str, c: str, behind: str) -> bool:
    """Whether a Western writer puts it there: half a character of UTF-8 is a capital letter behind
    a small one, or a sign within a word."""
    if c in _SIGNS:
        if ord(c) > 0xFF:
            return c in _JOINING or not (before.isalpha() and behind.isalpha())
        return not before.isalpha()
    near = any(n.isascii() and n.isalpha() for n in (before, behind))
    return _WORDY.match(c) is not None and near and not (c.isupper() and before.islower())


def _latin_1(sample: bytes) -> float:
    """As Windows-1252, of which ISO-8859-1 is the part without bytes 0x80 to 0x9f."""
    return 0.0 if re.search(rb"[\x80-\x9f]", sample) else _western(sample)


_GB2312 = _common("gb2312", HAN, share=0.25, least=2)
_BIG5 = _common("big5", HAN, share=0.3, least=6)
_ENCODINGS: tuple[tuple[str, Callable[[bytes], float]], ...] = (
    ("EUC-KR", _common("euc_kr", HANGUL, share=0.25, least=12)),
    ("EUC-JP", _common("euc_jp", HIRAGANA, share=0.25, least=6)),
    ("GB18030", _common("gb18030", HAN, share=0.25, least=2)),
    ("BIG5", _big5),
    ("SHIFT_JIS", _common("shift_jis", HIRAGANA, share=0.25, least=6)),
    ("WINDOWS-1251", _cyrillic),
    ("ISO-8859-1", _latin_1),
    ("WINDOWS-1252", _western),
)
NAMES = {"GB18030": "GB18030 (GBK)", "ISO-8859-1": "ISO-8859-1 (Latin-1)"}

"""Bytes of a data file as lines of text, with bounds. Knows no columns.

A line that is too long or no UTF-8 is skipped and counted; a file that is something else is named
as what it is. Example: `for number, line in lines_of(path, line_bytes_max=10**6, skip=s): ...`
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from steelyard.data.magic import kind_of
from steelyard.encodings import NAMES, looks_like, to_utf8
from steelyard.errors import DataError

CHUNK = 1 << 16
UNPACKED_MAX = 8 << 30
RATIO_MAX = 200
RATIO_FROM = 64 << 20  # small files may compress well
JUDGED_MAX = 64 << 20  # bytes that are read to tell a broken line from another encoding
SAMPLE_MAX = 1 << 16
BY_CHANCE = 5  # a short line of another encoding is UTF-8 by chance less often than one in five
FEW = 20  # one broken line in twenty is damage, more is another encoding
BROKEN = "bytes that are not UTF-8"
NUL = "a NUL byte"
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


def lines_of(
    path: Path, *, line_bytes_max: int, skip: Callable[[str, str], None]
) -> Iterator[tuple[int, str]]:
    """(line number, text without its end); `skip(place, reason)` for each line left out."""
    if path.is_dir():
        raise DataError(str(path), "a file", "a folder", "name a file in it, or say reader: folder")
    number, judged = 0, False
    for number, raw in enumerate(_raw_lines(path, line_bytes_max), start=1):
        where = f"{path.name}:{number}"
        if raw is None:
            skip(where, f"a record of more than {line_bytes_max} bytes")
            continue
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if not judged:
                _judge(path, number, raw[error.start], line_bytes_max)
            judged = True
            skip(where, BROKEN)
            continue
        yield number, text
    if number == 0:
        raise DataError(str(path), "records", "an empty file", "fill the file or drop the source")


def head_of(path: Path) -> bytes:
    """The first unpacked bytes; DataError where there are none to be had."""
    return next(_chunks(path), b"")


def _raw_lines(path: Path, line_bytes_max: int) -> Iterator[bytes | None]:
    """Each line, or None for one that is too long and was dropped as it was read."""
    chunks = _chunks(path)
    head = next(chunks, b"")
    kind = kind_of(path, head)
    if kind is not None:
        raise DataError(str(path), "a text in UTF-8", kind.name, kind.repair)
    # Lines of an old Macintosh end in CR alone; elsewhere a CR inside a line is its own matter.
    end = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
    while head.startswith(_BOM):  # each tool that adds one may add it to a file that has one
        head = head.removeprefix(_BOM)
    return _cut(chain([head], chunks), end, line_bytes_max)


def _cut(chunks: Iterable[bytes], end: bytes, line_bytes_max: int) -> Iterator[bytes | None]:
    held, dropping = b"", False
    for chunk in chunks:
        *whole, rest = (held + chunk).split(end)
        for line in whole:
            yield None if dropping or len(line) > line_bytes_max else line.rstrip(b"\r")
            dropping = False
        held = rest
        if len(held) > line_bytes_max:
            held, dropping = b"", True
    if held or dropping:
        yield None if dropping else held.rstrip(b"\r")


def _chunks(path: Path) -> Iterator[bytes]:
    total = 0
    try:
        size = path.stat().st_size
        with _opened(path) as file:
            while chunk := file.read(CHUNK):
                total += len(chunk)
                if total > UNPACKED_MAX or (total > RATIO_FROM and total > RATIO_MAX * size):
                    raise DataError(
                        str(path),
                        f"at most {RATIO_MAX} times its packed size",
                        f"{total} bytes and more",
                        "check the file",
                    )
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            str(path), "a whole gzip file", str(error), "copy the file again"
        ) from error
    except OSError as error:
        raise DataError(
            str(path),
            "a file that can be read",
            str(error.strerror or error),
            "change its mode, or copy it again",
        ) from error


def _opened(path: Path) -> BinaryIO:
    """Unpacked where the first bytes say gzip, whatever the file is called."""
    file = path.open("rb")
    packed = file.read(2) == _GZIP
    file.seek(0)
    if packed:
        file.close()
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if path.suffix == ".gz" and path.stat().st_size:
        file.close()
        raise DataError(
            str(path),
            "a gzip file, as its name says",
            "other bytes",
            f"rename it to {path.stem} if it is not packed, or copy it again",
        )
    return file


def _judge(path: Path, number: int, byte: int, line_bytes_max: int) -> None:
    """Return where a line is broken in a file of UTF-8; DataError where the file is another's."""
    evidence = _evidence(path, line_bytes_max)
    if evidence.good >= evidence.bad:
        return
    where, fact = f"{path}:{number}", f"byte {byte:#04x}"
    if evidence.good * BY_CHANCE >= evidence.bad:
        raise DataError(
            where,
            "one encoding in the whole file",
            f"{evidence.good:,} lines in UTF-8 and {evidence.bad:,} that are not",
            "save every part of it as UTF-8",
        )
    name = looks_like(evidence.sample)
    if name is not None:
        raise DataError(
            where, "UTF-8", f"{fact}; it looks like {NAMES.get(name, name)}", to_utf8(path, name)
        )
    if evidence.bad * FEW > evidence.lines:
        raise DataError(
            where,
            "UTF-8",
            f"{fact}, and {evidence.bad - 1:,} more such lines",
            f"find out its encoding; {to_utf8(path, 'ITS-ENCODING')}",
        )


@dataclass(frozen=True)
class _Evidence:
    """Lines, those beyond ASCII that are UTF-8, those that are not, and a sample of these."""

    lines: int
    good: int
    bad: int
    sample: bytes


def _evidence(path: Path, line_bytes_max: int) -> _Evidence:
    lines = good = bad = read = held = 0
    sample: list[bytes] = []
    for line in _raw_lines(path, line_bytes_max):
        lines += 1
        read += len(line or b"")
        if read > JUDGED_MAX:
            break
        if line is None or line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad += 1
            if held < SAMPLE_MAX:
                sample.append(line)
                held += len(line)
    return _Evidence(lines, good, bad, b"\n".join(sample)[:SAMPLE_MAX])

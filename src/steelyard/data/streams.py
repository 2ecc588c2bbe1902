"""Bytes of a data file as lines of text, with bounds. Knows no columns.

A line longer than allowed is skipped without being held in memory; compressed files may not
unpack without end. Example: `for number, line in lines_of(path, line_bytes_max=10**6, skip=s): ...`
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from steelyard.errors import DataError

CHUNK = 1 << 16
UNPACKED_MAX = 8 << 30
RATIO_MAX = 200
RATIO_FROM = 64 << 20  # small files may compress well
_BOM = b"\xef\xbb\xbf"


def lines_of(
    path: Path, *, line_bytes_max: int, skip: Callable[[str, str], None]
) -> Iterator[tuple[int, str]]:
    """(line number, text without its end); `skip(place, reason)` for each line too long."""
    if path.is_dir():
        raise DataError(str(path), "a file", "a folder", "name a file in it, or say reader: folder")
    number = 0
    for number, raw in enumerate(_raw_lines(path, line_bytes_max), start=1):
        where = f"{path.name}:{number}"
        if raw is None:
            skip(where, f"a record of more than {line_bytes_max} bytes")
            continue
        body = raw.removeprefix(_BOM) if number == 1 else raw
        try:
            yield number, body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _not_utf8(path, number, body, error) from None
    if number == 0:
        raise DataError(str(path), "records", "an empty file", "fill the file or drop the source")


def _raw_lines(path: Path, line_bytes_max: int) -> Iterator[bytes | None]:
    """Each line, or None for one that is too long and was dropped as it was read."""
    held, dropping = b"", False
    for chunk in _chunks(path):
        *whole, rest = (held + chunk).split(b"\n")
        for line in whole:
            yield None if dropping or len(line) > line_bytes_max else line.rstrip(b"\r")
            dropping = False
        held = rest
        if len(held) > line_bytes_max:
            held, dropping = b"", True
    if held or dropping:
        yield None if dropping else held.rstrip(b"\r")


def _chunks(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    total = 0
    with _opened(path) as file:
        while True:
            try:
                chunk = file.read(CHUNK)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise DataError(str(path), "a whole gzip file", str(error), "copy the file again") from error  # fmt: skip
            if not chunk:
                return
            total += len(chunk)
            if total > UNPACKED_MAX or (total > RATIO_FROM and total > RATIO_MAX * size):
                raise DataError(str(path), f"at most {RATIO_MAX} times its packed size", f"{total} bytes and more", "check the file")  # fmt: skip
            yield chunk


def _opened(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _not_utf8(path: Path, number: int, body: bytes, error: UnicodeDecodeError) -> DataError:
    if number == 1 and body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return DataError(
            f"{path}:1", "UTF-8", "UTF-16 by its first bytes",
            "save the file as UTF-8, for example: iconv -f UTF-16 -t UTF-8",
        )  # fmt: skip
    looks = ""
    try:
        if any("\u4e00" <= c <= "\u9fff" for c in body.decode("gb18030")):
            looks = "; it looks like GB18030"
    except UnicodeDecodeError:
        looks = ""
    return DataError(
        f"{path}:{number}", "UTF-8", f"byte {body[error.start]:#04x}{looks}",
        "save the file as UTF-8, for example: iconv -f GB18030 -t UTF-8",
    )  # fmt: skip

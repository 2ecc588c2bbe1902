"""Exported files as rows of text: CSV and its relatives, XLSX, JSON. Knows no column's meaning.

A cell stays the text that it was; numbers and days of a workbook become the text that says them.
Example: `sheet(Path("spend.csv")).rows[0].cells == ["Day", "Cost"]`
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.encodings import NAMES, looks_like
from steelyard.errors import DataError
from steelyard.market.progress import READ, told
from steelyard.plugins import need
from steelyard.spec.looks import quoted
from steelyard.stage import Report, unheard

BYTES_MAX = 200_000_000
UNPACKED_MAX = 2_000_000_000  # of a workbook, which is a compressed archive
ROWS_MAX = 5_000_000
SAMPLE = 1_000_000  # bytes from which an encoding is told
DELIMITERS = (",", "\t", ";", "|")
_LIKELY = 50  # lines from which the delimiter is told
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)


@dataclass(frozen=True)
class Line:
    """One row: its number in the file, as an editor shows it, and its cells."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Sheet:
    """All rows of a file that are not blank, how it was read, and the SHA-256 of its bytes; of text also what
    parts its cells."""

    path: Path
    rows: list[Line]
    read_as: str
    sha256: str
    delimiter: str = ""

    def at(self, line: Line, column: int | None = None, name: str = "") -> str:
        """A place that a person finds: file, row, column."""
        return f"{self.path.name}:{line.number}" + (
            "" if column is None else f" column {name or column + 1}"
        )


def sheet(path: Path, *, page: str | None = None, report: Report = unheard) -> Sheet:
    """Read the whole of an export; `page` names one of several of a workbook. DataError for what is
    none, and for an encoding of which there is no evidence."""
    body = _bytes(path)
    digest = hashlib.sha256(body).hexdigest()
    delimiter = ""
    if body.startswith(b"PK\x03\x04"):
        rows, read_as = _workbook(path, body, page, report)
    elif body.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            str(path), "CSV, XLSX or JSONL", "an .xls of before 2007", "save it as .xlsx or CSV"
        )
    else:
        text, encoding = _text(path, body)
        if text.lstrip()[:1] in ("{", "["):
            rows, read_as = _objects(path, text), f"JSON in {encoding}"
        else:
            delimiter = _delimiter(text)
            rows, read_as = _cells(path, text, delimiter), f"{_called(delimiter)} in {encoding}"
    kept = [row for row in rows if any(cell.strip() for cell in row.cells)]
    if not kept:
        raise DataError(str(path), "rows", "none", "export it again")
    if len(kept) > ROWS_MAX:
        raise DataError(str(path), f"at most {ROWS_MAX:,} rows", f"{len(kept):,}", "split the file")
    report(READ, len(kept), len(kept))
    return Sheet(path, kept, read_as, digest, delimiter)


def sha256_of(path: Path) -> str:
    """What a file is known by in the books."""
    return hashlib.sha256(_bytes(path)).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise DataError(
                str(path), f"at most {BYTES_MAX // 10**6} MB", "more", "split the file by months"
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(str(path), "a file to read", str(error.strerror), "") from error


def _text(path: Path, body: bytes) -> tuple[str, str]:
    """(text, encoding): what its mark says, UTF-8, or the legacy one that its letters speak for."""
    for mark, codec, name in _MARKS:
        if body.startswith(mark):
            return _decoded(path, body, codec, name), name
    if b"\0" in body[:SAMPLE]:
        return _decoded(path, body, _wide(body), "UTF-16"), "UTF-16"
    try:
        return body.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        legacy = looks_like(body[:SAMPLE])
        if legacy is None:
            line = body[: error.start].count(b"\n") + 1
            raise DataError(
                f"{path.name}:{line}", "text in UTF-8", "other bytes", "save it as UTF-8"
            ) from error
        return _decoded(path, body, legacy, legacy), NAMES.get(legacy, legacy)


def _wide(body: bytes) -> str:
    """UTF-16 without its mark: the zeros of ASCII stand behind its letters, or before them."""
    even = body[0:SAMPLE:2].count(0)
    return "utf-16-be" if even > body[1:SAMPLE:2].count(0) else "utf-16-le"


def _decoded(path: Path, body: bytes, codec: str, name: str) -> str:
    try:
        return body.decode(codec)
    except UnicodeDecodeError as error:
        raise DataError(
            str(path), f"text in {name}", f"other bytes at {error.start}", "export it again"
        ) from error


def _called(delimiter: str) -> str:
    return {"\t": "cells parted by tabs", ",": "CSV"}.get(delimiter, f"cells parted by {delimiter}")


def _delimiter(text: str) -> str:
    """The one that parts most lines of the beginning into equally many cells, more than one."""
    lines = [line for line in text[:SAMPLE].splitlines()[:_LIKELY] if line.strip()]

    def score(delimiter: str) -> tuple[int, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter)]
        parted = [width for width in widths if width > 1]
        usual = max(set(parted), key=parted.count, default=0)
        return parted.count(usual), usual

    return max(DELIMITERS, key=score)


def _cells(path: Path, text: str, delimiter: str) -> list[Line]:
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Line] = []
    first = 1
    try:
        for cells in reader:
            rows.append(Line(first, cells))
            first = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path.name}:{first}", "a row of cells", str(error), "correct the row"
        ) from error
    return rows


def _objects(path: Path, text: str) -> list[Line]:
    """JSON Lines, or one array of objects: the first row has the names of their fields."""
    rows = _array(path, text) if text.lstrip().startswith("[") else _lines(path, text)
    fields: dict[str, None] = {}
    for _, row in rows:
        fields.update(dict.fromkeys(row))
    header = Line(0, list(fields))
    return [header, *(Line(number, [row.get(f, "") for f in fields]) for number, row in rows)]


def _array(path: Path, text: str) -> list[tuple[int, dict[str, str]]]:
    try:
        # numbers as they are written: no float may come between an amount and its digits
        elements = json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=_object)
    except DataError as error:
        raise DataError(str(path), error.expected, error.found, error.repair) from error
    except (ValueError, RecursionError) as error:
        raise DataError(str(path), "an array of objects", "no JSON", "export it again") from error
    return [(i, _flat(path, i, one)) for i, one in enumerate(elements, 1)]


def _lines(path: Path, text: str) -> list[tuple[int, dict[str, str]]]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line, parse_float=str, parse_int=str, object_pairs_hook=_object)
        except DataError as error:
            place = f"{path.name}:{number}"
            raise DataError(place, error.expected, error.found, error.repair) from error
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path.name}:{number}", "one JSON object a line", "no JSON", "correct the line"
            ) from error
        rows.append((number, _flat(path, number, one)))
    return rows


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Its fields; DataError for one that says two things, of which JSON would keep the last."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        if made.setdefault(name, value) != value:
            raise DataError("", f"one value of {quoted(name)}", "two", "keep the one that counts")
    return made


def _flat(path: Path, number: int, one: Any, above: str = "") -> dict[str, str]:
    """Fields inside fields by their path, as in `usage.input`; lists as JSON."""
    if not isinstance(one, dict):
        raise DataError(
            f"{path.name}:{number}", "an object", type(one).__name__, "export it as objects"
        )
    flat: dict[str, str] = {}
    for name, value in one.items():
        if isinstance(value, dict):
            flat |= _flat(path, number, value, f"{above}{name}.")
        else:
            flat[above + name] = _said(value)
    return flat


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _workbook(path: Path, body: bytes, page: str | None, report: Report) -> tuple[list[Line], str]:
    openpyxl = need("openpyxl", extra="market")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > UNPACKED_MAX:
            raise DataError(str(path), "a workbook", "one that unpacks to GB", "save it as CSV")
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True)
    except DataError:
        raise
    except Exception as error:  # whatever a broken archive raises in there
        raise DataError(
            str(path), "an .xlsx workbook", type(error).__name__, "save it again, or as CSV"
        ) from error
    names: Sequence[str] = book.sheetnames
    if page is None and len(names) > 1:
        raise DataError(
            str(path), "one sheet", f"{len(names)}: {', '.join(names)}", "name one: --sheet NAME"
        )
    if page is not None and page not in names:
        raise DataError(str(path), f"one of the sheets {list(names)}", repr(page), "--sheet NAME")
    named = page or names[0]
    known = book[named].max_row  # where the workbook says it
    rows = [
        Line(number, [_shown(cell) for cell in row])
        for number, row in told(book[named].iter_rows(values_only=True), READ, report, known, 1)
    ]
    return rows, f"XLSX, sheet {named}"


def _shown(value: Any) -> str:
    """A cell of a workbook as text. Its numbers are binary fractions, of which the sixteenth digit is noise:
    spreadsheets show fifteen."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return (
            value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    return str(value)

"""Files to raw records, one reader a format, all streaming. Knows no task.

A broken file is a DataError; a broken record is counted through `reject`.
Example: `list(read_csv(source, path, line_bytes_max=10**6, reject=print))`
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from steelyard.data.magic import is_picture, kind_of
from steelyard.data.reading import FileReader, Raw, Reject
from steelyard.data.sources import files_of
from steelyard.data.streams import BROKEN, NUL, SAMPLE_MAX, head_of, lines_of
from steelyard.encodings import NAMES, looks_like
from steelyard.errors import DataError
from steelyard.near import meant, nearest
from steelyard.spec.looks import quoted
from steelyard.spec.model import Source
from steelyard.tasks.masking import mask

Line = tuple[int, str]  # number, text
PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"}
COLUMNS_SHOWN = 20
DELIMITERS = (",", "\t", ";", "|")
_EXCEL_SEP = re.compile(r'"?sep=([,;|\t])"?', re.IGNORECASE)
CSV_ROWS_JOINED_MAX = 1000  # an unbalanced quote must not swallow the file


def read_lines(source: Source, path: Path, *, line_bytes_max: int, reject: Reject) -> Iterator[Raw]:
    """One record a line; blank lines are not records."""
    for number, line in lines_of(path, line_bytes_max=line_bytes_max, skip=reject):
        if "\0" in line:
            reject(f"{path.name}:{number}", NUL)
        elif line.strip():
            yield Raw(None, line, source.every_label, f"{path.name}:{number}")


def read_jsonl(source: Source, path: Path, *, line_bytes_max: int, reject: Reject) -> Iterator[Raw]:
    """One JSON object a line; a field that no object of the file has is a mistake in its name."""
    fields: dict[str, None] = {}
    begun = False
    for number, line in lines_of(path, line_bytes_max=line_bytes_max, skip=reject):
        where = f"{path.name}:{number}"
        if not line.strip():
            continue
        if not begun and line.lstrip().startswith("["):
            raise DataError(
                str(path),
                "one JSON object a line",
                "a JSON array",
                f"write each element on its own line: jq -c '.[]' {path.name}",
            )
        begun = True
        row, why = _object(source, line)
        if row is None:
            reject(where, why)
            continue
        fields.update(dict.fromkeys(row))
        if source.content not in row:
            reject(where, f"no field '{source.content}'")
        else:
            yield _raw(source, row, where)
    if fields:
        _need_columns(source, list(fields), path)


def _object(source: Source, line: str) -> tuple[dict[str, Any] | None, str]:
    """The object of a line, or None and what is wrong with it."""
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        named = Counter(key for key, _ in items)
        twice[:] = [c for c in _wanted(source) if named[c] > 1]  # the outermost object comes last
        return dict(items)

    try:
        row = json.loads(line, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return None, NUL if "\0" in line else "not JSON"
    if not isinstance(row, dict):
        return None, "not a JSON object"
    return (None, f"the field '{twice[0]}' twice") if twice else (row, "")


def read_csv(source: Source, path: Path, *, line_bytes_max: int, reject: Reject) -> Iterator[Raw]:
    """RFC 4180 with a header; a quoted field may hold line breaks.

    Cells are parted by that of comma, tab, semicolon and | in which the header holds the columns
    that the source names.
    """
    header: list[str] | None = None

    def refuse(where: str, reason: str) -> None:
        if header is None:
            raise DataError(
                f"{path}:{where.rpartition(':')[2]}",
                "a header with the names of the columns",
                reason,
                "correct the line",
            )
        reject(where, reason)

    for number, cells in _csv_rows(source, path, line_bytes_max, refuse):
        where = f"{path.name}:{number}"
        if header is None:
            header = cells
            _need_columns(source, header, path)
        elif len(cells) != len(header):
            reject(where, f"{len(cells)} columns instead of {len(header)}")
        elif any("\0" in cell for cell in cells):
            reject(where, NUL)
        else:
            yield _raw(source, dict(zip(header, cells, strict=True)), where)


def _delimiter(source: Source, line: str) -> str:
    """The one that parts the header into the named columns, or else the most frequent one."""
    wanted = set(_wanted(source))
    for delimiter in DELIMITERS:
        if wanted <= set(_cells([(1, line)], delimiter)[0] or ()):
            return delimiter
    return max(DELIMITERS, key=line.count)


def _csv_rows(
    source: Source, path: Path, line_bytes_max: int, reject: Reject
) -> Iterator[tuple[int, list[str]]]:
    """(first line, cells). A quote that never closes costs its own line, not those behind it."""
    csv.field_size_limit(line_bytes_max)
    lines = lines_of(path, line_bytes_max=line_bytes_max, skip=reject)
    again: deque[tuple[int, str]] = deque()
    delimiter, width = "", 0

    def take() -> tuple[int, str] | None:
        return again.popleft() if again else next(lines, None)

    while (first := take()) is not None:
        if not delimiter and first[1].strip():
            excel = _EXCEL_SEP.fullmatch(first[1])  # its own first line, before the header
            delimiter = excel[1] if excel else _delimiter(source, first[1])
            if excel:
                continue
        held, cells, why = _joined(first, take, delimiter, line_bytes_max)
        if cells is not None and len(held) > 1 and width not in (0, len(cells)):
            why = f"{len(cells)} columns instead of {width}"
            cells = None
        literal = _literal(held if cells else held[:1], delimiter, width)
        if cells is None or (literal and len(held) > 1):
            again.extendleft(reversed(held[1:]))
            cells = literal
        if cells is None:
            reject(f"{path.name}:{first[0]}", why)
        elif cells:
            width = width or len(cells)
            yield first[0], cells


def _joined(
    first: Line, take: Callable[[], Line | None], delimiter: str, line_bytes_max: int
) -> tuple[list[Line], list[str] | None, str]:
    """The lines of one record, its cells or None, and what is wrong: a quoted cell goes on in the
    next line."""
    held, size = [first], len(first[1])
    cells, why = _cells(held, delimiter)
    while (
        cells is None
        and why == _OPEN
        and size <= line_bytes_max
        and len(held) < CSV_ROWS_JOINED_MAX
    ):
        more = take()
        if more is None:
            break
        held.append(more)
        size += len(more[1])
        if '"' in more[1]:  # nothing else can close it
            cells, why = _cells(held, delimiter)
    return held, cells, "a quote that is never closed" if why == _OPEN else f"not CSV: {why}"


def _literal(held: list[Line], delimiter: str, width: int) -> list[str] | None:
    """Cells of a tab-separated line in which a quote is a letter: where every line for itself has
    all the columns, a quote that opens in one and closes in another is none."""
    if delimiter != "\t" or not width or any(line.count("\t") != width - 1 for _, line in held):
        return None
    return held[0][1].split("\t")


_CR = "a carriage return (CR) outside quotes; give all lines one kind of end"
_OPEN = "unexpected end of data"  # what the csv module says of an open quote


def _cells(held: list[Line], delimiter: str) -> tuple[list[str] | None, str]:
    """Cells of one record, none for a blank line; or None and what is wrong."""
    lines = [line + "\n" for _, line in held]
    try:
        row = next(csv.reader(lines, delimiter=delimiter or ",", strict=True), [])
    except csv.Error as error:
        why = str(error)  # its words for a CR name a mode of the csv module
        return None, _CR if why.startswith("new-line") else why
    return row, ""


def read_parquet(
    source: Source, path: Path, *, line_bytes_max: int, reject: Reject
) -> Iterator[Raw]:
    """Column values as they are: text, bytes, or {"bytes": ...} for pictures."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        file = pq.ParquetFile(path)
        _need_columns(source, file.schema_arrow.names, path)
        for batch in file.iter_batches(batch_size=1024, columns=list(_wanted(source))):
            for row in batch.to_pylist():
                number += 1
                where = f"{path.name}:{number}"
                if _bytes(row[source.content]) > line_bytes_max:
                    reject(where, f"a record of more than {line_bytes_max} bytes")
                elif bad := _no_text(source, row):
                    reject(where, f"bytes that are not UTF-8 in the column '{bad}'")
                else:
                    yield _raw(source, row, where)
    except (pa.ArrowException, OSError, ValueError) as error:
        fact = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(str(path), "a whole Parquet file", fact, _parquet_repair(path)) from error
    if number == 0:
        raise DataError(str(path), "records", "an empty file", "fill the file or drop the source")


def _parquet_repair(path: Path) -> str:
    if path.is_dir():
        return "name a file in it"
    head = head_of(path)
    kind = kind_of(path, head)
    if head and kind is None:
        return "say reader: csv, jsonl or lines for a text"
    named = kind is not None and "Parquet" not in kind.name
    return f"this is {kind.name}: {kind.repair}" if kind and named else "copy the file again"


def read_folder(
    source: Source, path: Path, *, line_bytes_max: int, reject: Reject
) -> Iterator[Raw]:
    """One file a record; the folder it lies in is its label unless `every_label` is set."""
    if not path.is_dir():
        raise DataError(
            str(path),
            "a folder",
            "a file",
            "name its folder, or say reader: csv, jsonl, lines or parquet",
        )
    files = files_of(source.model_copy(update={"package": None, "path": "."}), path)
    if not files:
        raise DataError(str(path), "files", "an empty folder", "fill it or drop the source")
    for file in files:
        where = file.relative_to(path).as_posix()
        try:
            body = file.read_bytes() if file.stat().st_size <= line_bytes_max else None
        except OSError as error:
            reject(where, f"a file that cannot be read ({error.strerror})")
            continue
        if body is None:
            reject(where, f"a record of more than {line_bytes_max} bytes")
            continue
        inside = file.parent.name if file.parent != path else None
        label = source.every_label or (source.names.get(inside) or inside if inside else None)
        content, why = _content(file, body)
        if why:
            reject(where, why)
        else:
            yield Raw(where, content, label, where)


def _content(file: Path, body: bytes) -> tuple[str | bytes, str]:
    """The bytes of a picture, whatever the file is called, or else a text; or why it is neither."""
    if file.suffix.lower() in PICTURES or is_picture(body):
        return body, ""
    head = body[:SAMPLE_MAX]
    kind = kind_of(file, head)
    if kind is not None:
        return body, f"{kind.name} where a text or a picture was expected"
    if b"\0" in body:
        return body, NUL
    try:
        return body.decode("utf-8").lstrip("\ufeff"), ""
    except UnicodeDecodeError:
        name = looks_like(head)
        return body, f"{BROKEN}: they look like {NAMES.get(name, name)}" if name else BROKEN


def _bytes(content: Any) -> int:
    body = content.get("bytes") if isinstance(content, dict) else content
    if isinstance(body, str):
        return len(body.encode("utf-8", "surrogatepass"))
    return len(body) if isinstance(body, bytes) else 0


def _raw(source: Source, row: Mapping[str, Any], where: str) -> Raw:
    identity = _cell(row.get(source.id)) if source.id else None
    cell = row.get(source.label) if source.label else None
    if isinstance(cell, list | dict):
        return Raw(identity, row.get(source.content), cell, where)
    label = _cell(cell)
    if label is not None:
        # True and False were once read as Python writes them
        # one that is left out keeps its word, by which it is
        label = source.names.get(label) or source.names.get(str(cell)) or label
    content = row.get(source.content)
    return Raw(identity, content, source.every_label or label, where)


def _no_text(source: Source, row: Mapping[str, Any]) -> str | None:
    """The column of an id or a label whose bytes are no text."""
    for column in (source.label, source.id):
        if column and isinstance(row[column], bytes) and not _is_utf8(row[column]):
            return column
    return None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _cell(value: Any) -> str | None:
    """A value as text; None for an empty cell, which is no id and no label."""
    if isinstance(value, bytes):  # a BINARY column, which most writers of Parquet make of texts
        value = value.decode("utf-8")
    if value is None or value != value:  # NaN: a missing number of a table
        return None
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return said if said.strip() else None


def _wanted(source: Source) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c for c in (source.content, source.label, source.id) if c))


def _need_columns(source: Source, header: list[str], path: Path) -> None:
    """DataError for a named column that is not there, or there twice."""
    for column in _wanted(source):
        if header.count(column) > 1:
            raise DataError(
                f"{path}:1",
                f"one column {quoted(column)}",
                f"{header.count(column)} of that name in {_shown(header)}",
                "rename or remove the others",
            )
        if column not in header:
            raise DataError(
                f"{path}:1",
                f"a column {quoted(column)}",
                f"columns {_shown(header)}",
                _meant(column, header),
            )


def _shown(header: list[str]) -> str:
    """Where a header is missing, its place may be taken by a record, with all that stands in it."""
    said = f"[{', '.join(quoted(mask(name)[0]) for name in header[:COLUMNS_SHOWN])}]"
    return (
        said if len(header) <= COLUMNS_SHOWN else f"{said} and {len(header) - COLUMNS_SHOWN:,} more"
    )


def _meant(column: str, header: list[str]) -> str:
    close = nearest(column, header)
    if close is not None:
        return meant(quoted(mask(close)[0]))
    if header and header[0].lstrip().startswith("{"):
        return "it looks like JSON: say reader: jsonl"
    if header and header[0].lstrip().lower().startswith(("<!doctype", "<html")):
        return "it looks like an HTML page: download the file itself"
    return "name one of these; the first line of a table holds the names of its columns"


CSV, JSONL, LINES = FileReader(read_csv), FileReader(read_jsonl), FileReader(read_lines)
FOLDER, PARQUET = FileReader(read_folder), FileReader(read_parquet)

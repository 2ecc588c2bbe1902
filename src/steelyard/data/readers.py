"""Files to raw records, one reader a format, all streaming. Knows no task.

A broken file is a DataError; a broken record is counted through `reject`.
Example: `list(read_csv(source, path, line_bytes_max=10**6, reject=print))`
"""

from __future__ import annotations

import csv
import difflib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard.data.sources import files_of
from steelyard.data.streams import lines_of
from steelyard.errors import DataError
from steelyard.spec.model import Source

Reject = Callable[[str, str], None]
PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"}
CSV_ROWS_JOINED_MAX = 1000  # an unbalanced quote must not swallow the file


@dataclass(frozen=True)
class Raw:
    """One record as it stood in the file; `where` is file:line."""

    id: str | None
    content: Any
    label: str | None
    where: str


def read_lines(source: Source, path: Path, *, line_bytes_max: int, reject: Reject) -> Iterator[Raw]:
    """One record a line; blank lines are not records."""
    for number, line in lines_of(path, line_bytes_max=line_bytes_max, skip=reject):
        if line.strip():
            yield Raw(None, line, source.every_label, f"{path.name}:{number}")


def read_jsonl(source: Source, path: Path, *, line_bytes_max: int, reject: Reject) -> Iterator[Raw]:
    """One JSON object a line; a field that no object of the file has is a mistake in its name."""
    fields: dict[str, None] = {}
    for number, line in lines_of(path, line_bytes_max=line_bytes_max, skip=reject):
        where = f"{path.name}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            reject(where, "not JSON")
            continue
        if not isinstance(row, dict):
            reject(where, "not a JSON object")
            continue
        fields.update(dict.fromkeys(row))
        if source.content not in row:
            reject(where, f"no field '{source.content}'")
        else:
            yield _raw(source, row, where)
    if fields:
        _need_columns(source, list(fields), path)


def read_csv(source: Source, path: Path, *, line_bytes_max: int, reject: Reject) -> Iterator[Raw]:
    """RFC 4180 with a header; a quoted field may hold line breaks."""
    header: list[str] | None = None
    for number, cells in _csv_rows(path, line_bytes_max, reject):
        where = f"{path.name}:{number}"
        if header is None:
            header = cells
            _need_columns(source, header, path)
        elif len(cells) != len(header):
            reject(where, f"{len(cells)} columns instead of {len(header)}")
        else:
            yield _raw(source, dict(zip(header, cells, strict=True)), where)


def _csv_rows(path: Path, line_bytes_max: int, reject: Reject) -> Iterator[tuple[int, list[str]]]:
    """(first line, cells). A quote that never closes costs its own line, not those behind it."""
    csv.field_size_limit(line_bytes_max)
    lines = lines_of(path, line_bytes_max=line_bytes_max, skip=reject)
    again: deque[tuple[int, str]] = deque()

    def take() -> tuple[int, str] | None:
        return again.popleft() if again else next(lines, None)

    while (first := take()) is not None:
        held, size = [first], len(first[1])
        cells, why = _cells(held)
        while cells is None and why == _OPEN and size <= line_bytes_max and len(held) < CSV_ROWS_JOINED_MAX:  # fmt: skip
            more = take()
            if more is None:
                break
            held.append(more)
            size += len(more[1])
            if '"' in more[1]:  # nothing else can close it
                cells, why = _cells(held)
        if cells is None:
            said = "a quote that is never closed" if why == _OPEN else f"not CSV: {why}"
            reject(f"{path.name}:{first[0]}", said)
            again.extendleft(reversed(held[1:]))
        elif cells:
            yield first[0], cells


_OPEN = "unexpected end of data"  # what the csv module says of an open quote


def _cells(held: list[tuple[int, str]]) -> tuple[list[str] | None, str]:
    """Cells of one record, none for a blank line; or None and what is wrong."""
    try:
        row = next(csv.reader([line + "\n" for _, line in held], strict=True), [])
    except csv.Error as error:
        return None, str(error)
    return row, ""


def read_parquet(
    source: Source, path: Path, *, line_bytes_max: int, reject: Reject
) -> Iterator[Raw]:
    """Column values as they are: text, bytes, or {"bytes": ...} for pictures."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        _need_columns(source, file.schema_arrow.names, path)
        wanted = [c for c in (source.content, source.label, source.id) if c]
        number = 0
        for batch in file.iter_batches(batch_size=1024, columns=wanted):
            for row in batch.to_pylist():
                number += 1
                where = f"{path.name}:{number}"
                if _bytes(row[source.content]) > line_bytes_max:
                    reject(where, f"a record of more than {line_bytes_max} bytes")
                else:
                    yield _raw(source, row, where)
    except (pa.ArrowInvalid, OSError) as error:
        fact = str(error).splitlines()[0]
        raise DataError(str(path), "a whole Parquet file", fact, "copy the file again") from error
    if number == 0:
        raise DataError(str(path), "records", "an empty file", "fill the file or drop the source")


def read_folder(
    source: Source, path: Path, *, line_bytes_max: int, reject: Reject
) -> Iterator[Raw]:
    """One file a record; the folder it lies in is its label unless `every_label` is set."""
    found = files_of(source.model_copy(update={"package": None, "path": "."}), path)
    if not found:
        raise DataError(str(path), "files", "an empty folder", "fill it or drop the source")
    for file in found:
        where = file.relative_to(path).as_posix()
        if file.stat().st_size > line_bytes_max:
            reject(where, f"a record of more than {line_bytes_max} bytes")
            continue
        inside = file.parent.name if file.parent != path else None
        label = source.every_label or (source.names.get(inside, inside) if inside else None)
        body = file.read_bytes()
        if file.suffix.lower() in PICTURES:
            yield Raw(where, body, label, where)
            continue
        try:
            yield Raw(where, body.decode("utf-8-sig"), label, where)
        except UnicodeDecodeError:
            reject(where, "not UTF-8")


def _bytes(content: Any) -> int:
    body = content.get("bytes") if isinstance(content, dict) else content
    return len(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body or b"")


def _raw(source: Source, row: Mapping[str, Any], where: str) -> Raw:
    identity = row.get(source.id) if source.id else None
    found = row.get(source.label) if source.label else None
    label = None if found is None or found == "" else str(found)
    if label is not None:
        label = source.names.get(label, label)
    return Raw(
        None if identity is None else str(identity),
        row.get(source.content), source.every_label or label, where,
    )  # fmt: skip


def _need_columns(source: Source, header: list[str], path: Path) -> None:
    for column in (source.content, source.label, source.id):
        if column is None or column in header:
            continue
        close = difflib.get_close_matches(column, header, n=1)
        hint = f"did you mean '{close[0]}'?" if close else "correct the product file"
        raise DataError(f"{path}:1", f"a column '{column}'", f"columns {header}", hint)

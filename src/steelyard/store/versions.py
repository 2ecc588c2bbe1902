"""What was published under a tag: its files and their SHA-256, in a file beside the dataset.

Opens no dataset, so that a damaged one is found before it is read.
Example: `Published.of(folder, version=1, rows=9, files=["data/x.lance"]).problem(folder)` is None
"""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.errors import Damaged, Missing
from steelyard.files import private_folder, write
from steelyard.store.hashed import Difference, different, sha256

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = 24  # of a copy's hash, in its name


@dataclass(frozen=True)
class Published:
    """A tagged version: its number, rows, and hash of every file it is read from."""

    version: int
    rows: int
    files: dict[str, str]

    @classmethod
    def of(cls, folder: Path, *, version: int, rows: int, files: Sequence[str]) -> Published:
        return cls(version, rows, {name: sha256(folder / name) for name in files})

    def problem(self, folder: Path) -> Difference | None:
        """The first file that is not what was published."""
        return different(folder, self.files)

    def save(self, path: Path) -> None:
        body = json.dumps(asdict(self), sort_keys=True)
        write(path, json.dumps({"published": asdict(self), "sha256": _hash(body)}, indent=1))

    @classmethod
    def load(cls, path: Path, repair: str) -> Published | None:
        """None where nothing was recorded; Damaged when the record itself is."""
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        except (IsADirectoryError, NotADirectoryError) as error:
            raise Damaged(
                str(path), "the record of a published version", str(error.strerror), repair
            ) from None
        try:
            held = json.loads(raw)
            body = json.dumps(held["published"], sort_keys=True)
            if _hash(body) != held["sha256"]:
                raise ValueError
            return cls(**held["published"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Damaged(
                str(path), "the record of a published version", "another text", repair
            ) from None


def save_copy(folder: Path, tag: str, table: pa.Table) -> None:
    """Keep the rows a second time, under a name that holds their hash."""
    import pyarrow as pa

    private_folder(folder)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    body = sink.getvalue().to_pybytes()
    path = folder / f"{tag}.{hashlib.sha256(body).hexdigest()[:_DIGITS]}.arrow"
    if path.is_dir():
        put_away(path)
    write(path, body)


def read_copy(folder: Path, tag: str) -> pa.Table | None:
    """The rows of a copy that is whole, or None."""
    import pyarrow as pa

    for path in _copies(folder, tag):
        if _is_whole(path):
            return pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()
    return None


def check_copy(folder: Path, tag: str, repair: str) -> None:
    """Missing when a tag has no copy, Damaged when one is not what was written."""
    found = _copies(folder, tag)
    if not found:
        raise Missing(f"{folder}/{tag}.*.arrow", "a copy of the rows", "none", repair)
    for path in found:
        if not _is_whole(path):
            raise Damaged(str(path), "the bytes that its name is the hash of", "others", repair)


def drop_damaged_copies(folder: Path, tag: str) -> None:
    """Put them away, so that one that is whole may take their place."""
    for path in _copies(folder, tag):
        if not _is_whole(path):
            put_away(path)


def put_away(path: Path) -> None:
    """Out of the way, but not lost."""
    if not path.exists():
        return
    for n in range(1000):
        aside = path.with_name(f"{path.name}.damaged-{n}")
        if not aside.exists():
            path.rename(aside)
            return
    raise Damaged(str(path), "room for one more damaged file beside it", "1000", "remove them")


def _copies(folder: Path, tag: str) -> list[Path]:
    return sorted(folder.glob(f"{glob.escape(tag)}.*.arrow"))


def _is_whole(path: Path) -> bool:
    return sha256(path)[:_DIGITS] == path.name.split(".")[-2]


def _hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()

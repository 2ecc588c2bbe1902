"""What was published under a tag: its files and their SHA-256, in a file beside the dataset.

Opens no dataset, so that a damaged one is found before it is read.
Example: `Published.of(folder, version=1, files=["data/x.lance"]).problem(folder)` is None
"""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.errors import Damaged
from steelyard.store.files import private_folder, write
from steelyard.store.hashed import Difference, different, sha256

if TYPE_CHECKING:
    import pyarrow as pa


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
        try:
            held = json.loads(raw)
            body = json.dumps(held["published"], sort_keys=True)
            if _hash(body) != held["sha256"]:
                raise ValueError
            return cls(**held["published"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Damaged(str(path), "the record of a published version", "another text", repair) from None  # fmt: skip


def save_copy(folder: Path, tag: str, table: pa.Table) -> None:
    """Keep the rows a second time, under a name that holds their hash."""
    import pyarrow as pa

    private_folder(folder)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    body = sink.getvalue().to_pybytes()
    write(folder / f"{tag}.{hashlib.sha256(body).hexdigest()[:24]}.arrow", body)


def read_copy(folder: Path, tag: str) -> pa.Table | None:
    """The rows of a copy that is whole, or None."""
    import pyarrow as pa

    for path in sorted(folder.glob(f"{glob.escape(tag)}.*.arrow")):
        body = path.read_bytes()
        if hashlib.sha256(body).hexdigest()[:24] == path.name.split(".")[-2]:
            return pa.ipc.open_file(pa.BufferReader(body)).read_all()
    return None


def _hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()

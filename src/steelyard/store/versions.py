"""What was published under a tag: its files and their SHA-256, in a file beside the dataset.

Opens no dataset, so that a damaged one is found before it is read.
Example: `Published.of(storage, "r.lance", version=1, rows=9, files=["data/x"]).problem(storage, "r.lance")`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steelyard.errors import Damaged, Missing
from steelyard.store.hashed import Difference, different, sha256
from steelyard.store.storage import Storage, entry, joined

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
    def of(
        cls, storage: Storage, key: str, *, version: int, rows: int, files: Sequence[str]
    ) -> Published:
        path_of = _within(storage, key)
        return cls(version, rows, {name: sha256(path_of(name)) for name in files})

    def problem(self, storage: Storage, key: str) -> Difference | None:
        """The first file that is not what was published."""
        return different(_within(storage, key), self.files)

    def save(self, storage: Storage, key: str) -> None:
        body = json.dumps(asdict(self), sort_keys=True)
        text = json.dumps({"published": asdict(self), "sha256": _hash(body)}, indent=1)
        storage.put(key, text)

    @classmethod
    def load(cls, storage: Storage, key: str, repair: str) -> Published | None:
        """None where nothing was recorded; Damaged when the record itself is."""
        said = storage.place(key).said
        try:
            raw = storage.fetch(key).read_bytes()
        except FileNotFoundError:
            return None
        except (IsADirectoryError, NotADirectoryError) as error:
            raise Damaged(
                said, "the record of a published version", str(error.strerror), repair
            ) from None
        try:
            held = json.loads(raw)
            body = json.dumps(held["published"], sort_keys=True)
            if _hash(body) != held["sha256"]:
                raise ValueError
            return cls(**held["published"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Damaged(
                said, "the record of a published version", "another text", repair
            ) from None


def save_copy(storage: Storage, folder: str, tag: str, table: pa.Table) -> None:
    """Keep the rows a second time, under a name that holds their hash."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    body = sink.getvalue().to_pybytes()
    name = f"{tag}.{hashlib.sha256(body).hexdigest()[:_DIGITS]}.arrow"
    clear_way(storage, joined(folder, name), folder=False)
    storage.put(joined(folder, name), body)


def read_copy(storage: Storage, folder: str, tag: str) -> pa.Table | None:
    """The rows of a copy that is whole, or None."""
    import pyarrow as pa

    for key in _copies(storage, folder, tag):
        path = storage.fetch(key)
        if _is_whole(path):
            return pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()
    return None


def check_copy(storage: Storage, folder: str, tag: str, repair: str) -> None:
    """Missing when a tag has no copy, Damaged when one is not what was written."""
    copies = list(_copies(storage, folder, tag))
    if not copies:
        said = storage.place(folder).said
        raise Missing(f"{said}/{tag}.*.arrow", "a copy of the rows", "none", repair)
    for key in copies:
        if not _is_whole(storage.fetch(key)):
            said = storage.place(key).said
            raise Damaged(said, "the bytes that its name is the hash of", "others", repair)


def drop_damaged_copies(storage: Storage, folder: str, tag: str) -> None:
    """Put them away, so that one that is whole may take their place."""
    for key in list(_copies(storage, folder, tag)):
        if not _is_whole(storage.fetch(key)):
            storage.set_aside(key)


def clear_way(storage: Storage, key: str, *, folder: bool) -> None:
    """Put away what is of the wrong kind in the place of a folder, or of a file."""
    there = entry(storage, key)
    if there is not None and there.folder != folder:
        storage.set_aside(key)


def _copies(storage: Storage, folder: str, tag: str) -> Iterator[str]:
    for one in storage.entries(folder):
        if one.name.startswith(f"{tag}.") and one.name.endswith(".arrow"):
            yield joined(folder, one.name)


def _within(storage: Storage, key: str) -> Callable[[str], Path]:
    return lambda name: storage.fetch(joined(key, name))


def _is_whole(path: Path) -> bool:
    return sha256(path)[:_DIGITS] == path.name.split(".")[-2]


def _hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()

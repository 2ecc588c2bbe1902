"""Where the files of a store lie: a few verbs over keys. Knows no model, no dataset and no ledger.

A key is a relative posix path, of any characters; "" is the root, and there is no `..` in it.
Example: `storage.put("reports/a.html", "<p>"); storage.entries("reports")[0].name == "a.html"`
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from steelyard.errors import Damaged
from steelyard.files import private_folder, sync_files, sync_folder, sync_tree, write

DRAFT = ".draft-"  # begins the name of a folder that is not published, or is on its way out
ASIDES_MAX = 1000


@dataclass(frozen=True)
class Entry:
    """One name under a key. A folder's bytes are those of what is under it, and not counted here."""

    name: str
    folder: bool
    bytes: int
    modified_s: float


@dataclass(frozen=True)
class Place:
    """Where a key lies: as people are told it, and for a library that reads and writes there
    itself, as Lance does."""

    said: str
    uri: str
    options: Mapping[str, str] = field(default_factory=dict)


class Storage(Protocol):
    """What an implementation must keep.

    - What `put` or `publish` wrote is durable when they return. Killed before, `put` leaves the old
      file or the new one; and whoever sees the file `last` of a publication sees all the others.
    - `fetch` hands over the bytes that lie there at the call; nobody writes into what it hands over.
    - Private: whoever else uses the machine or the bucket reads none of it.
    - StoreError where a file has a folder's place or a folder a file's, and Unavailable where the
      storage cannot be reached; a full disk stays the OSError that it is.
    - Whether bytes are those that were published is asked by those who know their hashes.
    """

    local: Path  # of this machine: drafts, locks and scratch, which no other one sees

    def put(self, key: str, body: bytes | str) -> None:
        """Replace a file with `body`, whole or not at all."""

    def publish(self, folder: Path, key: str, *, last: str) -> None:
        """Let the files of a draft be all that lies under `key`; the draft is used up. Where files
        come one by one, `last` comes last, and goes first where it lay there before."""

    def fetch(self, key: str) -> Path:
        """A path of this machine with the file or the folder; where nothing lies there is nothing
        at that path either, and opening it says so."""

    def entries(self, key: str) -> list[Entry]:
        """What lies directly under `key`, whole or not, by name; nothing where nothing lies."""

    def set_aside(self, key: str) -> None:
        """Give what lies there another name, `.damaged-N` behind its own: out of the way and not
        lost. Nothing where nothing lies."""

    def place(self, key: str, *, write: bool = False) -> Place:
        """Where it lies; with `write` somebody is about to write there."""

    def sync(self, keys: Iterable[str]) -> None:
        """What somebody else wrote at these keys is durable when this returns."""


class Local:
    """Folders of this machine: a key is a path under `root`, and what is fetched is the file itself.

    A draft lies on the same disk as what is published, so that publishing is one rename.
    """

    def __init__(self, root: Path) -> None:
        self.root = self.local = root

    def put(self, key: str, body: bytes | str) -> None:
        path = self.root / key
        private_folder(path.parent)
        write(path, body)

    def publish(self, folder: Path, key: str, *, last: str) -> None:
        target = self.root / key
        private_folder(target.parent)
        sync_tree(folder)
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=target.parent) as aside:
            if target.exists():
                target.rename(Path(aside) / target.name)
            folder.rename(target)
        sync_folder(target.parent)

    def fetch(self, key: str) -> Path:
        return self.root / key

    def entries(self, key: str) -> list[Entry]:
        try:
            paths = sorted((self.root / key).iterdir())
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return []
        return list(_there(paths))

    def set_aside(self, key: str) -> None:
        path = self.root / key
        if not path.exists():
            return
        for aside in asides(path.name):
            if not path.with_name(aside).exists():
                path.rename(path.with_name(aside))
                return
        raise crowded(str(path))

    def place(self, key: str, *, write: bool = False) -> Place:
        path = self.root / key
        if write:
            private_folder(path.parent)
        return Place(str(path), uri_of(path))

    def sync(self, keys: Iterable[str]) -> None:
        sync_files(self.root / key for key in keys)


def storage_at(root: Path) -> Storage:
    """The storage of a store whose folder is `root`."""
    return Local(root)


def joined(*parts: str) -> str:
    """One key of several; the empty ones are left out."""
    return "/".join(part for part in parts if part)


def entry(storage: Storage, key: str) -> Entry | None:
    """What lies at `key` itself, or None."""
    above, _, name = key.rpartition("/")
    return next((e for e in storage.entries(above) if e.name == name), None)


def walk(storage: Storage, key: str) -> Iterator[tuple[str, Entry]]:
    """Everything under `key` at any depth, with its own key."""
    for one in storage.entries(key):
        yield joined(key, one.name), one
        if one.folder:
            yield from walk(storage, joined(key, one.name))


def asides(name: str) -> Iterator[str]:
    """Names for what is set aside, in the order in which they are tried."""
    return (f"{name}.damaged-{n}" for n in range(ASIDES_MAX))


def crowded(said: str) -> Damaged:
    return Damaged(said, "room for one more damaged file beside it", str(ASIDES_MAX), "remove them")


def uri_of(path: Path) -> str:
    """Every byte of the path escaped: as a plain path, `%`, `?`, `#` and Chinese make Lance leave
    folders of another name outside."""
    return f"file-object-store://{quote(os.fsencode(path.resolve()))}"


def _there(paths: Iterable[Path]) -> Iterator[Entry]:
    """Without those that went away meanwhile."""
    for path in paths:
        try:
            seen = path.stat()
        except OSError:
            continue
        yield Entry(path.name, path.is_dir(), seen.st_size, seen.st_mtime)

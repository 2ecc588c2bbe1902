"""Files of a step that goes on, each under a name that holds its hash. Knows no training.

A kill between leaves the old file or the new one, whole; what is not what was written is dropped
when it is looked for, and the work behind it is done again.
Example: `keep(folder, "state.json", "{}").name == "state.44136fa355b3678a1146ad16.json"`
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from steelyard.files import make_folder, sweep, write
from steelyard.store.hashed import sha256

DIGITS = 24  # of the hash, as in the names of artifacts
_NAMED = re.compile(rf".+\.[0-9a-f]{{{DIGITS}}}\.[a-z]+")
log = logging.getLogger("steelyard.store")


class Scratch:
    """A folder for each step, on this machine alone, until the step is done: a turn that goes on
    elsewhere does that step from its beginning."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, key: str) -> Path:
        """The folder of a step, made where there is none."""
        make_folder(self.folder / key)
        return self.folder / key

    def clear(self, key: str) -> None:
        """The step is done."""
        shutil.rmtree(self.folder / key, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what killed attempts left; what is young may belong to another product's turn."""
        sweep(self.folder, "*")

    def damaged(self) -> Iterator[tuple[str, Path]]:
        """Name and path of kept files that are not what was written; nothing is changed."""
        for path in damaged(self.folder):
            yield str(path.relative_to(self.folder)), path


def keep(folder: Path, name: str, body: bytes | str) -> Path:
    """Write `body` in the place of what was kept under `name` before; its path."""
    raw = body.encode("utf-8") if isinstance(body, str) else body
    stem, _, kind = name.rpartition(".")
    path = folder / f"{stem}.{hashlib.sha256(raw).hexdigest()[:DIGITS]}.{kind}"
    if not whole(path):
        _remove(path)
        write(path, raw)
    for older in set(_under(folder, name)) - {path}:
        _remove(older)
    return path


def find(folder: Path, name: str) -> Path | None:
    """The newest whole file that was kept under `name`, or None; damaged ones are gone then."""
    for path in _under(folder, name):
        if whole(path):
            return path
        log.warning("scratch.dropped file=%s: it is not what was written", path)
        _remove(path)
    return None


def forget(folder: Path, name: str) -> None:
    """Nothing is kept under `name` any more."""
    for path in _under(folder, name):
        _remove(path)


def damaged(folder: Path) -> Iterator[Path]:
    """Kept files at any depth that are not what was written; nothing is changed."""
    for path in sorted(folder.rglob("*")):
        if _NAMED.fullmatch(path.name) and not whole(path):
            yield path


def whole(path: Path) -> bool:
    """Whether the bytes of a kept file are those that its name holds the hash of."""
    return sha256(path)[:DIGITS] == path.name.split(".")[-2]


def _under(folder: Path, name: str) -> list[Path]:
    """Newest first: a kill may leave two."""
    stem, _, kind = name.rpartition(".")
    paths = folder.glob(f"{stem}.{'[0-9a-f]' * DIGITS}.{kind}")
    return sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

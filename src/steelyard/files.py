"""The one door for writing files: temp, fsync, rename. Knows no artifact and no dataset.

A reader sees the old file or the new one, never a part. Example: `write(path, b"...")`
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from steelyard.errors import StoreError


def write(path: Path, body: bytes | str, *, mode: int | None = None) -> None:
    """Replace `path` with `body`, whole or not at all; for its owner alone unless a mode is said."""
    raw = body.encode("utf-8") if isinstance(body, str) else body
    make_folder(path.parent)
    refuse_folder(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())  # before rename: a crash may otherwise publish an empty file
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_new(path: Path, body: bytes | str) -> None:
    """Write `path` whole unless it is there: of two processes at once, the first one's stays."""
    make_folder(path.parent)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
        write(Path(folder) / path.name, body)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(Path(folder) / path.name)
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make `path` and what is above it; StoreError where a file has its place."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        odd = next(p for p in (path, *path.parents) if p.is_symlink() or p.exists())
        raise StoreError(str(odd), "a folder", "a file", "move it away") from error


def refuse_folder(path: Path) -> None:
    """StoreError where a folder has a file's place."""
    if path.is_dir():
        raise StoreError(str(path), "a file", "a folder", "move it away")


def private_folder(path: Path) -> None:
    """Make `path` for its owner alone; one that is there keeps the mode its owner gave it."""
    made = [p for p in (path, *path.parents) if not p.exists()]
    make_folder(path)
    for folder in made:
        folder.chmod(0o700)


def private_file(path: Path) -> None:
    """Make an empty `path` for its owner alone unless it is there."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def sweep(folder: Path, pattern: str, *, older_than_s: float = 3600.0) -> None:
    """Remove folders that killed processes left; a young one may still be in use."""
    for left in folder.glob(pattern):
        if left.is_dir() and time.time() - left.stat().st_mtime > older_than_s:
            shutil.rmtree(left, ignore_errors=True)


def sync_tree(folder: Path) -> None:
    """Every file of `folder` is on the disk when this returns."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def sync_files(paths: Iterable[Path]) -> None:
    """These files, and their names in their folders, are on the disk when this returns."""
    folders = set()
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())
        folders.add(path.parent)
    for folder in folders:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """A rename is durable only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

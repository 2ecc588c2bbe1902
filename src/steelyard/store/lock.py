"""Locks that the system lets go when the process ends, however. Knows no step.

Where the system has no flock (Windows) nothing is held: `Store.commit` alone refuses the slower of
two equal steps, and drafts go by their age. Example: `with alone(root / "turn.lock"): ...`
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steelyard.errors import StoreError
from steelyard.files import refuse_folder


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` locked for one turn; StoreError when another process holds it."""
    with held(path) as mine:
        if not mine:
            raise StoreError(
                str(path), "one turn at a time", "another one that runs now", "wait for it to end"
            )
        yield


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Whether `path` could be locked; it is until the context ends."""
    if sys.platform == "win32":
        yield True
        return
    refuse_folder(path)
    fcntl = importlib.import_module("fcntl")
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def sweep_unheld(folder: Path, lock: Path) -> None:
    """Remove a folder, and its lock, that no living process holds."""
    if sys.platform == "win32" or not lock.exists():
        return
    with held(lock) as mine:
        if mine:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)

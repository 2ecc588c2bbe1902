"""One turn at a time on one machine: a lock the system lets go when the process ends, however.

Knows no step. Example: `with alone(root / "turn.lock"): ...`
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steelyard.errors import StoreError


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` locked; StoreError when another process holds it.

    Where the system has no flock (Windows) nothing is held, and `Store.commit` alone refuses the
    slower of two equal steps.
    """
    if sys.platform == "win32":
        yield
        return
    fcntl = importlib.import_module("fcntl")
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(str(path), "one turn at a time", "another one that runs now", "wait for it to end") from None  # fmt: skip
        yield

"""Folders that are made once for a name and used again while they are whole. Knows no model.

They lie on this machine and may go at any time. Example: `Made(folder).of("a1b2", fill)` calls
`fill(draft)` the first time, and again when a byte of what it left has changed
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from steelyard.errors import Damaged, Missing
from steelyard.files import write
from steelyard.store.artifacts import Artifacts
from steelyard.store.storage import Local


class Made:
    """`folder/<name>.id` holds the id of an artifact beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._artifacts = folder, Artifacts(Local(folder))

    def of(self, name: str, fill: Callable[[Path], None]) -> Path:
        """The folder of this name; `fill` is given an empty one where there is none that is whole."""
        known = self._known(name)
        if known is not None:
            return known
        with self._artifacts.draft() as draft:
            fill(draft)
            identity = self._artifacts.publish(draft)
        write(self._pointer(name), identity)
        return self._artifacts.peek(identity)

    def _known(self, name: str) -> Path | None:
        if not self._pointer(name).is_file():
            return None
        identity = self._pointer(name).read_text(encoding="utf-8", errors="replace").strip()
        try:
            return self._artifacts.open(identity)
        except (Missing, Damaged):
            return None

    def _pointer(self, name: str) -> Path:
        return self._folder / f"{name}.id"

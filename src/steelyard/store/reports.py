"""Pages of turns, one for each language. Knows nothing of what stands in them.

Example: `store.reports.write(7, {"en": "<html>..."})` gives {"en": ".../reports/turn-7.en.html"}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from steelyard.store.storage import Storage, joined


class Reports:
    """`under/turn-<id>.<language>.html`."""

    def __init__(self, storage: Storage, under: str) -> None:
        self._storage, self._under = storage, under

    def write(self, turn: int, pages: Mapping[str, str]) -> dict[str, str]:
        """Language -> where its page lies now."""
        for language, page in pages.items():
            self._storage.put(self._key(turn, language), page)
        return {name: self._storage.place(self._key(turn, name)).said for name in pages}

    def page(self, turn: int, language: str) -> Path:
        """A file of this machine with a page that was written."""
        return self._storage.fetch(self._key(turn, language))

    def places(self) -> list[str]:
        """Where every page lies, newest first."""
        pages = [
            e
            for e in self._storage.entries(self._under)
            if e.name.startswith("turn-") and e.name.endswith(".html")
        ]
        newest = sorted(pages, key=lambda e: e.modified_s, reverse=True)
        return [self._storage.place(joined(self._under, e.name)).said for e in newest]

    def _key(self, turn: int, language: str) -> str:
        return joined(self._under, f"turn-{turn}.{language}.html")

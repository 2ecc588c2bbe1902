"""Labels that were paid and train nothing: those that a hold-out is measured by, and those of replayed records.

Each is paid once, by the key of its text, whichever part of the data it is in later and whether or not it was
paid for training. Example: `Truths(store).unpaid(["a1", "b2"])`
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from steelyard.errors import Missing, StoreError
from steelyard.store.content import labels_tag

if TYPE_CHECKING:
    from steelyard.store.store import Store

HOLDOUT, REPLAYED = "label.holdout", "label.replay"
NAME = "truths"
_BOUGHT = ("label", "labels")  # account and dataset of what training pays


def tags_of(store: Store) -> set[str]:
    """Of the files that say which labels were paid."""
    return _named(store, HOLDOUT, NAME) | _named(store, REPLAYED, NAME)


def _named(store: Store, account: str, name: str) -> set[str]:
    said = store.ledger.evidence(account)
    return {e.removeprefix(f"{name}:") for e in said if e.startswith(f"{name}:")}


class Truths:
    """Keys of texts whose label was paid, as the lines of the ledger name them; none without a store."""

    def __init__(self, store: Store | None) -> None:
        self._tags: set[str] = set()
        self._keys: set[str] = set()
        self._gone: set[str] = set()
        if store is None:
            return
        self._store = store
        self._tags = tags_of(store)
        for name, tags in ((NAME, self._tags), (_BOUGHT[1], _named(store, *_BOUGHT))):
            for tag in tags:
                self._read(name, tag)

    def unpaid(self, keys: Iterable[str]) -> list[str]:
        """Those that were never paid, each once, in order; StoreError where a file that says which ones were
        is gone."""
        left = sorted({key for key in keys if key not in self._keys})
        if not left or labels_tag(left) in self._tags:
            return []
        if self._gone:
            raise StoreError(
                f"datasets/{NAME}.lance",
                f"the labels {min(self._gone)} that were paid",
                "nothing there",
                "put the file back from a backup: some of them would be paid again",
            )
        return left

    def keep(self, keys: list[str]) -> str:
        """Evidence of a line that pays these, which are on the disk, twice, before it is written."""
        import pyarrow as pa

        tag = labels_tag(keys)
        self._store.datasets.publish(NAME, pa.table({"key": keys}), tag=tag, copy=True)
        return f"{NAME}:{tag}"

    def _read(self, name: str, tag: str) -> None:
        try:
            table = self._store.datasets.read(name, tag)
        except Missing:
            self._gone |= {tag} if name == NAME else set()
            return
        if "key" in table.column_names:  # purchases of before 0.2 have none
            self._keys.update(table["key"].to_pylist())

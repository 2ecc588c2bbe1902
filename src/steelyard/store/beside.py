"""A ledger beside datasets and artifacts: one that lost its rows is refused. Knows no step.

What a store holds was paid for in its ledger; with the ledger emptied or gone the next turn would
pay for all of it again. Example: `refuse_lost_file(url, storage)`
"""

from __future__ import annotations

import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.store import tables
from steelyard.store.artifacts import MANIFEST
from steelyard.store.database import Database, file_of, shown
from steelyard.store.storage import Storage, entry


def refuse_lost_file(url: sa.URL, storage: Storage) -> None:
    """Damaged when the file of a SQLite ledger is missing or empty and its store is not."""
    path = file_of(url)
    if path is None:
        return
    there = path.is_file() and path.stat().st_size > 0
    held = [] if there else _published(storage)
    if held:
        raise _lost(url, "no file" if not path.exists() else "an empty file", held)


def refuse_emptied(database: Database, storage: Storage) -> None:
    """Damaged when the rows that every published dataset and artifact has are gone.

    A first turn that was killed leaves records before its step is committed, and a turn's row
    before those; labels and artifacts come after the step of the data.
    """
    with database.read() as connection:
        if connection.execute(sa.select(tables.step.c.key).limit(1)).first():
            return
        begun = connection.execute(sa.select(tables.turn.c.id).limit(1)).first() is not None
    held = [w for w in _published(storage) if not begun or not w.startswith("records")]
    if held:
        raise _lost(database.engine.url, "no step", held)


def _published(storage: Storage) -> list[str]:
    """Names of what the folders hold, datasets before artifacts."""
    tags = [
        f"{dataset.name.removesuffix('.lance')} {tag.name.removesuffix('.json')}"
        for dataset in storage.entries("datasets")
        for tag in storage.entries(f"datasets/{dataset.name}/_refs/tags")
        if dataset.name.endswith(".lance") and tag.name.endswith(".json")
    ]
    manifests = [
        f"artifact {one.name}"
        for one in storage.entries("artifacts")
        if entry(storage, f"artifacts/{one.name}/{MANIFEST}") is not None
    ]
    return tags + manifests


def _lost(url: sa.URL, fact: str, held: list[str]) -> Damaged:
    return Damaged(
        f"ledger {shown(url)}",
        f"the ledger of what its store holds ({held[0]}, ...: {len(held)} in all)",
        fact,
        "restore the ledger from a backup; to begin anew on purpose, move the store's folder away",
    )

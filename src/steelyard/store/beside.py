"""A ledger beside datasets and artifacts: one that lost its rows is refused. Knows no step.

What a store holds was paid for in its ledger; with the ledger emptied or gone the next turn would
pay for all of it again. Example: `refuse_lost_file(url, root)`
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.store import tables
from steelyard.store.database import Database, file_of, shown


def refuse_lost_file(url: sa.URL, root: Path) -> None:
    """Damaged when the file of a SQLite ledger is missing or empty and its store is not."""
    path = file_of(url)
    if path is None:
        return
    there = path.is_file() and path.stat().st_size > 0
    found = [] if there else _published(root)
    if found:
        raise _lost(url, "no file" if not path.exists() else "an empty file", found)


def refuse_emptied(database: Database, root: Path) -> None:
    """Damaged when the rows that every published dataset and artifact has are gone.

    A first turn that was killed leaves records before its step is committed, and a turn's row
    before those; labels and artifacts come after the step of the data.
    """
    with database.read() as connection:
        if connection.execute(sa.select(tables.step.c.key).limit(1)).first():
            return
        begun = connection.execute(sa.select(tables.turn.c.id).limit(1)).first() is not None
    found = [what for what in _published(root) if not begun or not what.startswith("records")]
    if found:
        raise _lost(database.engine.url, "no step", found)


def _published(root: Path) -> list[str]:
    """Names of what the folders hold, datasets before artifacts."""
    tags = sorted(root.glob("datasets/*.lance/_refs/tags/*.json"))
    manifests = sorted(root.glob("artifacts/*/manifest.json"))
    return [f"{p.parents[2].stem} {p.stem}" for p in tags] + [
        f"artifact {p.parent.name}" for p in manifests
    ]


def _lost(url: sa.URL, found: str, held: list[str]) -> Damaged:
    return Damaged(
        f"ledger {shown(url)}",
        f"the ledger of what its store holds ({held[0]}, ...: {len(held)} in all)",
        found,
        "restore the ledger from a backup; to begin anew on purpose, move the store's folder away",
    )

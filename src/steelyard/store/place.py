"""Where a store and its ledger lie, by the product file. Opens nothing.

What stands in a folder's name is never read as a part of a URL, and a ledger outlives its process.
Example: `ledger_url(product, root_of(product)).database == "/data/reviews/.steelyard/ledger.db"`
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from steelyard.errors import StoreError
from steelyard.spec import ProductFile, placed

# behind the ? of a SQLite URL (sqlite3.connect, and SQLite's own URI parameters)
SQLITE_OPTIONS = frozenset(
    {"timeout", "uri", "mode", "cache", "vfs", "psow", "nolock", "immutable"}
)


def ledger_url(product: ProductFile, root: Path) -> sa.URL:
    """A relative SQLite path stands beside the product file, wherever the command is run.

    The folder is no part of a URL text: `%20`, `?` and `#` in its name are themselves.
    """
    named = product.spec.ledger
    if named is None:
        return sa.URL.create("sqlite", database=str((root / "ledger.db").resolve()))
    try:
        url = sa.make_url(named)
    except sa.exc.ArgumentError as error:
        raise StoreError("ledger", "a database URL", str(error)) from error
    _check_url(url, named)
    relative = url.database or ""
    if url.get_backend_name() != "sqlite" or not relative or relative.startswith(("/", ":", "file:")):  # fmt: skip
        return url
    return url.set(database=str((product.folder / relative).resolve()))


def _check_url(url: sa.URL, named: str) -> None:
    """StoreError for a ledger that would not last, or that would lie under another name."""
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError("ledger", "a sqlite: or postgresql: URL", f"'{url.drivername}:'", "correct 'ledger' in the product file")  # fmt: skip
    if url.get_backend_name() != "sqlite":
        return
    place = url.database or ""
    if not place or ":memory:" in place or url.query.get("mode") == "memory":
        raise StoreError("ledger", "a database that outlives the command", "one in memory", "name a file, as in sqlite:///ledger.db, or leave 'ledger' out")  # fmt: skip
    if place.startswith("file:") and not place.startswith("file:/"):
        raise StoreError("ledger", "a path from the root behind file:", f"'{place}', which depends on where the command is run", f"write sqlite:///{place.removeprefix('file:')}")  # fmt: skip
    behind = [option.partition("=")[0] for option in named.partition("?")[2].split("&")]
    odd = [name for name in behind if name and name not in SQLITE_OPTIONS]
    if odd:
        raise StoreError("ledger", "a path, and behind ? only options of SQLite", f"'?{odd[0]}'", "write %3F for a ? in the name, and %25 for a %")  # fmt: skip


def root_of(product: ProductFile) -> Path:
    """The folder of the store; StoreError for one that cannot be."""
    root = placed(product.folder, product.spec.store).resolve()
    if root.exists() and not root.is_dir():
        raise StoreError(str(root), "a folder", "a file", "correct 'store' in the product file")
    if any(ord(c) < 32 or ord(c) == 127 for c in str(root)):
        raise StoreError(repr(str(root)), "a folder without control characters in its name", "one", "rename the folder")  # fmt: skip
    return root

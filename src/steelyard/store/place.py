"""Where a store and its ledger lie, by the product file. Opens nothing.

What stands in a folder's name is never read as a part of a URL, and a ledger outlives its process.
Example: `ledger_url(product, root_of(product)).database == "/data/reviews/.steelyard/ledger.db"`
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from steelyard.errors import StoreError
from steelyard.spec import ProductFile, placed
from steelyard.store.database import file_of

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
    if (
        url.get_backend_name() != "sqlite"
        or not relative
        or relative.startswith(("/", ":", "file:"))
    ):
        return url
    return url.set(database=str((product.folder / relative).resolve()))


def _check_url(url: sa.URL, named: str) -> None:
    """StoreError for a ledger that would not last, or that would lie under another name."""
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            "ledger",
            "a sqlite: or postgresql: URL",
            f"'{url.drivername}:'",
            "correct 'ledger' in the product file",
        )
    if url.get_backend_name() != "sqlite":
        return
    place = url.database or ""
    if not place or ":memory:" in place or url.query.get("mode") == "memory":
        raise StoreError(
            "ledger",
            "a database that outlives the command",
            "one in memory",
            "name a file, as in sqlite:///ledger.db, or leave 'ledger' out",
        )
    if place.startswith("file:") and not place.startswith("file:/"):
        raise StoreError(
            "ledger",
            "a path from the root behind file:",
            f"'{place}', which depends on where the command is run",
            f"write sqlite:///{place.removeprefix('file:')}",
        )
    behind = [option.partition("=")[0] for option in named.partition("?")[2].split("&")]
    odd = [name for name in behind if name and name not in SQLITE_OPTIONS]
    if odd:
        raise StoreError(
            "ledger",
            "a path, and behind ? only options of SQLite",
            f"'?{odd[0]}'",
            "write %3F for a ? in the name, and %25 for a %",
        )


# what a file system says that knows no file without a name: it may still take one with a name
_UNSURE = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.ENOSYS)
FOLDERS = ("datasets", "artifacts", "reports", "scratch", "attempts")  # of a store
LOCK = "turn.lock"
FILES = (LOCK, "salt", "salt.sha256")


def check_places(product: ProductFile) -> None:
    """StoreError where a turn could not write its store or its ledger; creates nothing."""
    root = root_of(product)
    _check_folder(root, "store")
    for name in FOLDERS:
        _check_folder(root / name, "store")
    for name in FILES:
        _check_file(root / name, "store")
    ledger = file_of(ledger_url(product, root))
    if ledger is not None:
        _check_folder(ledger.parent, "ledger")
        _check_file(ledger, "ledger")


def misplaced(product: ProductFile) -> Iterator[tuple[str, str]]:
    """Name, and what is wrong with it: files in a folder's place, and a folder in the lock's."""
    root = root_of(product)
    for name in (n for n in FOLDERS if (root / n).exists() and not (root / n).is_dir()):
        yield name, f"{root / name}: expected a folder, found a file"
    if (root / LOCK).is_dir():
        yield LOCK, f"{root / LOCK}: expected a file, found a folder"


def mode_of(product: ProductFile) -> int:
    """Who may do what in the folder of the store."""
    return stat.S_IMODE(root_of(product).stat().st_mode)


def _check_folder(folder: Path, field: str) -> None:
    """The folder, or the nearest one above it that is there, takes files."""
    there = next(p for p in (folder, *folder.parents) if os.path.lexists(p))
    fact = _not_writable(there) if there.is_dir() else "a file"
    if fact:
        expected = "a folder that can be written"
        raise StoreError(
            str(there), expected, fact, f"correct '{field}' in the product file, or the folder"
        )


def _check_file(path: Path, field: str) -> None:
    if not os.path.lexists(path):
        return
    fact = (
        "a folder"
        if path.is_dir()
        else ""
        if os.access(path, os.R_OK | os.W_OK)
        else "no right to write it"
    )
    if fact:
        raise StoreError(
            str(path),
            "a file that can be written",
            fact,
            f"correct '{field}' in the product file, or the file",
        )


def _not_writable(folder: Path) -> str:
    """Why no file can be made in a folder, tried with one that has no name and is gone at once."""
    try:
        os.close(os.open(folder, getattr(os, "O_TMPFILE", 0) | os.O_RDWR, 0o600))
    except OSError as error:
        if error.errno not in _UNSURE:
            return str(error.strerror)
    else:
        return ""
    if not os.access(folder, os.W_OK | os.X_OK):
        return "no right to write it"
    # /proc and /sys: root may do everything there, and no file can be made
    return "a file system that holds no files" if _is_virtual(folder) else ""


def _is_virtual(folder: Path) -> bool:
    return hasattr(os, "statvfs") and os.statvfs(folder).f_blocks == 0


def root_of(product: ProductFile) -> Path:
    """The folder of the store; StoreError for one that cannot be."""
    root = placed(product.folder, product.spec.store).resolve()
    if root.exists() and not root.is_dir():
        raise StoreError(str(root), "a folder", "a file", "correct 'store' in the product file")
    if any(ord(c) < 32 or ord(c) == 127 for c in str(root)):
        raise StoreError(
            repr(str(root)),
            "a folder without control characters in its name",
            "one",
            "rename the folder",
        )
    return root

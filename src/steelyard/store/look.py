"""Look a SQLite ledger over when it is opened: its pages, its rows, and whether its end is there.

Large tables are left to `steelyard ledger verify` and `steelyard doctor`, so that opening stays
quick. Knows no noun. Example: `look_over(connection, Path("ledger.db"))` returns, or raises Damaged
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import sqlalchemy as sa

from steelyard.errors import Damaged
from steelyard.store.days import check_days
from steelyard.store.failures import RESTORE
from steelyard.store.prepared import driver
from steelyard.store.rows import hashed
from steelyard.store.tables import answer, feedback, hashed_tables, metadata
from steelyard.store.tallies import check_tallies

ROWS_MAX = 20_000  # of a table that is looked over at every start
BYTES_MAX = 32 << 20
_seen: dict[
    str, tuple[int, ...]
] = {}  # of this process: what did not change is not looked at again


def look_over(connection: sa.Connection, path: Path, *, all_rows: bool = False) -> None:
    """Damaged names the page, the table and the row, or the commits that are gone."""
    state = _state(path)
    if _seen.get(str(path)) == state and not all_rows:
        return
    check_end(connection, path)
    large = path.stat().st_size > BYTES_MAX and not all_rows
    for table in metadata.sorted_tables:
        few = all_rows or _few(connection, table)
        if large and few:
            _pages(connection, path, f"('{table.name}')")
        if few and table in hashed_tables():
            for _ in hashed(connection, table):
                pass
    if all_rows or _few(connection, feedback):
        check_tallies(connection)
        if all_rows or _few(connection, answer):
            check_days(connection)
    if not large:
        _pages(connection, path, "")
    _seen[str(path)] = state


def commit_number(connection: sa.Connection) -> int:
    """How many transactions were committed: SQLite keeps the number for the application."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar() or 0)


def count_commit(connection: sa.Connection) -> int:
    """One more, as a part of the transaction itself."""
    with driver(connection) as cursor:
        number = int(cursor.execute("PRAGMA user_version").fetchone()[0]) + 1
        cursor.execute(f"PRAGMA user_version = {number}")
    return number


def note_end(path: Path, number: int) -> None:
    """Write how far the ledger reached beside it, after the commit.

    Not synced: it may be behind after a power cut and never ahead, so it raises no false alarm.
    What was committed stays so when this cannot be written: the next commit notes it too.
    """
    with contextlib.suppress(OSError):
        handle = os.open(_end(path), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            if number > _noted(os.read(handle, 64)):
                os.pwrite(handle, b"commits %020d\n" % number, 0)
        finally:
            os.close(handle)


def check_end(connection: sa.Connection, path: Path) -> None:
    """The newest commits live in SQLite's log, which is cut silently at its first damaged page."""
    end = _end(path)
    noted = _noted(end.read_bytes()) if end.is_file() else 0
    committed = commit_number(connection)
    if noted > committed:
        raise Damaged(
            f"ledger {path}",
            f"{noted} commits, as {end.name} says",
            f"{committed}: the newest are gone",
            f"{RESTORE}; after you put an older one back on purpose, remove {end.name}",
        )


def _noted(body: bytes) -> int:
    text = body[:28].removeprefix(b"commits ").strip(b"\0\n ")
    return int(text) if text.isdigit() else 0


def _end(path: Path) -> Path:
    return path.with_name(f"{path.name}.end")


def _pages(connection: sa.Connection, path: Path, table: str) -> None:
    said = connection.exec_driver_sql(f"PRAGMA integrity_check{table}").scalars().all()
    if said != ["ok"]:
        raise Damaged(
            f"ledger {path}", "whole pages", " ".join(str(said[0]).split())[:200], RESTORE
        )


def _few(connection: sa.Connection, table: sa.Table) -> bool:
    """Counted, not taken from the largest row number, which may be what is damaged."""
    part = sa.select(sa.literal(1)).select_from(table).limit(ROWS_MAX + 1).subquery()
    return (
        connection.execute(sa.select(sa.func.count()).select_from(part)).scalar() or 0
    ) <= ROWS_MAX


def _state(path: Path) -> tuple[int, ...]:
    """An empty log is one that is not there: who opens a ledger makes one, and who closes it takes it away."""
    state: list[int] = []
    for name in (path, path.with_name(f"{path.name}-wal")):
        seen = name.stat() if name.exists() else None
        state += [seen.st_size, seen.st_mtime_ns, seen.st_ino] if seen and seen.st_size else [0]
    return tuple(state)

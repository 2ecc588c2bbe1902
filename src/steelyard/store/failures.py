"""What a database or a disk says when it fails, told as errors of ours. Knows no noun.

A locked ledger, a full disk, a read-only folder and damaged pages each have their own repair.
Example: `raise told(error, "ledger /data/ledger.db", busy_s=60) from error`
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from steelyard.errors import Damaged, RowRefused, StoreError, Unavailable

AGAIN = "run the same command again"
RESTORE = "restore the ledger from a backup"
_FULL = (
    "no space left on device",
    "os error 28",
    "database or disk is full",
    "disk quota exceeded",
    "enospc",
    "pytorchstreamwriter failed writing",
)
_READ_ONLY = ("readonly database", "read-only", "permission denied")
_LOCKED = ("is locked", "lock timeout", "lock_timeout", "lock not available")
_BROKEN = (
    "malformed",
    "not a database",
    "corrupt",
    "could not decode",
    "no such table",
    "no such column",
    "duplicate column",
    "checksum",
    "has no column",
    "unsupported file format",
)


def told(error: BaseException, place: str, *, busy_s: float) -> StoreError:
    """The error of ours for what a database said; StoreError with its own words otherwise."""
    fact = str(getattr(error, "orig", None) or error).strip().splitlines()[0:1]
    said = fact[0] if fact else type(error).__name__
    low = said.lower()
    if full(error):
        return no_room(place)
    if any(word in low for word in _LOCKED):
        return Unavailable(
            place,
            f"a turn at writing within {busy_s:g} s",
            "another process that holds it",
            f"wait for it to end, then {AGAIN}",
        )
    if any(word in low for word in _READ_ONLY):
        return StoreError(
            place, "a ledger that can be written", said, "change its mode or its owner"
        )
    if broken(error):
        return Damaged(place, "a database that can be read", said, RESTORE)
    return Unavailable(place, "a database that answers", said, AGAIN)


def refused_row(error: BaseException, place: str) -> RowRefused:
    """A row that the database does not take; its values are not repeated."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()[0:1]
    return RowRefused(place, "a row that fits the table", said[0] if said else type(error).__name__)


def broken(error: BaseException) -> bool:
    """Whether a table or a page is not what it was."""
    return any(word in str(getattr(error, "orig", error)).lower() for word in _BROKEN)


def no_room(place: str) -> StoreError:
    return Unavailable(place, "room on the disk", "none left", f"free some, then {AGAIN}")


def full(error: BaseException) -> bool:
    """Whether a full disk is behind it, whichever library tells so and in its own words."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(word in str(cause).lower() for word in _FULL):
            return True
    return False


def of_disk(error: BaseException) -> StoreError | None:
    """The sentence for a disk that is full or may not be written; None for any other error."""
    place = str(getattr(error, "filename", None) or "disk")
    if full(error):
        return no_room(place)
    if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        fact = str(error.strerror)
        return StoreError(
            place, "a place that may be read and written", fact, "change its mode or owner"
        )
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = getattr(cause, "orig", None) or cause.__cause__ or cause.__context__

"""An anchor of the ledger, kept outside it: how far it went, its hash, its sums and counts.

Whoever can write the database can compute its chain anew; against a seal that lies elsewhere they
are found out. A seal knows nothing of what came after it. Example: `against(connection, seal(connection, time=now))`
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from steelyard.errors import Damaged, UserError
from steelyard.files import write
from steelyard.store.chain import GENESIS, chain
from steelyard.store.failures import RESTORE, of_disk
from steelyard.store.ledger import every_step_paid, verify
from steelyard.store.tables import (
    asked,
    daily_answers,
    daily_outcomes,
    entry,
    metadata,
    pace,
    tally,
    turn,
)

FORMAT = 1


def seal(connection: sa.Connection, *, time: str) -> dict[str, Any]:
    """{"seal", "made", "lines", "hash", "sums", "counts", "sha256"} of a ledger whose chain holds."""
    verify(connection)
    lines, head, sums = _read(connection, until=None)
    body: dict[str, Any] = {
        "seal": FORMAT,
        "made": time,
        "lines": lines,
        "hash": head,
        "sums": sums,
        "counts": _counts(connection),
    }
    return body | {"sha256": _sha256(body)}


def as_text(sealed: dict[str, Any]) -> str:
    """As it stands in a file."""
    return json.dumps(sealed, ensure_ascii=False, indent=1) + "\n"


def write_seal(path: Path, sealed: dict[str, Any]) -> None:
    """Into a folder that is there, over nothing but an earlier seal; UserError otherwise."""
    try:
        _check_place(path)
        write(path, as_text(sealed))
    except OSError as error:
        fact = UserError(
            str(path), "a file that can be written", str(error.strerror), "name another file"
        )
        raise of_disk(error) or fact from error


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise UserError(str(path.parent), "a folder", "none", "make it first, or name another")
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return
    try:
        load_seal(path)
    except UserError as error:
        fact = "a folder" if path.is_dir() else "something else"
        raise UserError(
            str(path), "a new file, or an earlier seal", fact, "name another file"
        ) from error


def load_seal(path: Path) -> dict[str, Any]:
    """UserError for what is no seal, or one that was changed."""
    try:
        written = json.loads(path.read_bytes())
        body = {name: value for name, value in written.items() if name != "sha256"}
        whole = written["sha256"] == _sha256(body) and _is_seal(body)
    except OSError as error:
        raise UserError(
            str(path), "a seal", str(error.strerror), "steelyard ledger seal --out makes one"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise UserError(str(path), "a seal as it was made", "another text", "use another seal")
    return body


def _is_seal(body: dict[str, Any]) -> bool:
    """Whether every value is of the kind that `seal` writes."""
    sums, counts = body["sums"], body["counts"]
    return (
        body["seal"] == FORMAT
        and isinstance(body["made"], str)
        and isinstance(body["hash"], str)
        and isinstance(sums, dict)
        and all(isinstance(own, dict) for own in sums.values())
        and isinstance(counts, dict)
        and all(_is_count(n) for n in (body["lines"], *counts.values()))
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def against(connection: sa.Connection, sealed: dict[str, Any]) -> int:
    """Lines of a ledger that holds everything the seal does; Damaged says what it does not."""
    lines = verify(connection)
    if lines < sealed["lines"]:
        raise Damaged(
            "ledger",
            f"{sealed['lines']} lines or more, as sealed {sealed['made']}",
            f"{lines}: the newest were cut off",
            RESTORE,
        )
    _, head, sums = _read(connection, until=sealed["lines"])
    if head != sealed["hash"]:
        raise Damaged(
            f"ledger entry {sealed['lines']}",
            f"hash {sealed['hash'][:12]}, as sealed {sealed['made']}",
            f"{head[:12]}: the chain was computed anew",
            RESTORE,
        )
    if sums != sealed["sums"]:
        raise Damaged("ledger", f"the sums sealed {sealed['made']}", "others", RESTORE)
    _check_counts(connection, sealed)
    return lines


def behind(connection: sa.Connection, sealed: dict[str, Any]) -> int:
    """Lines of a ledger whose chain holds from the seal on; what stood before it is believed, but
    for its last hash and its counts. Damaged says what does not hold."""
    lines, head = sealed["lines"], sealed["hash"]
    hash_there = connection.execute(sa.select(entry.c.hash).where(entry.c.id == lines)).scalar()
    if lines and hash_there != head:
        raise Damaged(
            f"ledger entry {lines}",
            f"hash {head[:12]}, as sealed {sealed['made']}",
            str(hash_there)[:12],
            RESTORE,
        )
    _check_counts(connection, sealed)
    every_step_paid(connection)
    return int(lines) + sum(1 for _ in chain(connection, after=lines, previous=head))


def _check_counts(connection: sa.Connection, sealed: dict[str, Any]) -> None:
    for name, n in _counts(connection).items():
        if n < sealed["counts"].get(name, 0):
            raise Damaged(
                f"ledger table {name}",
                f"{sealed['counts'][name]} rows or more, as sealed {sealed['made']}",
                str(n),
                RESTORE,
            )


def _read(
    connection: sa.Connection, *, until: int | None
) -> tuple[int, str, dict[str, dict[str, str]]]:
    """(lines, hash of the last, nano-units by product and currency) of the first `until` lines."""
    products = {
        row.id: row.product for row in connection.execute(sa.select(turn.c.id, turn.c.product))
    }
    number, head = 0, GENESIS
    sums: dict[str, dict[str, int]] = {}
    for row in chain(connection):
        if until is not None and row["id"] > until:
            break
        owner = row["product"] if row["product"] is not None else products.get(row["turn"], "")
        number, head = row["id"], row["hash"]
        own = sums.setdefault(owner, {})
        own[row["currency"]] = own.get(row["currency"], 0) + row["nano"]
    # as texts: whole numbers of this size are not safe in every reader of JSON
    return (
        number,
        head,
        {p: {c: str(n) for c, n in sorted(own.items())} for p, own in sorted(sums.items())},
    )


_SUMS = (tally, pace, asked, daily_answers, daily_outcomes)  # a release that comes may leave fewer


def _counts(connection: sa.Connection) -> dict[str, int]:
    return {
        table.name: int(
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0
        )
        for table in metadata.sorted_tables
        if table not in _SUMS
    }


def _sha256(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

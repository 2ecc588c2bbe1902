"""The secret that users' ids are hashed with, and whether it still is what it was. Knows no user.

It lives in the ledger, so that every server of one ledger hashes a user onto the same arm. Versions
before 0.4 kept it in a file of the store, from where it is taken over once.
Example: `salt(database, root, product="reviews", now=now)` is the same bytes in every process
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import sqlalchemy as sa

from steelyard.errors import Damaged, Missing
from steelyard.store.database import Database
from steelyard.store.failures import RESTORE
from steelyard.store.rows import put
from steelyard.store.tables import answer, row_sha256, secret

_REPAIR = "put the file back from a backup, or remove both: users then meet the arms anew"


def hashed(salt: bytes, text: str) -> str:
    """A person's name as the ledger keeps it: the same for whoever asks a server and whoever pays."""
    return hashlib.sha256(salt + text.encode("utf-8", "replace")).hexdigest()[:24]


def salt(database: Database, root: Path, *, product: str, now: str) -> bytes:
    """Made once; Damaged when it is another one than it was, Missing when it is gone: every user
    would meet another arm, and a request that is sent again would be answered and paid again."""
    with database.read() as connection:
        kept = _of_ledger(connection, product)
    if kept is not None:
        return kept
    with database.write() as connection:
        kept = _of_ledger(connection, product)
        if kept is None:
            kept = _of_file(root) or secrets.token_hex(16).encode()
            row = {"name": _named(product), "value": kept.decode("latin-1"), "created": now}
            put(connection, secret, row)
    return kept


def check_salt(database: Database, root: Path, *, product: str) -> bytes | None:
    """The salt, or None where none was made yet; Missing or Damaged as `salt` has it, and nothing
    is created."""
    with database.read() as connection:
        kept = _of_ledger(connection, product)
    return _of_file(root) if kept is None else kept


def _named(product: str) -> str:
    """Each product has its own: before 0.4 each had a store of its own, or shared one."""
    return f"salt:{product}"


def _of_ledger(connection: sa.Connection, product: str) -> bytes | None:
    name = _named(product)
    row = connection.execute(sa.select(secret).where(secret.c.name == name)).mappings().first()
    if row is None:
        # every answer since salts live here names its release
        a = answer.c
        salted = sa.select(a.id).where(a.release.is_not(None), a.product == product).limit(1)
        if connection.execute(salted).first():
            raise Missing(
                "ledger table secret", f"the salt of the answers of '{product}'", "no row", RESTORE
            )
        return None
    if row_sha256(secret, dict(row)) != row["sha256"]:
        raise Damaged(
            f"ledger table secret row {name}", "the value it was written with", "another", RESTORE
        )
    return str(row["value"]).encode("latin-1")


def _of_file(root: Path) -> bytes | None:
    path, hashed = root / "salt", root / "salt.sha256"
    before = _read(hashed)  # first: the salt was written before its hash
    secret_bytes = _read(path)
    if before is None:
        return secret_bytes
    if secret_bytes is None:
        raise Missing(str(path), f"the salt of {hashed.name}", "no file", _REPAIR)
    if before != hashlib.sha256(secret_bytes).hexdigest().encode():
        raise Damaged(str(path), f"the salt of {hashed.name}", "another one", _REPAIR)
    return secret_bytes


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise Damaged(str(path), "a file", "a folder", f"move it away; {_REPAIR}") from None

"""The secret that users' ids are hashed with, and whether it still is what it was. Knows no user.

Example: `salt(store.root)` is the same bytes in every process of a store
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from steelyard.errors import Damaged, Missing
from steelyard.store.files import write_new

_REPAIR = "put the file back from a backup, or remove both: users then meet the arms anew"


def salt(root: Path) -> bytes:
    """Made once; Damaged when it is another one than it was, Missing when it is gone: every user
    would meet another arm, and a request that is sent again would be answered and paid again."""
    if check_salt(root) is None:
        write_new(root / "salt", secrets.token_hex(16))  # mkstemp gives it mode 0600
    found = (root / "salt").read_bytes()
    write_new(root / "salt.sha256", hashlib.sha256(found).hexdigest())
    return found


def check_salt(root: Path) -> bytes | None:
    """The salt, or None where none was made yet; Missing or Damaged as `salt` has it, and nothing
    is created."""
    path, hashed = root / "salt", root / "salt.sha256"
    before = _read(hashed)  # first: the salt is written before its hash
    found = _read(path)
    if before is None:
        return found
    if found is None:
        raise Missing(str(path), f"the salt of {hashed.name}", "no file", _REPAIR)
    if before != hashlib.sha256(found).hexdigest().encode():
        raise Damaged(str(path), f"the salt of {hashed.name}", "another one", _REPAIR)
    return found


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise Damaged(str(path), "a file", "a folder", f"move it away; {_REPAIR}") from None

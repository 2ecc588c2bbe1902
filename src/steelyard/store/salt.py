"""The secret that users' ids are hashed with, and whether it still is what it was. Knows no user.

Example: `salt(store.root)` is the same bytes in every process of a store
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from steelyard.errors import Damaged
from steelyard.store.files import write_new


def salt(root: Path) -> bytes:
    """Made once; Damaged when it is another one than it was: every user would meet another arm,
    and a request that is sent again would be answered and paid again."""
    path, hashed = root / "salt", root / "salt.sha256"
    if not path.is_file():
        write_new(path, secrets.token_hex(16))  # mkstemp gives it mode 0600
    found = path.read_bytes()
    write_new(hashed, hashlib.sha256(found).hexdigest())
    if hashed.read_bytes() != hashlib.sha256(found).hexdigest().encode():
        raise Damaged(
            str(path), f"the salt of {hashed.name}", "another one",
            "put the file back from a backup, or remove both: users then meet the arms anew",
        )  # fmt: skip
    return found

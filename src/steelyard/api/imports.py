"""Files that were imported: which they are, and one of them taken back. Opens no terminal.

Example: `undo_import(load("product.yaml"), "google.csv")["rows"]`
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from steelyard.errors import UserError
from steelyard.market.sheets import sha256_of
from steelyard.market.undoing import Taken, files, files_named, taken, undo
from steelyard.spec import ProductFile
from steelyard.store import Store

_DIGITS = re.compile(r"[0-9a-f]{8,64}")  # fewer name too much by accident


def imported_files(file: ProductFile) -> list[dict[str, Any]]:
    """Every file of which something is in force, the oldest first: its SHA-256, kind, rows, days, and when it
    was imported. Its name is not kept."""
    with closing(Store.open(file, create=False)) as store:
        return files(store)


def undo_import(file: ProductFile, named: str | Path, *, dry: bool = False) -> dict[str, Any]:
    """Take back what came from a file: itself, or the first digits of its SHA-256; all of it or nothing, and of
    one that was taken back already nothing. With `dry` only say what that would be. UserError for a file that
    was never imported."""
    with closing(Store.open(file, create=False)) as store:
        of = taken(store, _named(store, str(named)))
        facts = _facts(of)
        made = 0 if dry else undo(store, of)
    return facts | {"undone": not dry, "lines": made}


def _named(store: Store, named: str) -> str:
    path = Path(named)
    digits = sha256_of(path) if path.is_file() else named.lower()
    known = files_named(store, digits) if _DIGITS.fullmatch(digits) else []
    if len(known) == 1:
        return known[0]
    found = "several: " + ", ".join(one[:16] for one in known) if known else repr(named)
    raise UserError(
        "market undo",
        "a file that was imported, or 8 digits or more of its SHA-256",
        found,
        "see: steelyard market imports",
    )


def _facts(of: Taken) -> dict[str, Any]:
    days = [str(row["day"]) for row in of.rows]
    return {
        "file": of.file,
        "rows": len(of.rows),
        "kinds": dict(sorted(Counter(str(row["kind"]) for row in of.rows).items())),
        "first": min(days, default=None),
        "last": max(days, default=None),
        "money": [
            {"account": one.account, "lines": one.lines, "money": str(one.money)}
            for one in of.moved()
        ],
        "corrected": of.corrected,
        "replaced": of.replaced,
        "refunds": of.refunds,
        "customers": of.customers,
    }

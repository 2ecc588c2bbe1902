"""What answers now, folded from release rows: each row is an event, none is rewritten. Knows no SQL.

A variant's newest row is its state; `pinned` and `unpinned` rows leave the state and say whether
turns may change it. Example: `standing(rows)[0]["pinned"]`
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

PINNED, UNPINNED, RETIRED = "pinned", "unpinned", "retired"


def experiment_of(live: str | None, canary: str | None, *, scale: str = "") -> str:
    """The id of the comparison of two variants, the same in every turn and on every server. What a
    value table makes of answers is a comparison of its own: its sums never mix with others."""
    of = f"\t{scale}" if scale else ""
    return hashlib.sha256(f"pairs\t{live}\t{canary}{of}".encode()).hexdigest()[:16]


def standing(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one product in their order -> the release of each variant that is not retired.

    `pinned` is None, or the row that pinned it.
    """
    newest: dict[str, dict[str, Any]] = {}
    for row in rows:
        variant, state = row["variant"], row["state"]
        if state not in (PINNED, UNPINNED):
            newest[variant] = {**row, "pinned": None}
        elif variant in newest:
            newest[variant]["pinned"] = dict(row) if state == PINNED else None
    return [row for row in newest.values() if row["state"] != RETIRED]

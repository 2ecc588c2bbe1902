"""What a reader must know of measured figures: a busy machine, a memory that still grew. Knows no page.

Example: `caveats(table, WORDS["en"], "en")[0].startswith("The machine was busy")`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.terms import term


def caveats(
    rows: Sequence[Mapping[str, Any]], words: Mapping[str, str], language: str
) -> list[str]:
    """One sentence of the variants timed on a busy machine, one of those whose memory still grew."""
    busy = [_timed(row, words, language) for row in rows if row.get("busy")]
    grew = [term("variant", row["name"], language) for row in rows if row.get("flat") is False]
    named = (("busy", busy), ("grew", grew))
    return [words[code].format(names=words["comma"].join(names)) for code, names in named if names]


def _timed(row: Mapping[str, Any], words: Mapping[str, str], language: str) -> str:
    name, wall = term("variant", row["name"], language), row.get("wall_per_cpu")
    return name if wall is None else words["wall"].format(name=name, wall=f"{wall:.2f}")

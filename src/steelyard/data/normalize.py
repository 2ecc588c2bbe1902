"""One spelling for the same text, Chinese punctuation kept. Knows no labels.

Example: `Normalize(NoSettings()).apply(rows)[1] == {"changed": 1, "empty": 0}`
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from steelyard.data.operators import Row
from steelyard.spec.section import NoSettings, Section
from steelyard.tasks.cleaning import normalize


class Normalize:
    name: ClassVar[str] = "normalize"
    content: ClassVar[str] = "text"
    whole: ClassVar[bool] = False
    Settings: ClassVar[type[Section]] = NoSettings

    def __init__(self, settings: Section) -> None:
        return None

    def apply(self, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
        made = [replace(row, content=normalize(row.content)) for row in rows]
        kept = [row for row in made if row.content]
        changed = sum(a.content != b.content for a, b in zip(rows, made, strict=True))
        return kept, {"changed": changed, "empty": len(made) - len(kept)}

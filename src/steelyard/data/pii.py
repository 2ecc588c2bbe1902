"""Personal data masked, whatever they touch. Knows no labels.

Example: `Pii(NoSettings()).apply(rows)[1] == {"PHONE": 1}`
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import ClassVar

from steelyard.data.operators import Row
from steelyard.spec.section import NoSettings, Section
from steelyard.tasks.masking import mask


class Pii:
    name: ClassVar[str] = "pii"
    content: ClassVar[str] = "text"
    whole: ClassVar[bool] = False
    Settings: ClassVar[type[Section]] = NoSettings

    def __init__(self, settings: Section) -> None:
        return None

    def apply(self, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
        made, counts = [], Counter[str]()
        for row in rows:
            text, masked = mask(row.content)
            counts.update(masked)
            made.append(replace(row, content=text))
        return made, dict(counts)

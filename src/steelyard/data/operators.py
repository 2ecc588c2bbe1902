"""What an operator is: rows in, rows out, and counts of what it did. Knows no operator.

Example: `rows, detail = get("operators", "normalize")(product).apply(rows)`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True)
class Row:
    """One record on its way. `cluster` names its group of near-duplicates."""

    id: str
    content: Any
    label: str | None
    source: str
    language: str = "und"
    cluster: str = ""


class Operator(Protocol):
    """Built with the product's specification; a pure function of the rows it is given."""

    name: ClassVar[str]
    modality: ClassVar[str]  # that of the tasks it is for, or "any"
    whole: ClassVar[bool]  # True: it must see every row at once

    def apply(self, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
        """Kept rows, and counts of what was changed or dropped by kind."""

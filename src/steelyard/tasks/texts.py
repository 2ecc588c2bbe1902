"""What every task that is asked texts shares: reading them. Knows no labels.

Example: `Texts().decode("电话１３８") == "电话138"`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from steelyard.tasks.base import each
from steelyard.tasks.cleaning import check_text, clean
from steelyard.tasks.limits import CHARACTERS, length_of, within


class Texts:
    """Any text, Chinese and English alike, cleaned as the records were that a model learned from."""

    content: ClassVar[str] = "text"
    operators: tuple[str, ...] = ("normalize", "language", "pii", "dedupe")
    words: ClassVar[str] = "labels"
    places: ClassVar[bool] = False
    cleans: tuple[str, ...] = ()

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueError(f"expected a text, found {type(raw).__name__}")
        if not raw.strip():
            raise ValueError("expected a text, found an empty one")
        check_text(raw)
        return raw

    def decode(self, value: Any) -> str:
        text = self.cleaned(self.parse(value))
        if not text:
            raise ValueError("expected a text, found invisible characters only")
        return text

    def cleaned(self, text: str) -> str:
        """As its records are."""
        return clean(text)

    def decode_all(self, values: Sequence[Any]) -> list[str]:
        return list(each(self.decode, list(within(CHARACTERS, values, length_of))))

"""What every task that is asked texts shares: reading them. Knows no labels.

Example: `Texts().decode("电话１３８") == "电话138"`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from steelyard.spec.section import Section
from steelyard.tasks.base import each
from steelyard.tasks.cleaning import check_text, clean, normalize
from steelyard.tasks.limits import CHARACTERS, length_of, within


class Personal(Section):
    """What is done with personal data in texts: in records and in requests alike."""

    personal: Literal["mask", "keep"] = Field(
        "mask", description="phone numbers, addresses and the like: masked, or kept to be found"
    )


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

    def clean_by(self, personal: str) -> None:
        """Say what records and requests go through, by the option of the task."""
        keeps = personal == "keep"
        self.cleans = ("normalize",) if keeps else ("normalize", "pii")
        self.operators = tuple(name for name in Texts.operators if not keeps or name != "pii")

    def cleaned(self, text: str) -> str:
        """As its records are, and a text that knows its places still does."""
        return clean(text) if "pii" in self.cleans or not self.cleans else normalize(text)

    def decode_all(self, values: Sequence[Any]) -> list[str]:
        return list(each(self.decode, list(within(CHARACTERS, values, length_of))))

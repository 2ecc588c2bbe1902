"""What a label of the past is called now. Knows no task and no store.

A file may rename its labels; `names` of a source says what an old one is now.
Example: `Vocabulary.of(product).read("negative") == "差评"`
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from steelyard.spec.load import ProductFile


@dataclass(frozen=True)
class Vocabulary:
    """The task's labels, and what other words mean that every source renames alike."""

    labels: tuple[str, ...]
    renamed: dict[str, str]

    @classmethod
    def of(cls, product: ProductFile) -> Vocabulary:
        meant: dict[str, set[str]] = {}
        for source in product.spec.data.sources:
            for old, new in source.names.items():
                meant.setdefault(old, set()).add(new)
        alike = {old: new.pop() for old, new in meant.items() if len(new) == 1}
        return cls(tuple(product.spec.task.labels), alike)

    def read(self, label: Any) -> Any:
        """The task's label that `label` means; None where the file does not say. What is no word
        means itself."""
        if not isinstance(label, str):
            return label
        return label if label in self.labels else self.renamed.get(label)

    def unread(self, labels: Iterable[str]) -> list[str]:
        """Labels that mean nothing to the file as it is now."""
        return sorted({label for label in labels if self.read(label) is None})

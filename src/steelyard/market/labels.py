"""Labels that a variant answers and labels that the product file names: are they the same words?

Knows no answers. A file may rename its labels; `names` of a source says what an old one is now.
Example: `Vocabulary.of(product).read("negative") == "差评"`
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from steelyard.errors import StoreError
from steelyard.spec import ProductFile
from steelyard.store import Store


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

    def read(self, label: str) -> str | None:
        """The task's label that `label` means; None where the file does not say."""
        return label if label in self.labels else self.renamed.get(label)

    def unread(self, labels: Iterable[str]) -> list[str]:
        """Labels that mean nothing to the file as it is now."""
        return sorted({label for label in labels if self.read(label) is None})


def answered_by(store: Store, variant: str) -> tuple[str, ...]:
    """Labels a variant can answer; none where its files are not here."""
    from steelyard.engine.predictor import read_config

    try:
        return tuple(read_config(store.artifacts.root / variant)["labels"])
    except StoreError:
        return ()


@dataclass(frozen=True)
class Unlike:
    """Why two variants are not compared."""

    en: str
    zh: str


def unlike(store: Store, vocabulary: Vocabulary, *, live: str, canary: str) -> Unlike | None:
    """A reason when either answers labels that the file does not name: its outcomes would all be
    wrong, whatever it knows."""
    for arm, arm_zh, variant in (("live", "现行版本", live), ("canary", "候选版本", canary)):
        strange = vocabulary.unread(answered_by(store, variant))
        if strange:
            named = ", ".join(strange[:3]) + (" ..." if len(strange) > 3 else "")
            return Unlike(
                f"not compared: the {arm} variant answers labels that the file does not name ({named}); "
                "say under data.sources.names what they are called now, or decide by hand: steelyard release promote",
                f"不作比较：{arm_zh}回答的标签不在产品文件中（{named}）；请在 data.sources 的 names 里写明它们现在的名称，"
                "或手动决定：steelyard release promote",
            )
    return None

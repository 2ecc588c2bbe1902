"""Labels that a variant answers and labels that the product file names: are they the same words?

Knows no answers. Example: `unlike(store, Vocabulary.of(product), live="a1b2", canary="c3d4")`
"""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.errors import StoreError
from steelyard.spec import Vocabulary
from steelyard.store import Store


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

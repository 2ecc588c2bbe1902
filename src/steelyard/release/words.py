"""Words that a variant answers in and words that the product file has: are they the same?

Knows no answers. Example: `unlike(store, task, names_in(product), live="a1b2", canary="c3d4")`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.errors import StoreError, UserError
from steelyard.store import Store
from steelyard.tasks import Task


def options_of(store: Store, variant: str) -> dict[str, Any] | None:
    """The task's options that a variant was trained with; None where its files are not here."""
    from steelyard.engine.model import read_config, task_in

    try:
        config = read_config(store.artifacts.root / variant)
        return task_in(config).options.model_dump(mode="json")
    except (StoreError, UserError):
        return None


def _strange(store: Store, task: Task, names: Mapping[str, str], variant: str) -> list[str]:
    """Classes of a variant that mean nothing to the file as it is now."""
    from steelyard.engine.model import read_config, task_in

    try:
        classes = task_in(read_config(store.artifacts.root / variant)).classes
    except (StoreError, UserError):
        return []
    known = {*task.classes, *names}
    return sorted(set(classes) - known)


@dataclass(frozen=True)
class Unlike:
    """Why two variants are not compared."""

    en: str
    zh: str


def unlike(
    store: Store, task: Task, names: Mapping[str, str], *, live: str, canary: str
) -> Unlike | None:
    """A reason when either answers labels that the file does not name: its outcomes would all be
    wrong, whatever it knows."""
    for arm, arm_zh, variant in (("live", "现行版本", live), ("canary", "候选版本", canary)):
        strange = _strange(store, task, names, variant)
        if strange:
            named = ", ".join(strange[:3]) + (" ..." if len(strange) > 3 else "")
            return Unlike(
                f"not compared: the {arm} variant answers labels that the file does not name ({named}); "
                "say under data.sources.names what they are called now, or decide by hand: steelyard release promote",
                f"不作比较：{arm_zh}回答的标签不在产品文件中（{named}）；请在 data.sources 的 names 里写明它们现在的名称，"
                "或手动决定：steelyard release promote",
            )
    return None

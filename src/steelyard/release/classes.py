"""Words that a variant answers in and words that the product file has: are they the same?

Knows no answers. Example: `unlike(store, task, names_in(product), live="a1b2", canary="c3d4")`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.errors import StoreError, UserError
from steelyard.reason import Reason
from steelyard.store import Store
from steelyard.tasks import Task


def options_of(store: Store, variant: str) -> dict[str, Any] | None:
    """The task's options that a variant was trained with; None where its files are not here."""
    from steelyard.engine.model import read_config, task_in

    try:
        config = read_config(store.artifacts.peek(variant))
        return task_in(config).options.model_dump(mode="json")
    except (StoreError, UserError):
        return None


def _strange(store: Store, task: Task, names: Mapping[str, str], variant: str) -> list[str]:
    """Classes of a variant that mean nothing to the file as it is now."""
    from steelyard.engine.model import read_config, task_in

    try:
        classes = task_in(read_config(store.artifacts.peek(variant))).classes
    except (StoreError, UserError):
        return []
    known = {*task.classes, *names}
    return sorted(set(classes) - known)


def unlike(
    store: Store, task: Task, names: Mapping[str, str], *, live: str, canary: str
) -> Reason | None:
    """Why the two are not compared when either answers labels that the file does not name: its
    outcomes would all be wrong, whatever it knows."""
    for arm, variant in (("live", live), ("canary", canary)):
        strange = _strange(store, task, names, variant)
        if strange:
            return Reason("release.strange_labels", {"arm": arm, "labels": tuple(strange)})
    return None

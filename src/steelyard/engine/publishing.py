"""A filled draft becomes a variant: its card, its artifact, its row. Knows no stage and no measure.

Example: `publish(store, step, draft, "torch_fp32", task=task, dataset="d", parent=None, told={})`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steelyard.store import Step, Store
from steelyard.tasks import Task


def publish(
    store: Store,
    step: Step,
    draft: Path,
    name: str,
    *,
    task: Task,
    dataset: str,
    parent: str | None,
    told: Mapping[str, Any],
) -> str:
    """The id of the artifact; its row is committed with the step. `told` is what its card says besides."""
    card = {
        "name": name,
        "task": task.name,
        "options": task.options.model_dump(mode="json"),
        "dataset": dataset,
        "parent": parent,
        **told,
    }
    body = json.dumps(card, ensure_ascii=False, indent=1)
    (draft / "card.json").write_text(body, encoding="utf-8")
    identity = store.artifacts.publish(draft)
    step.add(
        "variant",
        id=identity,
        name=name,
        task=task.name,
        parent=parent,
        dataset=dataset,
        bytes=store.artifacts.bytes(identity),
        card=card,
    )
    return identity

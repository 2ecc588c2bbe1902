"""Publish a trained model: its folder, its row and its measures. Knows no training.

Example: `publish(store, step, draft, "torch_fp32", task=task, dataset=d, parent=None, **rest)`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steelyard.engine import publishing
from steelyard.engine.evaluate import Evaluation
from steelyard.goals import errors_of
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
    evaluation: Evaluation,
    card: dict[str, Any],
) -> str:
    """The id of the artifact; its variant and hold-out measures are committed with the step."""
    quality = evaluation.metrics[task.quality]
    held = {"holdout": {task.quality: quality.value, "n": quality.n}}
    identity = publishing.publish(
        store, step, draft, name, task=task, dataset=dataset, parent=parent, told=held | card
    )
    for metric, interval in evaluation.metrics.items():
        step.measure(
            identity,
            metric,
            interval.value,
            low=interval.low,
            high=interval.high,
            n=interval.n,
            on=f"holdout of {dataset}",
            detail=evaluation.of_measure(metric, errors_of(task.known)),
        )
    return identity

"""One point of a learning curve, always on the same part of the hold-out. Knows no training.

Example: `point(task, 160, answers, holdout)["accuracy"]`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from steelyard.engine.evaluate import evaluate
from steelyard.engine.fit import Examples
from steelyard.tasks import Answer, Task

ITEMS_MAX = 1000  # hold-out records each point is measured on


def point(task: Task, labels: int, answers: Sequence[Answer], held: Examples) -> dict[str, Any]:
    """Quality and accuracy after `labels` labels, from answers to at least the first records of the
    hold-out; `low` and `high` are the interval of `accuracy`."""
    found = evaluate(task, answers[:ITEMS_MAX], held.labels[:ITEMS_MAX])
    quality, accuracy = found.metrics[task.quality], found.metrics["accuracy"]
    return {
        "labels": labels, "quality": quality.value, "low": accuracy.low, "high": accuracy.high,
        "accuracy": accuracy.value, "n": quality.n,
    }  # fmt: skip

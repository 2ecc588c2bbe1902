"""How good a variant is, with intervals, and how much better than another. Knows no money.

Example: `evaluate(task, logits, labels, seed=0).metrics["macro_f1"].low`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from steelyard.errors import UserError
from steelyard.stats import Interval, bootstrap_sums, paired_sums
from steelyard.tasks import Array, Task

REPEATS = 1000


@dataclass(frozen=True)
class Evaluation:
    """Every metric of the task as a bootstrap interval, and what the report draws."""

    metrics: dict[str, Interval]
    detail: dict[str, Any]

    @classmethod
    def of_json(cls, body: dict[str, Any]) -> Evaluation:
        """The inverse of `to_json`; other keys of `body` are left alone."""
        metrics = {k: Interval(**v) for k, v in body["metrics"].items()}
        return cls(metrics, body["detail"])

    def to_json(self) -> dict[str, Any]:
        return {"metrics": {k: asdict(v) for k, v in self.metrics.items()}, "detail": self.detail}


def evaluate(task: Task, logits: Array, labels: Sequence[str], *, seed: int = 0) -> Evaluation:
    """Logits [n, K] against n labels; percentile bootstrap over the records."""
    if not np.isfinite(logits).all():
        raise UserError("evaluation", "finite logits", "NaN or infinity: the training diverged", "lower train.learning_rate, or say precision: fp32")  # fmt: skip
    targets = task.targets(labels)
    counts = task.counts(logits, targets)
    metrics = bootstrap_sums(counts, task.metrics, repeats=REPEATS, seed=seed)
    return Evaluation(metrics, task.detail(logits, targets))


def quality_gain(
    task: Task, before: Array, after: Array, labels: Sequence[str], *, seed: int = 0
) -> Interval:
    """`after` minus `before` in the task's quality on the same records: paired bootstrap."""
    targets = task.targets(labels)
    old, new = task.counts(before, targets), task.counts(after, targets)
    return paired_sums(old, new, task.metrics, repeats=REPEATS, seed=seed)[task.quality]

"""One point of a learning curve, always on the same part of the hold-out. Knows no training.

Example: `point(task, 160, answers, holdout).utility`
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.engine.evaluate import UTILITY, evaluate
from steelyard.engine.fit import Examples
from steelyard.point import CurvePoint
from steelyard.tasks import Answer, Task

ITEMS_MAX = 1000  # hold-out records each point is measured on


def point(task: Task, labels: int, answers: Sequence[Answer], held: Examples) -> CurvePoint:
    """Quality and utility after `labels` labels, from answers to at least the first records of the
    hold-out; `low` and `high` are the interval of `utility`."""
    seen = evaluate(task, answers[:ITEMS_MAX], held.truths[:ITEMS_MAX])
    quality, utility = seen.metrics[task.quality], seen.metrics[UTILITY]
    return CurvePoint(
        labels=labels,
        quality=quality.value,
        low=utility.low,
        high=utility.high,
        utility=utility.value,
        n=quality.n,
        kinds=seen.kinds,
    )

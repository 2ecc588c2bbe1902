"""Classes with too few examples for the interval of a mean over classes, and what is sure without them.

Knows no model. A class of two examples is right, half right or wrong, whatever it will be of a thousand, and no
resampling tells more than the two. Example: `scarce(task, sums)["macro_f1"] == ("fraud",)`
"""

from __future__ import annotations

import numpy as np

from steelyard.goals import Metric
from steelyard.interval import ENOUGH, Interval
from steelyard.tasks import Array, Task


def scarce(task: Task, sums: Array) -> dict[str, tuple[str, ...]]:
    """Of each metric that is a mean over classes the classes with fewer than `ENOUGH` examples; summed
    counts [S]. Metrics without such a class are left out."""
    # a task of another package may have no such metric, and need not say so
    rests_on = getattr(task, "rests_on", None)
    found = {
        metric: tuple(np.asarray(task.classes)[np.asarray(n) < ENOUGH].tolist())
        for metric, n in (rests_on(sums) if rests_on else {}).items()
    }
    return {metric: few for metric, few in found.items() if few}


def safe(seen: Interval, few: int, classes: int, known: Metric) -> Interval:
    """Such an interval with each of `few` classes anywhere in its range, inside the range of the metric."""
    room = (known.high - known.low) * few / classes if few else 0.0
    low, high = max(known.low, seen.low - room), min(known.high, seen.high + room)
    return Interval(seen.value, min(low, seen.value), max(high, seen.value), seen.n)

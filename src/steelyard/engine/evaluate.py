"""How good a variant is, with intervals, and how much better than another. Knows no money.

Example: `evaluate(task, answers, truths, seed=0).metrics["macro_f1"].low`
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from steelyard.engine.scarce import safe, scarce
from steelyard.goals import Metric
from steelyard.stats import Interval, bootstrap_sums, paired_sums
from steelyard.tasks import Answer, Array, Task, Truth
from steelyard.tasks.valuation import KindCount, kinds_of

REPEATS = 1000
ANY = Metric(low=float("-inf"), high=float("inf"))  # a figure that the task does not declare
UTILITY = "utility"  # the mean of what answers were worth: what money reads
UNCHOSEN = "_unchosen"  # behind the name of a quality: of records that took no part in the choice


@dataclass(frozen=True)
class Evaluation:
    """Every metric of the task and the mean utility as bootstrap intervals, what the report draws,
    and how many answers there were of each kind of right and wrong. `detail` names under `few` the
    classes that have too few examples for the interval of a metric."""

    metrics: dict[str, Interval]
    detail: dict[str, Any]
    kinds: list[KindCount] = field(default_factory=list)

    def of_measure(self, metric: str, errors: Container[str]) -> Mapping[str, Any] | None:
        """What a measure of it keeps beside its interval."""
        if metric == UTILITY:
            return {"kinds": self.kinds}
        few = self.few(metric)
        kept = {"less": True} if metric in errors else {}
        return (kept | ({"few": list(few)} if few else {})) or None

    def few(self, metric: str) -> tuple[str, ...]:
        """Classes with too few examples for its interval, which holds for whatever they are."""
        return tuple(self.detail.get("few", {}).get(metric, ()))


def evaluate(
    task: Task, answers: Sequence[Answer], truths: Sequence[Truth], *, seed: int = 0
) -> Evaluation:
    """n answers against their truths; bootstrap over the records."""
    counts = task.counts(answers, truths)
    few = scarce(task, np.asarray(counts.sum(axis=0), dtype=np.float64).reshape(-1))
    metrics = {
        name: safe(seen, len(few.get(name, ())), len(task.classes), task.known.get(name, ANY))
        for name, seen in bootstrap_sums(counts, task.metrics, repeats=REPEATS, seed=seed).items()
    }
    worth = np.stack([task.utility(answers, truths), np.ones(len(truths))], axis=-1)
    metrics |= bootstrap_sums(worth, _mean, repeats=REPEATS, seed=seed)
    detail = task.detail(answers, truths) | (
        {"few": {m: list(c) for m, c in few.items()}} if few else {}
    )
    return Evaluation(metrics, detail, kinds_of(task, answers, truths))


def _mean(sums: Array) -> dict[str, Array]:
    return {UTILITY: sums[..., 0] / np.maximum(sums[..., 1], 1)}


def quality_gain(
    task: Task,
    before: Sequence[Answer],
    after: Sequence[Answer],
    truths: Sequence[Truth],
    *,
    seed: int = 0,
) -> Interval:
    """`after` minus `before` in the task's quality on the same records: paired bootstrap."""
    old, new = task.counts(before, truths), task.counts(after, truths)
    return paired_sums(old, new, task.metrics, repeats=REPEATS, seed=seed)[task.quality]

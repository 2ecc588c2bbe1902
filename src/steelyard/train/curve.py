"""The learning curve: the same training on fewer labels, so that more can be forecast.

Knows no money. Example: `run(store, product, step, task=task, ...)["curve"][0]["quality"]`
"""

from __future__ import annotations

import math
from typing import Any

from steelyard.engine.evaluate import Evaluation, evaluate
from steelyard.engine.examples import bought, first, holdout
from steelyard.engine.predictor import Predictor
from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.tasks import Task
from steelyard.train.model import Report, logits_of, train

ITEMS_MAX = 1000  # hold-out records each point is measured on
LABELS_MIN = 20
BATCH_MIN = 4


def run(
    store: Store, product: ProductFile, step: Step, *, task: Task, dataset: str, labels: str,
    variant: str, report: Report | None = None,
) -> dict[str, Any]:  # fmt: skip
    """{"curve": points by number of labels}, the last of them the trained variant itself.

    `low` and `high` are the interval of `accuracy`.
    """
    examples, held = bought(store, dataset=dataset, labels=labels), holdout(store, dataset=dataset)
    part = first(held, ITEMS_MAX)
    sizes = sorted({max(LABELS_MIN, round(len(examples) * s)) for s in product.spec.plan.curve})
    points: list[dict[str, Any]] = []
    used = 0.0
    for n in (n for n in sizes if n < len(examples)):
        folder = step.scratch / str(n)
        folder.mkdir(exist_ok=True)
        trained = train(
            store, product, task, first(examples, n), dataset=dataset, folder=folder,
            report=report, what=f"curve {n}", batch=batch_of(product.spec.train.batch, n / len(examples)),
        )  # fmt: skip
        lap = store.clock.cpu_s()
        points.append(_point(task, n, evaluate(task, logits_of(trained, part), part.labels)))
        used += trained.cpu_s + store.clock.cpu_s() - lap
    lap = store.clock.cpu_s()
    logits = Predictor.open(store.artifacts.open(variant), threads=2).logits(part.contents)
    points.append(_point(task, len(examples), evaluate(task, logits, part.labels)))
    step.cpu_s = used + store.clock.cpu_s() - lap
    return {"curve": points}


def batch_of(whole: int, share: float) -> int:
    """Examples per step for a share of the labels: fewer, by the square root, or the few steps of a
    small part would be taken for the want of labels."""
    return max(min(whole, BATCH_MIN), round(whole * math.sqrt(share)))


def _point(task: Task, labels: int, found: Evaluation) -> dict[str, Any]:
    quality, accuracy = found.metrics[task.quality], found.metrics["accuracy"]
    return {
        "labels": labels, "quality": quality.value, "low": accuracy.low, "high": accuracy.high,
        "accuracy": accuracy.value, "n": quality.n,
    }  # fmt: skip

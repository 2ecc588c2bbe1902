"""One method tried on the bought labels: fitted, evaluated on the hold-out, published.

Knows no release. Example: `tried(store, product, step, method, data).evaluation`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.engine.evaluate import Evaluation, evaluate
from steelyard.engine.examples import bought, holdout
from steelyard.engine.fit import Examples
from steelyard.engine.kept import keep
from steelyard.engine.model import write_decoding
from steelyard.methods import FitJob, Method, answers_of, decoding_of, fitted, own_settings
from steelyard.methods.encoder import encoder_of
from steelyard.spec import ProductFile
from steelyard.stage import Report
from steelyard.store import Step, Store
from steelyard.strangers import at_work
from steelyard.tasks import Answer, Task
from steelyard.train.left import Evaluated
from steelyard.train.variants import publish


@dataclass(frozen=True)
class Learned:
    """What a training reads: the bought examples and the hold-out of a dataset."""

    task: Task
    dataset: str
    labels: str
    examples: Examples
    held: Examples


@dataclass(frozen=True)
class Tried:
    """A published variant, what it answers to the hold-out, and the CPU seconds of its training."""

    method: str
    variant: str
    name: str
    quality: str
    evaluation: Evaluation
    answers: Sequence[Answer]
    told: dict[str, Any]
    cpu_s: float

    @property
    def value(self) -> float:
        return self.evaluation.metrics[self.quality].value

    def left(self) -> Evaluated:
        """As a step leaves it."""
        seen = self.evaluation
        return Evaluated(
            variant=self.variant,
            name=self.name,
            method=self.method,
            quality=self.quality,
            metrics=seen.metrics,
            detail=seen.detail,
            kinds=seen.kinds,
        )


def learned(store: Store, task: Task, *, dataset: str, labels: str) -> Learned:
    return Learned(
        task,
        dataset,
        labels,
        bought(store, task=task, dataset=dataset, labels=labels),
        holdout(store, task=task, dataset=dataset),
    )


def tried(
    store: Store,
    product: ProductFile,
    step: Step,
    method: Method,
    data: Learned,
    *,
    name: str | None = None,
    report: Report | None = None,
) -> Tried:
    """The variant is published under `name`, or as its method calls it; its measures and its answers
    to the hold-out are kept."""
    task, settings = data.task, product.spec.train
    before = store.clock.cpu_s()
    folder = step.scratch / method.name
    folder.mkdir(exist_ok=True)
    job = FitJob(
        task,
        settings,
        data.examples,
        folder=folder,
        clock=store.clock,
        started=before,
        own=own_settings(product, method),
        encoder=encoder_of(store, product, dataset=data.dataset) if method.needs_backbone else None,
        report=None if report is None else (lambda done, steps: report("train", done, steps)),
    )
    made = fitted(method, job)
    rest = store.clock.cpu_s()
    answers = answers_of(method, made, data.held.contents)
    evaluation = evaluate(task, answers, data.held.truths, seed=settings.seed)
    called = name or method.variant
    with store.artifacts.draft() as draft:
        with at_work("methods", method.name):
            made.save(draft)
        if (decoding := decoding_of(method)) is not None:
            write_decoding(draft, decoding().model_dump(mode="json"))
        variant = publish(
            store,
            step,
            draft,
            called,
            task=task,
            dataset=data.dataset,
            parent=None,
            evaluation=evaluation,
            card={"trained_on": len(data.examples), "labels_tag": data.labels, **made.card},
        )
    keep(store, variant, dataset=data.dataset, answers=answers)
    # Seconds of the fit are summed over its attempts; the rest is measured here.
    cpu_s = made.cpu_s + store.clock.cpu_s() - rest
    return Tried(method.name, variant, called, task.quality, evaluation, answers, made.told, cpu_s)

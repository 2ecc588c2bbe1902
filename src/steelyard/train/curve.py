"""The learning curve: the same training on fewer labels, so that more can be forecast.

Knows no money. Example: `run(store, product, step, task=task, of=taken).curve[0].quality`
"""

from __future__ import annotations

import math
from pathlib import Path

from steelyard.engine.examples import bought, first, holdout
from steelyard.engine.fit import Examples
from steelyard.engine.model import method_in, open_model, read_config
from steelyard.engine.processes import give_back_memory
from steelyard.methods import Method, method_named, own_settings
from steelyard.methods.encoder import Encoder, encoder_of
from steelyard.point import CurvePoint
from steelyard.spec import ProductFile
from steelyard.stage import Report
from steelyard.store import Step, Store
from steelyard.tasks import Task, content_kind
from steelyard.train.beside import side_by_side
from steelyard.train.left import CurveOf, Drawn
from steelyard.train.points import ITEMS_MAX
from steelyard.train.points import point as points_of
from steelyard.train.worker import Job, write_examples

LABELS_MIN = 20
BATCH_MIN = 4


def run(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    task: Task,
    of: CurveOf,
    report: Report | None = None,
) -> Drawn:
    """Points by number of labels, the last of them the trained variant itself, as its own step left
    it."""
    started = store.clock.cpu_s()
    examples = bought(store, task=task, dataset=of.dataset, labels=of.labels)
    held = holdout(store, task=task, dataset=of.dataset)
    part = first(held, ITEMS_MAX)
    sizes = sorted({max(LABELS_MIN, round(len(examples) * s)) for s in product.spec.plan.curve})
    sizes = [n for n in sizes if n < len(examples)]
    file = write_examples(step.scratch, examples, part.contents, kind=content_kind(task.content))
    method = method_named(method_in(read_config(store.artifacts.open(of.trained))))
    encoder = encoder_of(store, product, dataset=of.dataset) if method.needs_backbone else None
    jobs = [_job(product, task, method, encoder, file, n, len(examples)) for n in sizes]
    give_back_memory()
    before = store.clock.cpu_s()
    results = side_by_side(jobs, clock=store.clock, report=report)
    after = store.clock.cpu_s()  # the processes tell their own seconds, over all their attempts
    points = [points_of(task, n, r.answers, part) for n, r in zip(sizes, results, strict=True)]
    points.append(of.point or _evaluated(store, task, of.trained, examples, part))
    own = before - started + store.clock.cpu_s() - after
    step.cpu_s = own + sum(r.cpu_s for r in results)
    return Drawn(tuple(points))


def _job(
    product: ProductFile,
    task: Task,
    method: Method,
    encoder: Encoder | None,
    file: Path,
    labels: int,
    whole: int,
) -> Job:
    folder = file.parent / str(labels)
    folder.mkdir(exist_ok=True)
    settings = product.spec.train
    return Job(
        folder=str(folder.resolve()),
        examples=str(file.resolve()),
        labels=labels,
        batch=batch_of(settings.batch, labels / whole),
        method=method.name,
        task=task.name,
        own=own_settings(product, method).model_dump(mode="json"),
        options=task.options.model_dump(mode="json"),
        settings=settings.model_dump(mode="json"),
        encoder=str(encoder.folder.resolve()) if encoder else None,
        source=encoder.source if encoder else "",
    )


def _evaluated(
    store: Store, task: Task, variant: str, examples: Examples, part: Examples
) -> CurvePoint:
    """The point of a variant whose step left none: trained before points were kept."""
    answers = open_model(store.artifacts.open(variant), threads=2).answers(part.contents)
    return points_of(task, len(examples), answers, part)


def batch_of(whole: int, share: float) -> int:
    """Examples per step for a share of the labels: fewer, by the square root, or the few steps of a
    small part would be taken for the want of labels."""
    return max(min(whole, BATCH_MIN), round(whole * math.sqrt(share)))

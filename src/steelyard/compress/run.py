"""Build every variant the product names, measure all on this machine, choose by money.

Knows no compressor. Example: `run(store, product, step, task=task, ...)["chosen"]`
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from steelyard.compress.choose import Candidate, Why, choose
from steelyard.compress.job import CompressJob
from steelyard.engine.evaluate import Evaluation, evaluate
from steelyard.engine.examples import bought, first, holdout
from steelyard.engine.measure import ROUNDS, Timing, memory_mb, time_variants
from steelyard.engine.predictor import Predictor, read_config, write_config
from steelyard.plugins import get
from steelyard.spec import ProductFile
from steelyard.store import Step, Store, tables
from steelyard.tasks import Task

Report = Callable[[str, int, int | None], None]


@dataclass
class Found:
    """One variant with everything that was measured of it."""

    name: str
    variant: str
    evaluation: Evaluation
    memory_mb: float
    timing: Timing | None = None


def run(
    store: Store, product: ProductFile, step: Step, *, task: Task, dataset: str, labels: str,
    parent: dict[str, Any], baseline: dict[str, Any], progress: Report | None = None,
) -> dict[str, Any]:  # fmt: skip
    """{"chosen": id or None, "table": one row a variant, the baseline last}.

    `parent` and `baseline` are the outputs of their steps: both were evaluated on the same
    hold-out there, which is not done twice.
    """
    say = progress or (lambda what, done, total: None)
    held = holdout(store, dataset=dataset)
    known = {"torch_fp32": parent, "baseline": baseline}
    made = _build(store, product, step, task, dataset, labels, parent["variant"], say)
    built = {"torch_fp32": parent["variant"], **made, "baseline": baseline["variant"]}
    found: dict[str, Found] = {}
    for i, (name, identity) in enumerate(built.items()):
        say("measuring quality", i, len(built))
        folder = store.artifacts.open(identity)
        if name in known:
            evaluation = Evaluation.of_json(known[name])
        else:
            predictor = Predictor.open(folder, threads=os.cpu_count() or 1)
            evaluation = evaluate(task, predictor.logits(held.contents), held.labels)
        found[name] = Found(name, identity, evaluation, memory_mb(folder))
    opened = {
        name: Predictor.open(store.artifacts.open(v), threads=product.spec.serve.threads)
        for name, v in built.items()
    }
    part = first(held, product.spec.compress.measure_items)
    _time(store, product, opened, part.contents, found, say)
    for one in found.values():
        _facts(product, step, task, one, dataset)
    return _chosen(product, task, found)


def _build(
    store: Store, product: ProductFile, step: Step, task: Task, dataset: str, labels: str,
    parent: str, say: Report,
) -> dict[str, str]:  # fmt: skip
    """Name -> id of each published variant."""
    source = store.artifacts.open(parent)
    names = product.spec.compress.variants
    # labelled training contents: the hold-out stays unseen
    learned = bought(store, dataset=dataset, labels=labels)
    contents = first(learned, product.spec.compress.calibration_items).contents
    shared = step.scratch / "shared"
    shared.mkdir(exist_ok=True)
    built: dict[str, str] = {}
    for i, name in enumerate(names):
        say("building variants", i, len(names))
        with store.artifacts.draft() as draft:
            built[name] = _one(store, step, task, dataset, parent, source, name, draft, shared, contents)  # fmt: skip
    shutil.rmtree(shared)
    return built


def _one(
    store: Store, step: Step, task: Task, dataset: str, parent: str, source: Path, name: str,
    draft: Path, shared: Path, contents: Sequence[Any],
) -> str:  # fmt: skip
    from steelyard.engine.torch import load_module

    config = read_config(source)
    preprocessor = Predictor.open_preprocessor(source, config)
    # eager: the exporter needs attention written out as products
    module = partial(load_module, source, config, attention="eager")
    job = CompressJob(task, preprocessor, module, draft, shared, contents, threads=1)
    built = get("compressors", name)(job)
    write_config(draft, task, preprocessor, runtime=built.runtime, precision=built.precision)
    card = {"name": name, "task": task.name, "labels": list(task.labels), "dataset": dataset, "parent": parent, "calibration_items": len(contents)}  # fmt: skip
    (draft / "card.json").write_text(
        json.dumps(card, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    identity = store.artifacts.publish(draft)
    step.add(
        tables.variant, id=identity, name=name, task=task.name, parent=parent, dataset=dataset,
        bytes=store.artifacts.bytes(identity), card=card,
    )  # fmt: skip
    return identity


def _time(
    store: Store, product: ProductFile, opened: dict[str, Predictor], contents: Sequence[Any],
    found: dict[str, Found], say: Report,
) -> None:  # fmt: skip
    total = ROUNDS * len(opened)
    done = 0

    def one(_: int) -> None:
        nonlocal done
        done += 1
        say("timing on this machine", done, total)

    timings = time_variants(
        opened, contents, clock=store.clock,
        batch_tokens=product.spec.serve.batch_tokens, progress=one,
    )  # fmt: skip
    for name, timing in timings.items():
        found[name].timing = timing


def cost_per_1000(product: ProductFile, cpu_ms: float) -> float:
    """Money for 1,000 items at the price of a CPU hour."""
    return float(product.spec.money.prices.cpu_hour) * cpu_ms * 1000 / 3_600_000


def _facts(product: ProductFile, step: Step, task: Task, one: Found, dataset: str) -> None:
    assert one.timing is not None
    on = f"this machine, {one.timing.n} held-out records of {dataset}"
    figures = {
        "cpu_ms": (one.timing.cpu_ms, one.timing.n),
        "p50_ms": (one.timing.p50_ms, one.timing.singles),
        "p95_ms": (one.timing.p95_ms, one.timing.singles),
        "memory_mb": (one.memory_mb, 1),
        "cost_per_1000": (cost_per_1000(product, one.timing.cpu_ms), one.timing.n),
    }
    for name, (value, n) in figures.items():
        step.measure(one.variant, name, value, n=n, on=on)
    for name, m in one.evaluation.metrics.items():
        step.measure(one.variant, name, m.value, low=m.low, high=m.high, n=m.n, on=f"holdout of {dataset}")  # fmt: skip


def _chosen(product: ProductFile, task: Task, found: dict[str, Found]) -> dict[str, Any]:
    candidates = {name: _candidate(product, task, one) for name, one in found.items()}
    baseline = candidates.pop("baseline")
    judged = choose(
        list(candidates.values()), product.spec.goals, metric=task.quality,
        reference=candidates["torch_fp32"].quality, loss_max=product.spec.compress.quality_loss_max,
    )  # fmt: skip
    rows = [_row(j.candidate, j.why, meets=j.meets, chosen=j.chosen) for j in judged]
    why = Why("the baseline: what the canary is compared with", "基线：金丝雀与之比较")
    rows.append(_row(baseline, why, meets=False, chosen=False))
    best = next((j.candidate.variant for j in judged if j.chosen), None)
    accuracy = {name: asdict(one.evaluation.metrics["accuracy"]) for name, one in found.items()}
    return {"chosen": best, "table": rows, "accuracy": accuracy}


def _row(c: Candidate, why: Why, *, meets: bool, chosen: bool) -> dict[str, Any]:
    return asdict(c) | {"meets": meets, "chosen": chosen, "why": why.en, "why_zh": why.zh}


def _candidate(product: ProductFile, task: Task, one: Found) -> Candidate:
    assert one.timing is not None
    quality = one.evaluation.metrics[task.quality]
    return Candidate(
        variant=one.variant, name=one.name, quality=quality.value, low=quality.low,
        high=quality.high, cpu_ms=one.timing.cpu_ms, p95_ms=one.timing.p95_ms,
        memory_mb=one.memory_mb, cost_per_1000=cost_per_1000(product, one.timing.cpu_ms),
    )  # fmt: skip

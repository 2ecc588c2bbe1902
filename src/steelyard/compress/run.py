"""Build every variant the product names, measure all on this machine, choose by money.

Knows no compressor. Example: `run(store, product, step, task=task, of=taken).chosen`
"""

from __future__ import annotations

import shutil
from collections.abc import Container, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from steelyard.compress.choose import near_goal
from steelyard.compress.decodings import other_decodings
from steelyard.compress.gaps import gaps_of
from steelyard.compress.job import CompressJob
from steelyard.compress.left import Compressed, Compressible
from steelyard.compress.quality import Quality, evaluated, parent_of
from steelyard.compress.table import BASELINE, Assessed, chosen, cost_per_1000
from steelyard.compress.unchosen import with_unchosen
from steelyard.engine.evaluate import UNCHOSEN, UTILITY, Evaluation
from steelyard.engine.examples import bought, first, holdout
from steelyard.engine.fit import Examples
from steelyard.engine.heads import head_of
from steelyard.engine.kept import keep, kept
from steelyard.engine.measure import Measured, measure_variants
from steelyard.engine.model import method_in, read_config, write_decoding
from steelyard.engine.predictor import preprocessor_in, write_arrays
from steelyard.engine.processes import give_back_memory
from steelyard.engine.publishing import publish
from steelyard.engine.traffic import Traffic
from steelyard.goals import errors_of
from steelyard.plugins import get
from steelyard.spec import ProductFile
from steelyard.spec.section import Kind, NoSettings
from steelyard.stage import Report
from steelyard.stats import Interval
from steelyard.store import Step, Store
from steelyard.strangers import at_work, lacking
from steelyard.tasks import Task, content_kind


def run(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    task: Task,
    of: Compressible,
    prior: Compressed | None = None,
    progress: Report | None = None,
) -> Compressed:
    """One row a variant, the baseline last.

    Trained variant and baseline were evaluated on the same hold-out by their own steps, which is
    not done twice. With `prior`, what an earlier run of this step left, nothing is built or
    evaluated: its variants are measured and chosen from again.
    """
    say = progress or (lambda what, done, total: None)
    held = holdout(store, task=task, dataset=of.dataset)
    if prior is None:
        made = _build(store, product, step, task, of, say)
        built = {of.parent.name: of.parent.variant, **made, BASELINE: of.baseline.variant}
        qualities = _qualities(store, task, built, held, of, say)
        _keep(store, built, qualities, of.parent.name, dataset=of.dataset)
        gaps = gaps_of(store, product, task, of, held, qualities)
    else:
        built = {row.name: row.variant for row in prior.table}
        qualities = {name: _known(store, variant) for name, variant in built.items()}
        gaps = {row.name: row.gap for row in prior.table}
    part = first(held, product.spec.compress.measure_items)
    timed = _measure(store, product, task, built, part, say)
    assessed = {n: Assessed(n, v, qualities[n], timed[n], gaps.get(n)) for n, v in built.items()}
    for one in assessed.values():
        _facts(product, step, one, of.dataset, errors_of(task.known), fresh=prior is None)
    left = chosen(product, task, assessed, of.parent.name)
    return with_unchosen(store, product, step, task, of, held, assessed, left)


def _qualities(
    store: Store,
    task: Task,
    built: dict[str, str],
    held: Examples,
    of: Compressible,
    say: Report,
) -> dict[str, Quality]:
    whole = f"all {len(held)} records"
    trained = of.parent.name
    known = {trained: of.parent, BASELINE: of.baseline}
    qualities = {
        name: Quality(Evaluation(k.metrics, k.detail, k.kinds), whole) for name, k in known.items()
    }
    if built.keys() == known.keys():  # nothing was made of it
        return qualities
    source = store.artifacts.open(built[trained])
    reference = parent_of(source, trained, qualities[trained].evaluation, held)
    for i, (name, identity) in enumerate(built.items()):
        say("measuring quality", i, len(built))
        if name not in qualities:
            folder = store.artifacts.open(identity)
            qualities[name] = evaluated(folder, task, held, parent=reference)
    return qualities


def _keep(
    store: Store, built: dict[str, str], qualities: dict[str, Quality], parent: str, *, dataset: str
) -> None:
    """Answers of each variant, so that the release asks none again; an export that answers as its
    parent has its parent's."""
    trained = kept(store, built[parent], dataset=dataset)
    for name, identity in built.items():
        answers = qualities[name].answers or trained
        if name not in (parent, BASELINE) and answers:
            keep(store, identity, dataset=dataset, answers=answers)


def _known(store: Store, variant: str) -> Quality:
    """What an earlier run measured of a variant: the measures that have an interval."""
    measures = {
        n: m
        for n, m in store.measures.of(variant).items()
        if m["low"] is not None and not n.endswith(UNCHOSEN)
    }
    metrics = {n: Interval(m["value"], m["low"], m["high"], m["n"]) for n, m in measures.items()}
    kinds = (measures.get(UTILITY, {}).get("detail") or {}).get("kinds") or []
    few = {n: m["detail"]["few"] for n, m in measures.items() if (m["detail"] or {}).get("few")}
    return Quality(Evaluation(metrics, {"few": few} if few else {}, kinds), "as measured before")


def _build(
    store: Store,
    product: ProductFile,
    step: Step,
    task: Task,
    of: Compressible,
    say: Report,
) -> dict[str, str]:
    """Name -> id of each published variant: what compressors make of the trained one, and other ways
    to write of each."""
    made = _compressed(store, product, step, task, of, say)
    sources = {of.parent.name: of.parent.variant, **made}
    return made | other_decodings(store, product, step, task, of, sources)


def _compressed(
    store: Store,
    product: ProductFile,
    step: Step,
    task: Task,
    of: Compressible,
    say: Report,
) -> dict[str, str]:
    """None of a model that no compressor knows."""
    source = store.artifacts.open(of.parent.variant)
    if read_config(source).runtime != "torch":
        return {}
    kinds = product.spec.compress.variants
    # labelled training contents: the hold-out stays unseen
    learned = bought(store, task=task, dataset=of.dataset, labels=of.labels)
    contents = first(learned, product.spec.compress.calibration_items).contents
    shared = step.scratch / "shared"
    shutil.rmtree(shared, ignore_errors=True)  # what a killed run had half written
    shared.mkdir()
    built: dict[str, str] = {}
    for i, kind in enumerate(kinds):
        say("building variants", i, len(kinds))
        with store.artifacts.draft() as draft:
            built[kind.name] = _one(store, step, task, of, source, kind, draft, shared, contents)
    shutil.rmtree(shared)
    return built


def _one(
    store: Store,
    step: Step,
    task: Task,
    of: Compressible,
    source: Path,
    kind: Kind,
    draft: Path,
    shared: Path,
    contents: Sequence[Any],
) -> str:
    from steelyard.engine.run_torch import load_module

    config = read_config(source)
    preprocessor = preprocessor_in(source, config)
    # eager: the exporter needs attention written out as products
    module = partial(load_module, source, config, attention="eager")
    compressor, name = get("compressors", kind.name), kind.name
    own = getattr(compressor, "Settings", NoSettings).model_validate(kind.settings)
    trainer = get("methods", method_in(config))
    lacking("methods", method_in(config), trainer, "a method of torch modules", says=("parts",))
    parts = trainer.parts(head_of(task))
    job = CompressJob(
        task, preprocessor, parts, module, draft, shared, contents, threads=1, settings=own
    )
    with at_work("compressors", name):
        built = compressor(job)
    said = "what it built: 'runtime' and 'precision'"
    lacking("compressors", name, built, said, says=("runtime", "precision"))
    write_arrays(
        draft,
        task,
        preprocessor,
        method=method_in(config),
        runtime=built.runtime,
        precision=built.precision,
    )
    if config.decoding is not None:
        write_decoding(draft, config.decoding)
    return publish(
        store,
        step,
        draft,
        name,
        task=task,
        dataset=of.dataset,
        parent=of.parent.variant,
        told={"calibration_items": len(contents)},
    )


def _measure(
    store: Store,
    product: ProductFile,
    task: Task,
    built: dict[str, str],
    part: Examples,
    say: Report,
) -> dict[str, Measured]:
    spec = product.spec
    traffic = Traffic(spec.plan.requests, days=spec.plan.days, batch_tokens=spec.serve.batch_tokens)

    def borderline(name: str, cpu_ms: float, p95_ms: float) -> bool:
        cost = cost_per_1000(product, cpu_ms)
        return near_goal(p95_ms, spec.goals.p95_ms) or near_goal(cost, spec.goals.cost_per_1000)

    give_back_memory()
    return measure_variants(
        {name: store.artifacts.open(variant) for name, variant in built.items()},
        [content_kind(task.content).sent(content) for content in part.contents],
        traffic=traffic,
        threads=spec.serve.threads,
        clock=store.clock,
        borderline=borderline,
        progress=say,
    )


def _facts(
    product: ProductFile,
    step: Step,
    one: Assessed,
    dataset: str,
    errors: Container[str],
    *,
    fresh: bool,
) -> None:
    m = one.measured
    on = f"this machine as served, held-out records of {dataset}; {m.conditions()}"
    figures = {
        "cpu_ms": m.cpu_ms,
        "p50_ms": m.p50_ms,
        "p95_ms": m.p95_ms,
        "memory_mb": m.memory_mb,
        "cost_per_1000": cost_per_1000(product, m.cpu_ms),
    }
    for name, value in figures.items():
        step.measure(one.variant, name, value, n=m.n, on=on)
    if not fresh:
        return
    of = f"holdout of {dataset}: {one.quality.on}"
    seen = one.quality.evaluation
    for name, i in seen.metrics.items():
        detail = seen.of_measure(name, errors)
        step.measure(
            one.variant, name, i.value, low=i.low, high=i.high, n=i.n, on=of, detail=detail
        )

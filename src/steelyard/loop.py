"""One turn of the wheel: steps, keys, resume. Knows no command line.

Each step reads facts and leaves facts; a step whose key is done is not run, and not paid, again.
Example: `turn(load("product.yaml")).outputs["plan"]["plan"]["recommendation"]`
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from steelyard.errors import Refused
from steelyard.spec import ProductFile, only, sections, without_passwords
from steelyard.steps import NAMES, STEPS, Silent, StepPlan, Turn, Watcher
from steelyard.store import Clock, Store, step_key
from steelyard.tasks import Task, open_task

__all__ = [
    "NAMES",
    "STEPS",
    "Silent",
    "StepPlan",
    "Turn",
    "Watcher",
    "check",
    "check_installed",
    "done_steps",
    "gate",
    "turn",
]


def turn(
    product: ProductFile, *, until: str | None = None, again: bool = False,
    clock: Clock | None = None, watcher: Watcher | None = None,
) -> Turn:  # fmt: skip
    """Run every step that is not done, up to `until`; continues an interrupted turn. With `again`
    the step `until` is run once more on what it left: measured anew, nothing built anew.

    `Turn.refused` says why nothing could be released; the facts and the report are there all the
    same, and `gate` makes an error of it.
    """
    task = open_task(product.spec.task.name, labels=product.spec.task.labels)
    check(product, task)
    if until not in ("data", "label"):
        check_installed(product, task)
    with closing(Store.open(product, clock=clock)) as store, store.alone():
        run = Turn(product, store, task, watcher or Silent(), _begun(store, product))
        run.again = until if again else None
        for plan in STEPS:
            _run(run, plan)
            if plan.name == until:
                return run
        run.report = _report(run)
        store.end_turn(run.id)
    return run


def _begun(store: Store, product: ProductFile) -> int:
    return store.begin_turn(product.sha256, text=without_passwords(product.text))


def gate(run: Turn) -> Turn:
    """The same turn; Refused when no variant met the goals."""
    if run.refused:
        where = f"; the report says what each variant lacked: {run.report}" if run.report else ""
        raise Refused(f"{run.refused}{where}")
    return run


def check(product: ProductFile, task: Task) -> None:
    """Everything that can be refused before a step has cost anything."""
    from steelyard.data.sources import check_sources
    from steelyard.train.model import check as check_training

    check_sources(product, task)
    check_training(product, task)


def check_installed(product: ProductFile, task: Task) -> None:
    """Missing when a step after the labels would fail for what is not here."""
    from steelyard.train.model import check_installed as check_training

    check_training(product, task)


def done_steps(product: ProductFile, store: Store, task: Task) -> dict[str, dict[str, Any]]:
    """Output of each step that the next turn would find done; nothing is run."""
    run = Turn(product, store, task, Silent(), 0)
    for plan in STEPS:
        try:
            done = store.steps.done(_key(run, plan))
        except KeyError:  # it takes in what a step before it would first have to leave
            continue
        if done is not None:
            run.outputs[plan.name] = done
    return run.outputs


def _key(run: Turn, plan: StepPlan) -> str:
    """The key of a step as it stands now."""
    reads = sections(run.product.spec, *plan.sections)
    key = _newest(run, plan.name, step_key(plan.name, reads, plan.inputs(run)))
    # Done, but its files are gone (removed, or on another machine): the work is done again.
    while (done := run.store.steps.done(key)) is not None and not run.store.holds(
        plan.leaves(done)
    ):
        key = step_key(plan.name, "made again", [key])
    return key


def _run(run: Turn, plan: StepPlan) -> None:
    run.watcher.begin(plan.name)
    plan.before(run)
    key = _key(run, plan)
    cut = replace(run, product=only(run.product, *plan.sections))
    output, ran = run.store.step(
        run.id, plan.name, key, lambda step: plan.work(cut, step),
        cpu_price=run.product.spec.money.prices.cpu_hour,
    )  # fmt: skip
    run.outputs[plan.name] = output
    if ran:
        run.ran.append(plan.name)
    run.watcher.end(plan.name, output, ran=ran)


def _newest(run: Turn, name: str, key: str) -> str:
    """The key of the newest measurement: each one more, asked for by hand, follows the one before."""
    done = run.store.steps.done(key)
    while done is not None:
        later = step_key(name, "measured again", [key])
        following = run.store.steps.done(later)
        if following is None and run.again == name:
            run.prior[name] = done
            return later
        if following is None:
            break
        key, done = later, following
    return key


def _report(run: Turn) -> Path:
    from steelyard import report
    from steelyard.store.files import write

    facts = report.gather(run.store, run.product, run.outputs)
    folder = run.store.root / "reports"
    for language in ("en", "zh"):
        write(folder / f"turn-{run.id}.{language}.html", report.render(facts, language=language))
    return folder / f"turn-{run.id}.en.html"

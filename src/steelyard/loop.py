"""One turn of the wheel: steps, keys, resume. Knows no command line and no stage by name.

Each step reads facts and leaves facts; a step whose key is done is not run, and not paid, again.
Example: `turn(load("product.yaml")).outputs["plan"]["plan"]["recommendation"]`
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from steelyard.brought import at_step, check_kinds, packages
from steelyard.errors import Missing, Refused, SpecError, SteelyardError, UserError
from steelyard.goals import problems
from steelyard.near import near
from steelyard.plugins import own
from steelyard.spec import ProductFile, only, sections, without_passwords
from steelyard.spec.where import line_at
from steelyard.stage import Context, Output, Stage, broken, names, of_key, stages, values
from steelyard.store import Clock, Step, Store, step_key
from steelyard.store.budgets import Budgets
from steelyard.tasks import Task, task_of, valuation

NO_VARIANT = "no variant meets the goals"


class Watcher(Protocol):
    """What the loop tells while it works."""

    def begin(self, step: str) -> None: ...

    def advance(self, what: str, done: int, total: int | None, /) -> None: ...

    def end(self, step: str, output: Output, *, ran: bool) -> None: ...


class Silent:
    """Tells nobody."""

    def begin(self, step: str) -> None:
        return None

    def advance(self, what: str, done: int, total: int | None, /) -> None:
        return None

    def end(self, step: str, output: Output, *, ran: bool) -> None:
        return None


@dataclass
class Turn:
    """A turn while it runs, and what came of it."""

    product: ProductFile
    store: Store
    task: Task
    watcher: Watcher
    id: int
    outputs: dict[str, Output] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    again: str | None = None  # the step that is to measure again what it left before
    report: Path | None = None
    budgets: Budgets | None = None  # None: whatever it costs

    @property
    def refused(self) -> str | None:
        """Why the gate was not passed, once a variant had to be chosen."""
        compressed = self.outputs.get("compress")
        return NO_VARIANT if compressed is not None and compressed["chosen"] is None else None


def turn(
    product: ProductFile,
    *,
    until: str | None = None,
    again: bool = False,
    over_budget: bool = False,
    clock: Clock | None = None,
    watcher: Watcher | None = None,
) -> Turn:
    """Run every step that is not done, up to `until`; continues an interrupted turn. With `again`
    the step `until` is run once more on what it left: measured anew, nothing built anew.

    OverBudget before a step that would break a budget of the product file, unless `over_budget` says that
    it may; what was done before it stays done. `Turn.refused` says why nothing could be released; the facts and the report are there all the
    same, and `gate` makes an error of it.
    """
    check_step(until)
    task = task_of(product)
    check(product, task)
    check_installed(product, task, until=until)
    with closing(Store.open(product, clock=clock)) as store, store.alone():
        run = Turn(product, store, task, watcher or Silent(), _begun(store, product))
        run.again = until if again else None
        if not over_budget:
            run.budgets = Budgets(
                store.ledger,
                product.spec.money,
                store.clock.now,
                ZoneInfo(product.spec.market.time_zone),
            )
        for stage in stages():
            _run(run, stage)
            if stage.name == until:
                return run
        run.report = _report(run)
        store.end_turn(run.id, prices=product.spec.money.prices)
    return run


def _begun(store: Store, product: ProductFile) -> int:
    return store.begin_turn(product.sha256, text=without_passwords(product.text))


def gate(run: Turn) -> Turn:
    """The same turn; Refused when no variant met the goals."""
    if run.refused:
        where = f"; the report says what each variant lacked: {run.report}" if run.report else ""
        raise Refused(f"{run.refused}{where}")
    return run


def check_step(name: str | None) -> None:
    """UserError for a step that a turn has not: it would run, and pay for, the whole of it."""
    if name is not None and name not in names():
        raise UserError("until", f"one of {list(names())}", f"'{name}'", near(name, names()))


def check_stages() -> None:
    """Missing where a stage of steelyard's own cannot be used: a turn without it is none."""
    for name, why in broken().items():
        if name in own("stages"):
            raise Missing(
                f"stage {name}",
                "a stage that works",
                why,
                "install steelyard again, without what replaces it",
            )


def check(product: ProductFile, task: Task) -> None:
    """Everything that can be refused before a step has cost anything."""
    check_stages()
    check_kinds(product, task)
    if task.known[task.quality].less:
        raise SteelyardError(
            f"task {task.name}: expected a metric of quality of which more is better, found '{task.quality}'"
        )
    wrong = problems(product.spec.goals, task.known, task.name)
    lines = [line_at(product, ("goals", "quality", name), said) for name, said in wrong.items()]
    lines += [line_at(product, *one) for one in valuation.problems(task, product.spec.money)]
    if lines:
        raise SpecError(lines)
    for stage in stages():
        stage.check(product, task)


def check_installed(product: ProductFile, task: Task, *, until: str | None = None) -> None:
    """Missing when a step up to `until` would fail for what is not here."""
    for stage in stages():
        stage.needs(product, task)
        if stage.name == until:
            return


def check_early(product: ProductFile, outputs: dict[str, Output]) -> None:
    """What the file asks for and the steps that are done cannot have together."""
    for stage in stages():
        if stage.early is not None and all(_left(name, outputs) for name in stage.early.takes):
            stage.early.check(product, values(stage.early.takes, outputs))


def _left(name: str, outputs: dict[str, Output]) -> bool:
    step, _, value = name.partition(".")
    return step in outputs and (not value or value in outputs[step])


def done_steps(product: ProductFile, store: Store, task: Task) -> dict[str, Output]:
    """Output of each step that the next turn would find done; nothing is run."""
    run = Turn(product, store, task, Silent(), 0)
    for stage in stages():
        if not stage.behind <= run.outputs.keys():
            continue  # it comes behind what would first have to be done
        done = store.steps.done(_key(run, stage, _context(run, stage)))
        if done is not None:
            run.outputs[stage.name] = done
    return run.outputs


def _context(run: Turn, stage: Stage[Any]) -> Context:
    """All that the stage is handed, cut to what it declares."""
    context = Context(
        only(run.product, *stage.sections),
        run.store,
        run.task,
        run.id,
        taken=stage.taken(run.outputs),
        report=run.watcher.advance,
        serve=_server(run),
    )
    return replace(context, also=tuple(stage.also(context)))


def _server(run: Turn) -> Any:
    def serve(key: str) -> AbstractContextManager[str]:
        from steelyard.serve import Server

        return Server(run.store, run.product, key=key)

    return serve


def _key(run: Turn, stage: Stage[Any], context: Context) -> str:
    """The key of a step as it stands now."""
    reads = sections(run.product.spec, *stage.sections)
    brought = packages(run.product, run.task, stage)
    key = step_key(stage.name, reads, [*of_key(context.taken), *context.also, *brought])
    key = _newest(run, stage.name, key)
    # Done, but its files are gone (removed, or on another machine): the work is done again.
    while (done := run.store.steps.done(key)) is not None and not run.store.holds(
        stage.files(done)
    ):
        key = _newest(run, stage.name, step_key(stage.name, "made again", [key]))
    return key


def _run(run: Turn, stage: Stage[Any]) -> None:
    run.watcher.begin(stage.name)
    check_early(run.product, run.outputs)
    context = _context(run, stage)
    key = _key(run, stage, context)
    if run.again == stage.name:
        context, key = _once_more(run, stage, context, key)

    def work(step: Step) -> Output:
        with at_step(stage):
            left = stage.work(context, step)
            json.dumps(left)  # what cannot be kept is told here, of the stage that left it
            return left

    output, ran = run.store.step(
        run.id,
        stage.name,
        key,
        work,
        cpu_price=run.product.spec.money.prices.cpu_hour,
        cores=run.product.spec.money.cores,
        budgets=run.budgets,
    )
    run.outputs[stage.name] = output
    if ran:
        run.ran.append(stage.name)
    run.watcher.end(stage.name, output, ran=ran)


def _once_more(run: Turn, stage: Stage[Any], context: Context, key: str) -> tuple[Context, str]:
    """Behind the newest measurement, on what that left; as it is where nothing was done yet."""
    done = run.store.steps.done(key)
    if done is None:
        return context, key
    return replace(context, prior=stage.read(done)), step_key(stage.name, "measured again", [key])


def _newest(run: Turn, name: str, key: str) -> str:
    """The key of the newest measurement: each one more, asked for by hand, follows the one before."""
    while run.store.steps.done(key) is not None:
        later = step_key(name, "measured again", [key])
        if run.store.steps.done(later) is None:
            break
        key = later
    return key


def _report(run: Turn) -> Path:
    from steelyard import report
    from steelyard.market.chapter import chapter
    from steelyard.scoring import scores

    market = chapter(run.store, run.product)
    rows = scores(run.store, run.product, run.outputs)
    facts = report.gather(
        run.store, run.product, run.outputs, steps=names(), market=market, scores=rows
    )
    pages = {language: report.render(facts, language=language) for language in ("en", "zh")}
    run.store.reports.write(run.id, pages)
    return run.store.reports.page(run.id, "en")

"""One turn of the wheel: steps, keys, resume. Knows no command line.

Each step reads facts and leaves facts; a step whose key is done is not run, and not paid, again.
Example: `turn(load("product.yaml")).outputs["plan"]["plan"]["recommendation"]`
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from steelyard.errors import Refused
from steelyard.spec import ProductFile, sections, without_passwords
from steelyard.store import Clock, Step, Store, step_key
from steelyard.tasks import Task, open_task


class Watcher(Protocol):
    """What the loop tells while it works."""

    def begin(self, step: str) -> None: ...

    def advance(self, what: str, done: int, total: int | None) -> None: ...

    def end(self, step: str, output: dict[str, Any], *, ran: bool) -> None: ...


class Silent:
    """Tells nobody."""

    def begin(self, step: str) -> None:
        return None

    def advance(self, what: str, done: int, total: int | None) -> None:
        return None

    def end(self, step: str, output: dict[str, Any], *, ran: bool) -> None:
        return None


NO_VARIANT = "no variant meets the goals"


@dataclass
class Turn:
    """A turn while it runs, and what came of it."""

    product: ProductFile
    store: Store
    task: Task
    watcher: Watcher
    id: int
    sources: list[str] = field(default_factory=list)  # hashes of what the data step reads
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    again: str | None = None  # the step that is to measure again what it left before
    prior: dict[str, dict[str, Any]] = field(default_factory=dict)  # what it had left
    report: Path | None = None

    @property
    def refused(self) -> str | None:
        """Why the gate was not passed, once a variant had to be chosen."""
        found = self.outputs.get("compress")
        return NO_VARIANT if found is not None and found["chosen"] is None else None

    def of(self, step: str, name: str) -> Any:
        """A value that an earlier step of this turn left."""
        return self.outputs[step].get(name)


@dataclass(frozen=True)
class StepPlan:
    """One step: the sections it reads, the ids it takes in, the work, and the files it leaves."""

    name: str
    reads: tuple[str, ...]
    inputs: Callable[[Turn], list[str]]
    work: Callable[[Turn, Step], dict[str, Any]]
    leaves: Callable[[dict[str, Any]], list[tuple[str, str]]] = lambda output: []


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
    reads = sections(run.product.spec, "product", "task", *plan.reads)
    key = _newest(run, plan.name, step_key(plan.name, reads, plan.inputs(run)))
    # Done, but its files are gone (removed, or on another machine): the work is done again.
    while (done := run.store.steps.done(key)) is not None and not run.store.holds(
        plan.leaves(done)
    ):
        key = step_key(plan.name, "made again", [key])
    return key


def _run(run: Turn, plan: StepPlan) -> None:
    run.watcher.begin(plan.name)
    key = _key(run, plan)
    output, ran = run.store.step(
        run.id, plan.name, key, lambda step: plan.work(run, step),
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


def _sources(run: Turn) -> list[str]:
    """Hash of every source's bytes, so that changed data are read again."""
    from steelyard.data.sources import fingerprints

    run.sources = fingerprints(run.product)
    return run.sources


def _data(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard import data

    return data.run(
        run.store, run.product, step, task=run.task, progress=run.watcher.advance, read=run.sources
    )


def _label(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard import label, market

    # said before a label is paid, not when the stream is to be sent
    market.check_stream(run.product, run.of("data", "splits"))
    return label.run(run.store, run.product, step, dataset=run.of("data", "dataset"))


def _learned(run: Turn) -> dict[str, str]:
    return {"dataset": run.of("data", "dataset"), "labels": run.of("label", "labels")}


def _baseline(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard.train import baseline

    return baseline.run(run.store, run.product, step, task=run.task, **_learned(run))


def _train(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard.train import model

    return model.run(
        run.store, run.product, step, task=run.task, baseline=run.of("baseline", "variant"),
        report=run.watcher.advance, **_learned(run),
    )  # fmt: skip


def _curve(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard.train import curve

    return curve.run(
        run.store, run.product, step, task=run.task, trained=run.outputs["train"],
        report=run.watcher.advance, **_learned(run),
    )  # fmt: skip


def _compress(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard import compress

    return compress.run(
        run.store, run.product, step, task=run.task, dataset=run.of("data", "dataset"),
        labels=run.of("label", "labels"), parent=run.outputs["train"],
        baseline=run.outputs["baseline"], prior=run.prior.get("compress"),
        progress=run.watcher.advance,
    )  # fmt: skip


def _release(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard.market import release

    return release.run(
        run.store, run.product, step, task=run.task, dataset=run.of("data", "dataset"),
        chosen=run.of("compress", "chosen"), baseline=run.of("baseline", "variant"),
    )  # fmt: skip


def _replay(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard import market
    from steelyard.serve import Server

    return market.run(
        run.store, run.product, step, task=run.task, dataset=run.of("data", "dataset"),
        live=run.of("release", "live"), canary=run.of("release", "canary"),
        serve=lambda key: Server(run.store, run.product, key=key), progress=run.watcher.advance,
    )  # fmt: skip


def _sent_before(run: Turn) -> int:
    """Requests of earlier turns for the pair that is compared: an undecided experiment goes on."""
    from steelyard import market

    pair = {arm: run.of("release", arm) for arm in ("live", "canary")}
    return len(market.sent_before(run.store, turn=run.id, **pair))


def _by_hand(run: Turn) -> int:
    """The newest release row that a person added."""
    from steelyard.market.release import newest_by_hand

    return newest_by_hand(run.store)


def _plan(run: Turn, step: Step) -> dict[str, Any]:
    from steelyard import plan

    return plan.run(run.store, run.product, step, outputs=run.outputs)


def _report(run: Turn) -> Path:
    from steelyard import report
    from steelyard.store.files import write

    facts = report.gather(run.store, run.product, run.outputs)
    folder = run.store.root / "reports"
    for language in ("en", "zh"):
        write(folder / f"turn-{run.id}.{language}.html", report.render(facts, language=language))
    return folder / f"turn-{run.id}.en.html"


def _ids(*pairs: tuple[str, str]) -> Callable[[Turn], list[str]]:
    return lambda run: [str(run.of(step, name)) for step, name in pairs]


def _one(kind: str, name: str) -> Callable[[dict[str, Any]], list[tuple[str, str]]]:
    return lambda output: [(kind, str(output[name]))]


_DATA, _LABELS = ("data", "dataset"), ("label", "labels")
STEPS = (
    StepPlan("data", ("data",), _sources, _data, _one("records", "dataset")),
    StepPlan("label", ("label", "money.prices.label"), _ids(_DATA), _label, _one("labels", "labels")),
    StepPlan("baseline", ("train.seed",), _ids(_DATA, _LABELS), _baseline, _one("artifact", "variant")),
    StepPlan("train", ("train",), _ids(_DATA, _LABELS, ("baseline", "variant")), _train, _one("artifact", "variant")),
    StepPlan(
        "compress",
        ("compress", "goals", "money.prices.cpu_hour", "money.currency", "serve.batch_tokens", "serve.threads",
         "plan.requests", "plan.days", "plan.unit"),
        _ids(_DATA, _LABELS, ("train", "variant"), ("baseline", "variant")), _compress,
        lambda output: [("artifact", row["variant"]) for row in output["table"]],
    ),
    # A release depends on what is live now, so each turn decides anew, and again after a person
    # has changed it.
    StepPlan(
        "release", ("market", "goals"),
        lambda run: [str(run.id), str(run.of("compress", "chosen")), str(_by_hand(run))], _release,
    ),
    # An experiment that is undecided goes on in the next turn with records not sent yet.
    StepPlan(
        "replay", ("market", "money", "serve"),
        lambda run: [*_ids(_DATA, ("release", "live"), ("release", "canary"))(run), str(_sent_before(run))],
        _replay,
    ),
    StepPlan("curve", ("train", "plan.curve"), _ids(_LABELS, ("train", "variant")), _curve),
    StepPlan(
        "plan", ("plan", "money", "goals"),
        lambda run: [str(run.id), str(run.of("replay", "experiment")), str(run.of("train", "variant"))],
        _plan,
    ),
)  # fmt: skip
NAMES = tuple(plan.name for plan in STEPS)

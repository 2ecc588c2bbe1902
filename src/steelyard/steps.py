"""The steps of a turn: what each reads, takes in, does and leaves. Knows no order but their own.

Example: `STEPS[0].sections == ("product", "task", "data")`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.tasks import Task


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
    """One step: the sections it reads, the ids it takes in, the work, and the files it leaves. The
    work is handed these sections alone; `before` refuses what the file as a whole cannot have."""

    name: str
    reads: tuple[str, ...]
    inputs: Callable[[Turn], list[str]]
    work: Callable[[Turn, Step], dict[str, Any]]
    leaves: Callable[[dict[str, Any]], list[tuple[str, str]]] = lambda output: []
    before: Callable[[Turn], None] = lambda run: None

    @property
    def sections(self) -> tuple[str, ...]:
        """What its key holds of the product file."""
        return ("product", "task", *self.reads)


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
    from steelyard import label

    return label.run(run.store, run.product, step, dataset=run.of("data", "dataset"))


def _check_stream(run: Turn) -> None:
    """Said before a label is paid, not when the stream is to be sent."""
    from steelyard import market

    market.check_stream(run.product, run.of("data", "splits"))


def _backbone(run: Turn) -> list[str]:
    """What the training begins with: other weights in the same folder are another training."""
    from steelyard.engine.backbone import known_as

    if not run.task.needs_backbone:
        return []
    return [known_as(run.product.spec.train.backbone, base=run.product.folder)]


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


def _ids(*pairs: tuple[str, str]) -> Callable[[Turn], list[str]]:
    return lambda run: [str(run.of(step, name)) for step, name in pairs]


def _one(kind: str, name: str) -> Callable[[dict[str, Any]], list[tuple[str, str]]]:
    return lambda output: [(kind, str(output[name]))]


_DATA, _LABELS = ("data", "dataset"), ("label", "labels")
STEPS = (
    StepPlan("data", ("data",), _sources, _data, _one("records", "dataset")),
    StepPlan(
        "label", ("label", "money.prices.label"), _ids(_DATA), _label, _one("labels", "labels"),
        before=_check_stream,
    ),
    StepPlan("baseline", ("train.seed",), _ids(_DATA, _LABELS), _baseline, _one("artifact", "variant")),
    StepPlan(
        "train", ("train",),
        lambda run: [*_ids(_DATA, _LABELS, ("baseline", "variant"))(run), *_backbone(run)],
        _train, _one("artifact", "variant"),
    ),
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
        "release", ("market", "goals", "data.sources"),
        lambda run: [str(run.id), str(run.of("compress", "chosen")), str(_by_hand(run))], _release,
    ),
    # An experiment that is undecided goes on in the next turn with records not sent yet.
    StepPlan(
        "replay", ("market", "money", "serve", "goals", "data.sources"),
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

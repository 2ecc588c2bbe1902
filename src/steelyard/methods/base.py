"""What a method must say: which tasks it suits, how it fits, how its artifacts are opened.

Knows no ledger and no money. A new method is one file with one object and one entry point under
`steelyard.methods`. Example: `[m.name for m in methods_of(product, task)]`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from steelyard.clock import Clock
from steelyard.engine.fit import Examples
from steelyard.engine.model import Config, Model, Reading
from steelyard.errors import SpecError
from steelyard.methods.encoder import Encoder
from steelyard.plugins import get, unusable
from steelyard.spec import ProductFile
from steelyard.spec.model import Train
from steelyard.spec.section import NoSettings, Section
from steelyard.strangers import at_work, each_is, lacking
from steelyard.tasks import Answer, Content, Task

Told = Callable[[int, int], None]  # steps done, of how many


@dataclass(frozen=True)
class FitJob:
    """One training: `folder` holds what a killed one had done, so that the same call continues it.
    `batch` replaces that of the settings; `started` is the clock when the setting up began. What is `published`
    answers as it will be served, a point of a curve in the precision of its training."""

    task: Task
    settings: Train
    examples: Examples
    folder: Path
    clock: Clock
    own: Section = field(default_factory=NoSettings)  # settings of the method itself
    encoder: Encoder | None = None
    report: Told | None = None
    batch: int | None = None
    started: float | None = None
    published: bool = True


class Fitted(Protocol):
    """A trained model before it is published."""

    cpu_s: float  # over all its attempts, each second once
    told: dict[str, Any]  # of its training, for the step's output: history, precision
    card: dict[str, Any]  # of its training, for whoever gets the artifact: recipe, backbone

    def answers(self, contents: Sequence[Content]) -> list[Answer]:
        """Contents, already passed by `task.decode` -> one answer each."""

    def save(self, draft: Path) -> None:
        """Everything that `Method.open` reads, with `engine.model.write_config`."""


class Method(Protocol):
    """A way to make a model that answers. One whose models write texts may have a class `Decoding` of
    settings: how they write, which changes no weight. `Config.decoding` holds one's settings. One that
    gives the same model whatever the seed may say `steady = True`: its learning curve is surer."""

    name: str
    variant: str  # what a variant that it made is called
    modules: tuple[str, ...]  # optional ones that it imports
    needs_backbone: bool

    def suits(self, task: Task) -> bool:
        """Whether it knows the task's kinds of content and of answers."""

    def fit(self, job: FitJob) -> Fitted:
        """The same weights for the same job, whether or not it was interrupted."""

    def open(self, folder: Path, config: Config, *, threads: int) -> Model:
        """A published artifact; Damaged where it is not what it says."""

    def open_reading(self, folder: Path, config: Config) -> Reading:
        """The half of it that turns contents into features."""


def own_settings(product: ProductFile, method: Method) -> Section:
    """What the file says of a method: an instance of its `Settings`, where it has such a class."""
    kind = getattr(method, "Settings", NoSettings)
    said = next((m.settings for m in product.spec.train.methods or () if m.name == method.name), {})
    settings: Section = kind.model_validate(said)
    return settings


def decoding_of(method: Any) -> type[Section] | None:
    """The settings of how its models write; None for a method that has none."""
    return getattr(method, "Decoding", None)


def steady(name: str | None) -> bool:
    """Whether trainings of a method differ by their labels alone, as those without a seed do: it says
    so with `steady`. False where it says nothing, and for a model of which nobody knows the method."""
    return name is not None and bool(getattr(method_named(name), "steady", False))


def method_named(name: str) -> Method:
    """UserError for one that is not registered or lacks what a method must say."""
    method: Method = get("methods", name)
    return method


def fitted(method: Method, job: FitJob) -> Fitted:
    """What a method makes of a job; Unusable where that is no trained model."""
    with at_work("methods", method.name):
        made = method.fit(job)
    lacking("methods", method.name, made, "a trained model of 'fit'", says=_OF_FITTED)
    return made


_OF_FITTED = ("cpu_s", "told", "card", "answers", "save")


def answers_of(method: Method, made: Fitted, contents: Sequence[Content]) -> list[Answer]:
    """One answer to each content; Unusable for others, or more or fewer."""
    with at_work("methods", method.name):
        answers = made.answers(contents)
    each_is("methods", method.name, answers, Answer, "a list of Answer")
    if len(answers) != len(contents):
        raise unusable(
            "methods",
            method.name,
            f"{len(answers):,}",
            expected=f"one answer to each of {len(contents):,} contents",
        )
    return answers


def methods_of(product: ProductFile, task: Task) -> list[Method]:
    """Those that a turn tries, the baseline first; SpecError for one that does not suit the task."""
    named = map(str, product.spec.train.methods or task.methods)
    methods = [method_named(name) for name in named]
    for i, method in enumerate(methods):
        with at_work("methods", method.name):
            suits = method.suits(task)
        if not suits:
            raise SpecError(
                [
                    f"{product.path.name}: train.methods.{i}: expected a method for {task.answer} of {task.content}, found '{method.name}'; leave it out for {list(task.methods)}"
                ]
            )
    return methods

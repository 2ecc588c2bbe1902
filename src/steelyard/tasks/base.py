"""What a task must say, and nothing else may: records, labels, inputs, loss, answers, metrics.

Knows no files, servers or money. A new task is one file with one class and one entry point.
Example: `task = open_task("text_classification", labels=("neg", "pos")); task.decode("很好")`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from steelyard.goals import Metric
from steelyard.plugins import get

Content = Any  # str for text, bytes of an encoded picture for images
Truth = Any  # what is right, as JSON: a label, spans, a text
Made = TypeVar("Made")
Array = NDArray[Any]
Inputs = dict[str, Any]  # name -> array [B, ...]; one sparse matrix for character n-grams


class BadInput(ValueError):
    """One value of a request cannot be read: `index` says which one, `message` why."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index, self.message = index, message


@dataclass(frozen=True)
class Record:
    """One example. `label` is None while nobody has paid for it."""

    id: str
    content: Content
    label: str | None


@dataclass(frozen=True)
class Answer:
    """One prediction. `value` is any JSON value (a label, spans, a text), `score` how sure, from 0 to
    1, where the task has such a number, and `detail` the rest of it (every label's probability)."""

    value: Any
    score: float | None = None
    detail: Any = field(default_factory=dict)


class Preprocessor(Protocol):
    """Content -> model inputs, without torch; saved beside the weights it belongs to."""

    kind: ClassVar[str]

    def features(self, contents: Sequence[Content]) -> list[Array]:
        """One array per content, of numbers: a long request is read in another process. Never
        raises on content that `Task.decode` let through."""

    def size(self, feature: Array) -> int:
        """Work it asks for, in tokens (1 where every item costs the same)."""

    def collate(self, features: Sequence[Array]) -> Inputs:
        """Padded arrays of one batch, each of shape [B, ...]."""

    def save(self, folder: Path) -> dict[str, Any]:
        """Write what is needed into `folder`; return the JSON settings that `load` takes."""

    @classmethod
    def load(cls, folder: Path, settings: Mapping[str, Any]) -> Preprocessor:
        """The inverse of `save`."""


@dataclass(frozen=True)
class Linear:
    """A fitted linear baseline: `logits = inputs @ weight.T + bias`, weight [K, F], bias [K]."""

    weight: Array
    bias: Array
    preprocessor: Preprocessor


@dataclass(frozen=True)
class Backbone:
    """A loaded pretrained encoder (a torch module) and the folder of its tokenizer."""

    module: Any
    width: int
    tokenizer: Path
    source: str


class Task(Protocol):
    """The one place where what a product does is written down."""

    name: ClassVar[str]
    modality: ClassVar[str]  # names the column type and the default operators
    quality: ClassVar[str]  # the metric that choices read
    known: ClassVar[Mapping[str, Metric]]  # every metric that it has
    operators: ClassVar[tuple[str, ...]]
    needs_backbone: ClassVar[bool]
    labels: tuple[str, ...]

    def parse(self, raw: Any) -> Content:
        """A value of a data file -> content; ValueError says what is wrong with it."""

    def decode(self, value: Any) -> Content:
        """A JSON value of a request -> content; ValueError says what was expected."""

    def decode_all(self, values: Sequence[Any]) -> list[Content]:
        """All values of one request, read under one budget; BadInput names the value."""

    def baseline(self, contents: Sequence[Content], targets: Array, *, seed: int) -> Linear:
        """Fit the cheap baseline variant that every report shows."""

    def preprocessor(
        self, backbone: Backbone | None, contents: Sequence[Content], *, length_max: int
    ) -> Preprocessor:
        """What turns content into inputs of the model; fitted on training contents if need be."""

    def build(self, backbone: Backbone | None, preprocessor: Any, *, dropout: float) -> Any:
        """A torch module: `forward(**inputs) -> logits [B, K]`."""

    def targets(self, labels: Sequence[str]) -> Array:
        """Labels -> what `loss` compares with; classification: int64 [B]."""

    def loss(self, logits: Any, targets: Any) -> Any:
        """One loss per example, always: [B, K], [B] -> [B]."""

    def augment(self, inputs: Any, generator: Any) -> Any:
        """Vary one training batch (torch tensors); the identity where nothing helps."""

    def answers(self, logits: Array) -> list[Answer]:
        """Logits [B, K] -> B answers."""

    def counts(self, answers: Sequence[Answer], truths: Sequence[Truth]) -> Any:
        """What each example adds to the sums that metrics are made of: n answers and their truths ->
        [n, S], dense or sparse."""

    def metrics(self, sums: Array) -> dict[str, Array]:
        """Named metrics of summed counts, [..., S] -> [...] each: of all examples, or of as many
        resamples at once as there are rows."""

    def detail(self, answers: Sequence[Answer], truths: Sequence[Truth]) -> dict[str, Any]:
        """What a report shows beside the metrics, as JSON: confusion, per label, calibration."""

    def utility(self, answers: Sequence[Answer], truths: Sequence[Truth]) -> Array:
        """What each answer was worth once its truth is known, [n] from 0.0 (nothing) to 1.0 (right):
        the one number that money reads."""

    def sent(self, answer: Answer) -> dict[str, Any]:
        """An answer as a client gets it."""

    def contract_examples(self) -> list[tuple[Any, str]]:
        """JSON values and labels small enough to train two steps on in a test."""


def each(read: Callable[[Any], Made], values: Iterable[Any]) -> Iterator[Made]:
    """`read` of every value in order, when it is asked for; BadInput instead of its ValueError."""
    for index, value in enumerate(values):
        try:
            yield read(value)
        except ValueError as error:
            raise BadInput(index, str(error)) from error


def open_task(name: str, *, labels: Sequence[str]) -> Task:
    """The registered task `name` for these labels; UserError when it is not registered."""
    task: Task = get("tasks", name)(tuple(labels))
    return task


def open_preprocessor(kind: str, folder: Path, settings: Mapping[str, Any]) -> Preprocessor:
    found: Preprocessor = get("preprocessors", kind).load(folder, settings)
    return found


def softmax(logits: Array) -> Array:
    """Rows sum to one; float64 so that calibration is not rounded away. [B, K] -> [B, K]"""
    shifted = np.asarray(logits, dtype=np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))

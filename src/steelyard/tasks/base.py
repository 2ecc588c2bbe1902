"""What a task must say, and nothing else may: what is asked, what is right, what that is worth.

Knows no arrays of a model, files, servers or money. A new task is one file with one class and one
entry point. Example: `open_task("text_classification", {"labels": ["neg", "pos"]}).decode("很好")`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from pydantic import ValidationError

from steelyard.errors import UserError
from steelyard.goals import Metric
from steelyard.plugins import get
from steelyard.spec import ProductFile
from steelyard.spec.section import Section
from steelyard.strangers import at_work

Content = Any  # by its kind (tasks/contents.py): str for text, bytes of a picture for images
Truth = Any  # what is right, as JSON: a label, spans, a text
UNLABELLED, LABELLED = "(unlabelled)", "(labelled)"  # what tables count records as
Made = TypeVar("Made")
if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
else:  # commands that only read a product file ask its task for its options, and compute nothing
    Array = Any


class BadInput(ValueError):
    """One value of a request cannot be read: `index` says which one, `message` why."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index, self.message = index, message


class Unknown(ValueError):
    """A truth in words that the task does not have: `word` is the first of them."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


@dataclass(frozen=True)
class Answer:
    """One prediction. `value` is any JSON value (a label, spans, a text), `score` how sure, from 0 to
    1, where the task has such a number, and `detail` the rest of it (every label's probability)."""

    value: Any
    score: float | None = None
    detail: Any = field(default_factory=dict)


class Task(Protocol):
    """The one place where what a product does is written down. One whose outcomes must fit the input of their
    answer may say `noted(answer, value)`: what a server keeps as the detail of an answer to a request's value; and
    `within(truth, noted)`, which raises ValueError for a truth that does not fit it."""

    name: ClassVar[str]
    Options: ClassVar[type[Section]]  # what the section `task` of a product file may say besides
    content: ClassVar[str]  # kind of what is asked, as registered: text, image
    answer: ClassVar[str]  # kind of answers and truths: label, spans, text
    quality: ClassVar[str]  # the metric that choices read
    known: ClassVar[Mapping[str, Metric]]  # every metric that it has
    operators: tuple[str, ...]
    words: ClassVar[str]  # the option that names its classes
    places: ClassVar[bool]  # whether truths and answers tell places of their text
    cleans: tuple[str, ...]  # operators that a request's text goes through too; empty where unsaid
    methods: ClassVar[tuple[str, ...]]  # suggested, the cheapest first; a task imports none
    options: Section

    def parse(self, raw: Any) -> Content:
        """A value of a data file -> content; ValueError says what is wrong with it."""

    def decode(self, value: Any) -> Content:
        """A JSON value of a request -> content; ValueError says what was expected."""

    def decode_all(self, values: Sequence[Any]) -> list[Content]:
        """All values of one request, read under one budget; BadInput names the value."""

    def truth(
        self, raw: Any, content: Content = None, names: Mapping[str, str | None] | None = None
    ) -> Truth:
        """A value of a data file (a text, where it is no list or object) or of a request -> what is right for `content`, where that is at
        hand; `names` are other words of the file. ValueError says what was expected, Unknown names
        the word that the task has not."""

    def write(self, truth: Truth) -> str:
        """A truth as one line of text, equal for equal ones: how tables keep it."""

    def read(self, written: str) -> Truth:
        """The inverse of `write`."""

    def moved(self, truth: Truth, content: Content) -> Truth:
        """The truth of what `content` was made of, as it is for `content`: places move with their text."""

    def renamed(self, value: Any, names: Mapping[str, str]) -> Any:
        """An answer or a truth of the past in the words of today, some of which had other `names`;
        None for one that has no such words."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What every part of the data must hold some of, such as each label; empty for no such thing."""

    def classes_of(self, truth: Truth) -> tuple[str, ...]:
        """Which of these a truth holds."""

    def counted_as(self, truth: Truth) -> str:
        """The one word under which tables of the data count it: a label, or LABELLED."""

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

    def wire(self) -> Wire:
        """What clients send and get, for the OpenAPI document."""

    def contract_examples(self) -> list[tuple[Any, Truth]]:
        """JSON values and truths small enough to train two steps on in a test."""


@dataclass(frozen=True)
class Wire:
    """JSON schemas: of an answer's own fields, of a truth that comes back, and of one input where it
    is narrower than its kind of content. `example` is an input and what is right for it, as clients send them."""

    answer: dict[str, dict[str, Any]]
    truth: dict[str, Any]
    input: dict[str, Any] | None = None
    example: tuple[Any, Any] | None = None


def each(read: Callable[[Any], Made], values: Iterable[Any]) -> Iterator[Made]:
    """`read` of every value in order, when it is asked for; BadInput instead of its ValueError."""
    for index, value in enumerate(values):
        try:
            yield read(value)
        except ValueError as error:
            raise BadInput(index, str(error)) from error


def open_task(name: str, options: Mapping[str, Any]) -> Task:
    """The registered task `name` with these options; UserError when it is not registered, breaks
    the protocol, or does not take them."""
    kind = task_kind(name)
    try:
        said = kind.Options.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("task", *first["loc"])))
        raise UserError(where, f"options of {name}", first["msg"], "see steelyard schema") from None
    with at_work("tasks", name):
        task: Task = kind(said)
    return task


def task_of(product: ProductFile) -> Task:
    """The task of a product file."""
    return open_task(product.spec.task.name, product.spec.task.options)


def task_kind(name: str) -> Any:
    """The class registered under `name`; UserError where it lacks what a task must say."""
    return get("tasks", name)

"""What a stage of the loop says of itself; everything else iterates over what is registered here.

A stage is one folder, or one package of a stranger's, and an entry point under `steelyard.stages`.
Its step's key holds what it declares, and its work is handed nothing else.
Example: `[stage.name for stage in stages()]`
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from steelyard.as_json import names as fields_of
from steelyard.as_json import of_json, to_json
from steelyard.errors import SteelyardError
from steelyard.near import near
from steelyard.plugins import loaded, strangers
from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.strangers import guarded
from steelyard.taken import take
from steelyard.terms import learn

if TYPE_CHECKING:
    from steelyard.tasks import Task

Output = dict[str, Any]  # what a step leaves, as JSON
Result = TypeVar("Result")  # what a stage's work returns: a frozen dataclass, or a dict of JSON
T = TypeVar("T")
Left = tuple[str, str]  # a file of the store: ("artifact", id) or (name of a dataset, tag)
Serve = Callable[[str], AbstractContextManager[str]]  # API key -> a server of this store, its URL
log = logging.getLogger("steelyard.stages")


class Report(Protocol):
    """How far the work is: what, how much is done, of how much where that is known."""

    def __call__(self, what: str, done: int, total: int | None, /) -> None: ...


def unheard(what: str, done: int, total: int | None, /) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Context:
    """All that a stage is handed. `product` has the sections that it reads, `taken` what it takes
    of earlier steps, `also` what else its key holds."""

    product: ProductFile
    store: Store
    task: Task
    turn: int
    taken: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    report: Report = unheard
    serve: Serve | None = None
    prior: Any = None  # what it left before, where it is to measure that again

    def of(self, name: str) -> Any:
        """What an earlier step left, as in `train.variant`; SteelyardError for what is not declared."""
        if name not in self.taken:
            raise SteelyardError(
                f"'{name}' is taken by a step that does not declare it: its key would not hold it"
            )
        return self.taken[name]

    def take(self, kind: type[T]) -> T:
        """What earlier steps left, as the dataclass that `takes` was read from (`names_of`)."""
        return take(kind, self.of)


@dataclass(frozen=True)
class Bought:
    """Something besides CPU that a step would pay for, and why so much of it."""

    quantity: float
    unit: str
    money: Decimal
    because: str = ""
    account: str = ""  # that it would be booked to; by its unit where none is said


@dataclass(frozen=True)
class Expected:
    """What a step of a turn would take, and where the figures are from. `cpu_s` is None where it
    takes next to nothing."""

    cpu_s: float | None = None
    because: str = "assumed"
    bought: Sequence[Bought] = ()


@dataclass(frozen=True)
class Forecast:
    """What is known before a turn: the file, and what a look at the data found. `labels` are those
    that will be there; `new` is None where the data were not read to their end; `measured` those of the hold-out
    that are not paid yet, `replayed` the labelled records of the stream."""

    product: ProductFile
    task: Task
    labels: int
    paid: int = 0
    new: int | None = None
    kept: int = 0
    pool: int | None = None
    measured: int = 0
    replayed: int = 0


@dataclass(frozen=True)
class Early:
    """Refuses what the file asks for as soon as earlier steps left what it takes, so that nothing
    is paid in between; it sees the whole file."""

    takes: tuple[str, ...]
    check: Callable[[ProductFile, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Block:
    """A part of a section of the report: a paragraph, a table, or both under a title."""

    title: str = ""
    text: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def _nothing(context: Context) -> Sequence[str]:
    return ()


def _leaves_nothing(left: Any) -> Sequence[Left]:
    return ()


def _accepts(product: ProductFile, task: Task) -> None:
    return None


def _unsaid(left: Any, *, ran: bool) -> str:
    return ""


def _unknown(forecast: Forecast) -> Expected:
    return Expected()


@dataclass(frozen=True)
class Stage(Generic[Result]):
    """One step of the loop.

    `reads` are sections (`label`) or fields (`money.prices.label`) of the product file; `takes` what
    earlier steps left (`train.variant`, or `train` for all of it); `also` whatever else decides its
    result, such as the bytes of files; `after` steps that only have to come before it.
    `output` is the frozen dataclass that its work returns; without one that is a dict of JSON. `leaves`,
    `summary` and `section` are handed the same, also of what an older version left.
    `section` is what the report shows of its output behind the sections that it has; stages whose facts are
    drawn there have none. `check` and `needs` refuse a file, or what is not installed, before anything is spent; `early`
    what the file and earlier steps cannot have together, as soon as these are done.
    """

    name: str
    run: Callable[[Context, Step], Result]
    doing: str = ""
    called: tuple[str, str] | None = None  # in English and Chinese; else by its name
    reads: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    also: Callable[[Context], Sequence[str]] = _nothing
    output: type[Result] | None = None
    leaves: Callable[[Result], Sequence[Left]] = _leaves_nothing
    check: Callable[[ProductFile, Task], None] = _accepts
    needs: Callable[[ProductFile, Task], None] = _accepts
    early: Early | None = None
    summary: Callable[..., str] = _unsaid  # (output, ran=...) -> one line
    estimate: Callable[[Forecast], Expected] = _unknown
    section: Callable[[Result, str], Sequence[Block]] | None = None  # of the report: en or zh

    @property
    def sections(self) -> tuple[str, ...]:
        """What its key holds of the product file."""
        return ("product", "task", *self.reads)

    @property
    def behind(self) -> frozenset[str]:
        """Names of the steps that come before it."""
        return frozenset(self.after) | {name.partition(".")[0] for name in self.takes}

    def work(self, context: Context, step: Step) -> Output:
        """Run it; what it leaves, as JSON."""
        body: Output = to_json(self.run(context, step))
        return body

    def read(self, left: Output) -> Any:
        """What it left, as its work returned it."""
        return left if self.output is None else of_json(self.output, left)

    def files(self, left: Output) -> Sequence[Left]:
        """Files of the store that hold what it left."""
        return self.leaves(self.read(left))

    def line(self, left: Output, *, ran: bool = True) -> str:
        """What came of it, in one line; `ran` is False when it was done before."""
        return self.summary(self.read(left), ran=ran)

    def taken(self, outputs: Mapping[str, Output]) -> dict[str, Any]:
        """What it takes of the steps before it; KeyError for a step that left nothing yet."""
        return values(self.takes, outputs)


def values(names: Sequence[str], outputs: Mapping[str, Output]) -> dict[str, Any]:
    """Values by name (`train.variant`, or `train` for the whole) of what steps left; None for one
    that a step did not leave, KeyError where the step left nothing."""
    by_name: dict[str, Any] = {}
    for name in names:
        step, _, value = name.partition(".")
        by_name[name] = outputs[step].get(value) if value else outputs[step]
    return by_name


def of_key(taken: Mapping[str, Any]) -> list[str]:
    """What a key holds of the values that are taken."""
    return [
        f"{name}={json.dumps(value, sort_keys=True, ensure_ascii=False)}"
        for name, value in taken.items()
    ]


def stages() -> tuple[Stage[Any], ...]:
    """Every registered stage that can be used, in the order of a turn."""
    return _registered()[0]


def names() -> tuple[str, ...]:
    return tuple(stage.name for stage in stages())


def broken() -> dict[str, str]:
    """Name of a registered stage that cannot be used -> why."""
    return dict(_registered()[1])


def stage_named(name: str) -> Stage[Any] | None:
    return next((stage for stage in stages() if stage.name == name), None)


@cache
def _registered() -> tuple[tuple[Stage[Any], ...], dict[str, str]]:
    registered, wrong = loaded("stages", _why_none)
    for name in strangers("stages"):
        if name in registered:
            registered[name] = guarded(
                "stages", name, registered[name], gives=_GIVES, each=_GIVES_EACH, but=("section",)
            )
    usable, lacking = in_order(registered)
    wrong |= lacking
    for stage in usable:
        if stage.called is not None:
            learn("step", stage.name, stage.called)
    for name, why in sorted(wrong.items()):
        log.warning("stage.left_out name=%s because=%s", name, why)
    return usable, wrong


_GIVES = {"summary": str, "estimate": Expected}
_GIVES_EACH = {"also": str, "leaves": tuple}  # a section that fails is told in its place


def _why_none(name: str, stage: Any) -> str | None:
    if not isinstance(stage, Stage):
        return f"expected a Stage, found {type(stage).__name__}"
    return None if stage.name == name else f"it calls itself '{stage.name}'"


def in_order(registered: Mapping[str, Stage[Any]]) -> tuple[tuple[Stage[Any], ...], dict[str, str]]:
    """Stages behind those that they need, of several the first by name; and those left out, with
    why: they take what nobody leaves, need one that is not there, or each other."""
    wrong = {name: why for name, s in registered.items() if (why := _not_left(s, registered))}
    left = {name: stage for name, stage in registered.items() if name not in wrong}
    while lacking := {
        n: sorted(s.behind - left.keys()) for n, s in left.items() if s.behind - left.keys()
    }:
        for name, missing in lacking.items():
            wrong[name] = f"it comes after '{missing[0]}', which is not there"
            del left[name]
    try:
        return tuple(left[name] for name in _sorted(left)), wrong
    except CycleError as error:
        circle = sorted(set(error.args[1]))
        rest = {name: stage for name, stage in left.items() if name not in circle}
        usable, more = in_order(rest)
        return usable, wrong | more | {
            n: f"it and {', '.join(circle)} come after each other" for n in circle
        }


def _not_left(stage: Stage[Any], registered: Mapping[str, Stage[Any]]) -> str | None:
    """Which value it takes that the other stage says it does not leave; None where all are there."""
    early = stage.early.takes if stage.early is not None else ()
    for name in (*stage.takes, *early):
        step, _, value = name.partition(".")
        output = registered[step].output if step in registered else None
        if not value or output is None or value in fields_of(output):
            continue
        hint = near(value, fields_of(output), before=f"{step}.")
        return f"it takes '{name}', which {step} does not leave" + (f"; {hint}" if hint else "")
    return None


def _sorted(left: Mapping[str, Stage[Any]]) -> Iterator[str]:
    sorter = TopologicalSorter({name: stage.behind for name, stage in left.items()})
    sorter.prepare()
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        name = ready.pop(0)
        yield name
        sorter.done(name)

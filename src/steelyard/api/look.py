"""What a turn would meet, found without spending or leaving anything. Knows no money.

It reads the data with the code of the data step and chooses labels with that of the label step,
at most the first `MOST` records of a source. Example: `look(load("product.yaml"), task).problems == []`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from steelyard.as_json import of_json
from steelyard.data.left import Cleaned, OperatorCount, RejectCounts
from steelyard.data.parts import check_parts
from steelyard.data.pipeline import Prepared, prepare
from steelyard.data.sources import bytes_of, root_of
from steelyard.errors import Missing, UserError
from steelyard.label.paid import Paid, paid_labels
from steelyard.label.purchase import Purchase, labelled, purchase
from steelyard.loop import check_early, check_installed, done_steps
from steelyard.spec import ProductFile
from steelyard.store import Store, check_ledger, has_ledger
from steelyard.store.records import Known, known_records
from steelyard.store.truths import Truths
from steelyard.tasks import Task

MOST = 20_000
NOTHING_REJECTED = RejectCounts(0, {}, ())
HASHED_MAX = 4 << 30  # bytes of sources that are read whole to know whether a step is done


@dataclass
class Look:
    """`problems` are what would stop a turn, each with its repair; `missing` those of them that
    are packages or models to install. `bought` is None where not all was read."""

    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    whole: bool = True
    splits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rejects: RejectCounts = NOTHING_REJECTED
    paid: int = 0
    bought: Purchase | None = None
    new: int = 0  # labels of it that are not paid yet
    measured: int = 0  # and of the hold-out
    replayed: int = 0  # and of the stream

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What a user can repair is told with everything else, once."""
        try:
            yield
        except Missing as error:
            self.missing.append(str(error))
            self._tell(error)
        except UserError as error:
            self._tell(error)

    def _tell(self, error: UserError) -> None:
        if str(error) not in self.problems:
            self.problems.append(str(error))


def look(file: ProductFile, task: Task) -> Look:
    """Everything that would stop a turn, and what its first steps would do."""
    outlook = Look()
    checks: list[Callable[[], object]] = [
        partial(check_installed, file, task),
        partial(check_ledger, file),
    ]
    checks += [partial(root_of, source, file.folder) for source in file.spec.data.sources]
    for one in checks:
        with outlook.telling():
            one()
    with outlook.telling(), _opened(file) as store:
        paid = paid_labels(store)
        outlook.paid = len(paid)
        if store is not None and bytes_of(file) <= HASHED_MAX:
            outlook.done = done_steps(file, store, task)
        if store is not None and "data" in outlook.done:
            _as_it_is(store, outlook, file, task, paid)
        else:
            _as_it_would_be(store, outlook, file, task, paid)
    return outlook


@contextmanager
def _opened(file: ProductFile) -> Iterator[Store | None]:
    """The product's store where there is one: looking makes none."""
    if not has_ledger(file):
        yield None
        return
    with closing(Store.open(file, create=False)) as store:
        yield store


def _as_it_is(store: Store, outlook: Look, file: ProductFile, task: Task, paid: Paid) -> None:
    left = of_json(Cleaned, outlook.done["data"])
    records = known_records(store.datasets, left.dataset)
    outlook.splits, outlook.rejects, outlook.read = left.splits, left.rejects, _read(left.counts)
    _labels(outlook, file, task, records, paid, Truths(store))


def _as_it_would_be(
    store: Store | None, outlook: Look, file: ProductFile, task: Task, paid: Paid
) -> None:
    made = prepare(file, task=task, store=store, most=MOST)
    outlook.read = _read(made.counts)
    outlook.whole, outlook.splits = made.whole, made.splits
    outlook.rejects = made.rejects.counted()
    truths = Truths(store)
    if not made.whole:
        _told(outlook, _records(made), paid, truths)
        return  # what was not read may hold what is wanted
    with outlook.telling():
        check_parts(task, made.rows, made.parts, file, rejects=made.rejects, counts=made.counts)
        _labels(outlook, file, task, _records(made), paid, truths)


def _read(counts: Iterable[OperatorCount]) -> dict[str, int]:
    """Records that were read of each source."""
    own = [count for count in counts if count.operator.startswith("read ")]
    return {count.operator.removeprefix("read "): count.taken for count in own}


def _records(made: Prepared) -> list[Known]:
    return [Known(r.id, r.key, r.digest, made.parts[r.id], r.label, r.source) for r in made.rows]


def _labels(
    outlook: Look,
    file: ProductFile,
    task: Task,
    records: list[Known],
    paid: Paid,
    truths: Truths,
) -> None:
    """In the order of the label step."""
    with outlook.telling():
        check_early(file, {"data": {"splits": outlook.splits}})
    with outlook.telling():
        outlook.bought = purchase(file, task, records, paid)
        outlook.new = len(truths.unpaid(outlook.bought.fresh))
        _told(outlook, records, paid, truths)


def _told(outlook: Look, records: list[Known], paid: Paid, truths: Truths) -> None:
    """Labels besides those that are trained on: at least so many where not all was read."""
    measured, replayed = (labelled(records, part) for part in ("holdout", "stream"))
    outlook.measured = len(truths.unpaid(key for key in measured if key not in paid))
    outlook.replayed = len(truths.unpaid(replayed))

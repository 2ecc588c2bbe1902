"""Which labels a turn trains on and which of them it has to buy. Knows no store and no money.

The order of buying is a hash of seed and id, so a larger purchase holds the smaller one.
Example: `purchase(product, task, records, paid).new == 0` when nothing is missing
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from steelyard.errors import DataError
from steelyard.spec import ProductFile
from steelyard.spec.model import LABELS_DEFAULT
from steelyard.store.records import Known
from steelyard.tasks import Task


@dataclass(frozen=True)
class Purchase:
    """`ids`, `labels` and `keys` of what is trained on, in the order of buying."""

    ids: list[str]
    labels: list[str]
    keys: list[str]
    by_label: dict[str, int]
    fresh: list[str]  # keys of those to pay for
    kept: int  # paid labels whose text is in the data, in whichever part
    corrected: int  # paid labels that the file now says otherwise
    pool: int  # labelled records of the training part

    @property
    def new(self) -> int:
        return len(self.fresh)


def purchase(
    product: ProductFile, task: Task, records: Sequence[Known], paid: Mapping[str, str]
) -> Purchase:
    """Every paid label that is in the training part, and new ones up to `label.start` in all.

    `paid` has the label that was paid for each key. The file's own label of the same text is a
    correction and costs nothing. DataError where the file asks for more than there is.
    """
    # places that were paid for are those of the text as it was then
    known = {
        r.key: paid[r.key]
        for r in records
        if r.key in paid and (not task.places or r.key == r.digest)
    }
    said = {r.id: r.label or known.get(r.key) for r in records if r.part == "train"}
    pool = {r.id: r for r in records if _known(task, said.get(r.id))}
    order = buying_order(pool, seed=product.spec.label.seed)
    # the same text twice is paid once
    fresh = list(dict.fromkeys(pool[i].key for i in order if pool[i].key not in known))
    short = _wanted(product, len(known) + len(fresh)) - len(known)
    buy = set(fresh[: max(0, short)])
    chosen = [i for i in order if pool[i].key in known or pool[i].key in buy]
    told = [str(said[i]) for i in chosen]
    holds = Counter(c for label in told for c in task.classes_of(task.read(label)))
    by_label = {name: holds[name] for name in task.classes}
    _check_every_label(product, by_label)
    return Purchase(
        chosen,
        told,
        [pool[i].key for i in chosen],
        by_label,
        fresh=sorted(buy),
        kept=len(known),
        corrected=sum(known.get(pool[i].key, t) != t for i, t in zip(chosen, told, strict=True)),
        pool=len(pool),
    )


def labelled(records: Iterable[Known], part: str) -> Iterator[str]:
    """Keys of the texts of a part that have a label, such as those that models are measured by."""
    return (r.key for r in records if r.part == part and r.label is not None)


def _known(task: Task, label: str | None) -> bool:
    """Whether it is a truth of the task as the file has it now: a paid one may be in words of before."""
    if label is None:
        return False
    try:
        task.truth(task.read(label))
    except ValueError:
        return False
    return True


def buying_order(ids: Iterable[str], *, seed: int) -> list[str]:
    """Ids by SHA-256 of seed and id: stable when data are added, nested when more are bought."""
    return sorted(ids, key=lambda i: hashlib.sha256(f"{seed}\t{i}".encode()).digest())


def _wanted(product: ProductFile, available: int) -> int:
    """How many labels there shall be; a default takes what there is."""
    asked = product.spec.label.start
    if asked is None:
        return min(LABELS_DEFAULT, available)
    if asked > available:
        raise DataError(
            f"{product.path.name} label.start",
            f"at most {available} labels (the training pool)",
            str(asked),
            "lower label.start, leave it out to take what there is, or add data",
        )
    return asked


def _check_every_label(product: ProductFile, by_label: dict[str, int]) -> None:
    absent = [label for label, n in by_label.items() if n == 0]
    if absent:
        raise DataError(
            f"{product.path.name} label.start",
            "labels of every kind among those bought",
            f"none of {absent} among {sum(by_label.values())}",
            "raise label.start or remove the label",
        )

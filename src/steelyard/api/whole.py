"""Whether a whole store is what was written: ledger, datasets, artifacts, and what lies about.

Changes nothing. Example: `examine_store(load("product.yaml"))`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from steelyard.errors import Missing, StoreError, UserError
from steelyard.spec import Money, ProductFile
from steelyard.stage import stages
from steelyard.store import Artifacts, Datasets, Holdings, Store, has_ledger
from steelyard.store.place import misplaced, mode_of, root_of
from steelyard.store.scratch import Scratch
from steelyard.store.truths import NAME as TRUTHS
from steelyard.store.truths import tags_of

TURN, HAND = (
    "run: steelyard turn {file}",
    "run: steelyard release rollback {file}, or promote another variant",
)
Left = tuple[str, str]  # ("artifact", id) or (name of a dataset, tag)


@dataclass(frozen=True)
class Problem:
    """One thing that is damaged, missing or lies about; `cost` is what it took the last time."""

    what: str
    state: str  # damaged, missing, left over, open to others
    found: str
    repair: str
    cost: str = ""


@dataclass(frozen=True)
class _Known:
    """What the ledger says of a file: the step that left it, what that cost, whether a turn needs it."""

    step: str
    cost: str
    current: bool
    paid: bool = False  # it says which labels were paid


def examine_store(file: ProductFile) -> dict[str, Any]:
    """{"checked": counts, "problems": rows}; damage is listed, not raised."""
    problems: list[Problem] = []
    checked = {"ledger_lines": 0, "datasets": 0, "artifacts": 0}
    known: dict[Left, _Known] = {}
    answering: set[str] = set()
    products = [file.spec.product]
    try:
        if not has_ledger(file):
            raise Missing(
                str(root_of(file)),
                "the store of an earlier turn",
                "nothing there",
                "run: steelyard turn",
            )
        with closing(Store.open(file, create=False)) as store:
            checked["ledger_lines"] = _ledger(store, problems)
            known, answering = _known(store), {r["variant"] for r in store.releases.current()}
            products = store.products()
            problems += _salt(store)
    except StoreError as error:
        problems.append(Problem("ledger", "damaged", str(error), error.repair))
    holdings = Holdings.of(file, products=lambda: products)
    datasets, artifacts = holdings.datasets, holdings.artifacts
    for left, look in _looks(datasets, artifacts, known, answering):
        checked["artifacts" if left[0] == "artifact" else "datasets"] += 1
        made, copied = known.get(left), partial(datasets.has_copy, *left)
        repair = partial(_repair, file, made, copied=copied, answering=left[1] in answering)
        problems += _problem(look, left, made, repair)
    problems += _copies(file, datasets)
    problems += _about(datasets, artifacts, known, answering)
    problems += [*_places(file), *_open(file), *_scratch(file, holdings.scratch)]
    return {"checked": checked, "problems": [asdict(p) for p in problems]}


def _ledger(store: Store, problems: list[Problem]) -> int:
    """Lines of an unbroken chain, every row's hash compared."""
    lines = 0
    try:
        store.ledger.look_over()
    except StoreError as error:
        problems.append(Problem("ledger", "damaged", str(error), error.repair))
    try:
        lines = store.ledger.verify()
    except StoreError as error:
        problems.append(Problem("ledger", "damaged", str(error), error.repair))
    return lines


def _known(store: Store) -> dict[Left, _Known]:
    """What every finished step left; the newest of each name is what the next turn looks for."""
    cost = {
        key: str(Money(-money.nano, money.currency))
        for key, money in store.ledger.of_steps().items()
    }
    leaves = {stage.name: stage.files for stage in stages()}
    by_left: dict[Left, _Known] = {}
    for row in store.steps.all():
        own = leaves.get(row["name"])
        newest = own(row["output"]) if own else []
        for left in newest:
            # a later step may name what an earlier one left, and does not make it again
            first = by_left[left].step if left in by_left else row["name"]
            if first == row["name"]:
                by_left[left] = _Known(first, cost.get(row["key"], ""), current=True)
        for left, known in list(by_left.items()):
            if known.step == row["name"] and left not in newest:
                by_left[left] = _Known(known.step, known.cost, current=False)
    for tag in tags_of(store):
        by_left[TRUTHS, tag] = _Known("labels", "", current=True, paid=True)
    return by_left


def _looks(
    datasets: Datasets, artifacts: Artifacts, known: dict[Left, _Known], answering: set[str]
) -> Iterator[tuple[Left, Callable[[], object]]]:
    """Everything that lies in the store, and what the ledger names that may not."""
    here = [(name, tag) for name in datasets.names() for tag in datasets.tag_names(name)]
    here += [("artifact", identity) for identity in artifacts.names()]
    needed = [left for left, k in known.items() if k.current] + [("artifact", v) for v in answering]
    for kind, identity in dict.fromkeys(here + needed):
        if kind == "artifact":
            yield (kind, identity), lambda i=identity: artifacts.open(i)  # type: ignore[misc]
        else:
            yield (kind, identity), lambda n=kind, t=identity: datasets.examine(n, t)  # type: ignore[misc]


def _problem(
    look: Callable[[], object],
    left: Left,
    known: _Known | None,
    repair: Callable[[], tuple[str, str]],
) -> list[Problem]:
    try:
        look()
    except (UserError, OSError) as error:
        made = f" ({known.step})" if known else ""
        return [Problem(f"{left[0]} {left[1]}{made}", _state(error), str(error), *repair())]
    return []


def _repair(
    file: ProductFile, known: _Known | None, *, copied: Callable[[], bool], answering: bool
) -> tuple[str, str]:
    """What makes a file again, and what that took the last time."""
    turn = TURN.format(file=file.path.name)
    if copied():
        return f"{turn}, which restores them from their copy", ""
    if known is not None and known.paid:
        return "restore it from a backup: the labels in it would be paid again", ""
    if known is not None and known.current:
        return turn, known.cost
    if answering:
        return HAND.format(file=file.path.name), ""
    return "no turn needs it: remove it, or restore it from a backup", ""


def _state(error: Exception) -> str:
    return "missing" if isinstance(error, Missing) else "damaged"


def _copies(file: ProductFile, datasets: Datasets) -> Iterator[Problem]:
    """Copies of labels that were paid for: the labels are restored from them."""
    for name in datasets.names():
        for tag in datasets.tag_names(name):
            try:
                datasets.examine_copy(name, tag)
            except UserError as error:
                yield Problem(
                    f"copy of {name} {tag}",
                    _state(error),
                    str(error),
                    f"{TURN.format(file=file.path.name)}, which copies them again",
                )


def _about(
    datasets: Datasets, artifacts: Artifacts, known: dict[Left, _Known], answering: set[str]
) -> Iterator[Problem]:
    """What no row names, drafts, and what was put away as damaged."""
    wanted = {identity for kind, identity in known if kind == "artifact"} | answering
    for identity in artifacts.names() if known else []:
        if identity not in wanted:
            size = artifacts.bytes(identity) / 1e6
            yield Problem(
                f"artifact {identity}",
                "left over",
                f"{size:.1f} MB that no step of this product left",
                "another product's, or remove it",
            )
    for draft in artifacts.drafts():
        yield Problem(
            f"draft {draft.name}",
            "left over",
            "a run that goes on or was killed",
            "the next turn removes it when nobody holds it",
        )
    for place in datasets.put_away():
        yield Problem(place, "left over", "put away as damaged", "remove it when all else is whole")


def _places(file: ProductFile) -> Iterator[Problem]:
    for name, fact in misplaced(file):
        yield Problem(name, "damaged", fact, "move it away")


def _salt(store: Store) -> Iterator[Problem]:
    try:
        store.check_salt()
    except UserError as error:
        yield Problem("salt", _state(error), str(error), error.repair)


def _open(file: ProductFile) -> Iterator[Problem]:
    mode, place = mode_of(file), str(root_of(file))
    if mode & 0o077:
        yield Problem(place, "open to others", f"mode {mode:o}", f"run: chmod 700 {place}")


def _scratch(file: ProductFile, scratch: Scratch) -> Iterator[Problem]:
    """What a killed turn would go on from."""
    for name, path in scratch.damaged():
        repair = f"{TURN.format(file=file.path.name)}, which trains again"
        yield Problem(
            f"scratch {name}",
            "damaged",
            f"{path}: left over by a killed turn, expected the bytes that its name is the hash of, found others",
            repair,
        )

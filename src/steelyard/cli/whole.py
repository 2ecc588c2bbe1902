"""Whether a whole store is what was written: ledger, datasets, artifacts, and what lies about.

Changes nothing but what repairs itself from a copy. Example: `examine_store(load("product.yaml"))`
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from steelyard.errors import Missing, StoreError, UserError
from steelyard.loop import STEPS
from steelyard.spec import Money, ProductFile
from steelyard.store import Artifacts, Datasets, Store
from steelyard.store.place import root_of
from steelyard.store.salt import salt

TURN, HAND = "run: steelyard turn {file}", "run: steelyard release rollback {file}, or promote another variant"  # fmt: skip
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


def examine_store(file: ProductFile) -> dict[str, Any]:
    """{"checked": counts, "problems": rows}; damage is listed, not raised."""
    root = root_of(file)
    if not root.is_dir():
        raise Missing(str(root), "the store of an earlier turn", "nothing there", "run: steelyard turn")  # fmt: skip
    problems: list[Problem] = []
    checked = {"ledger_lines": 0, "datasets": 0, "artifacts": 0}
    known: dict[Left, _Known] = {}
    answering: set[str] = set()
    try:
        with closing(Store.open(file, create=False)) as store:
            checked["ledger_lines"] = _ledger(store, problems)
            known, answering = _known(store), {r["variant"] for r in store.releases.current()}
    except StoreError as error:
        problems.append(Problem("ledger", "damaged", str(error), error.repair))
    datasets, artifacts = Datasets(root / "datasets"), Artifacts(root / "artifacts")
    for left, look in _looks(datasets, artifacts, known, answering):
        checked["artifacts" if left[0] == "artifact" else "datasets"] += 1
        problems += _problem(file, left, look, known.get(left), answering=left[1] in answering)
    problems += _about(datasets, artifacts, known, answering)
    problems += _secrets(root)
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
    cost = {key: str(Money(-money.nano, money.currency)) for key, money in store.ledger.of_steps().items()}  # fmt: skip
    leaves = {plan.name: plan.leaves for plan in STEPS}
    found: dict[Left, _Known] = {}
    for row in store.steps.all():
        own = leaves.get(row["name"])
        for left in own(row["output"]) if own else []:
            found[left] = _Known(row["name"], cost.get(row["key"], ""), current=True)
        newest = own(row["output"]) if own else []
        for left, known in list(found.items()):
            if known.step == row["name"] and left not in newest:
                found[left] = _Known(known.step, known.cost, current=False)
    return found


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
            yield (kind, identity), lambda n=kind, t=identity: datasets.verify(n, t)  # type: ignore[misc]


def _problem(
    file: ProductFile, left: Left, look: Callable[[], object], known: _Known | None, *, answering: bool
) -> list[Problem]:  # fmt: skip
    try:
        look()
    except UserError as error:
        state = "missing" if isinstance(error, Missing) else "damaged"
        if known is not None and known.current:
            repair, cost = TURN.format(file=file.path.name), known.cost
        elif answering:
            repair, cost = HAND.format(file=file.path.name), ""
        else:
            repair, cost = "no turn needs it: remove it, or restore it from a backup", ""
        made = f" ({known.step})" if known else ""
        return [Problem(f"{left[0]} {left[1]}{made}", state, str(error), repair, cost)]
    return []


def _about(
    datasets: Datasets, artifacts: Artifacts, known: dict[Left, _Known], answering: set[str]
) -> Iterator[Problem]:
    """What no row names, drafts, and what was put away as damaged."""
    wanted = {identity for kind, identity in known if kind == "artifact"} | answering
    for identity in artifacts.names() if known else []:
        if identity not in wanted:
            size = artifacts.bytes(identity) / 1e6
            yield Problem(f"artifact {identity}", "left over", f"{size:.1f} MB that no step of this product left", "another product's, or remove it")  # fmt: skip
    for draft in artifacts.drafts():
        yield Problem(f"draft {draft.name}", "left over", "a run that goes on or was killed", "the next turn removes it when nobody holds it")  # fmt: skip
    for path in sorted(datasets.root.rglob("*.damaged-*")):
        yield Problem(str(path), "left over", "put away as damaged", "remove it when all else is whole")  # fmt: skip


def _secrets(root: Any) -> Iterator[Problem]:
    if (root / "salt").exists():
        try:
            salt(root)
        except StoreError as error:
            yield Problem("salt", "damaged", str(error), error.repair)
    if stat.S_IMODE(root.stat().st_mode) & 0o077:
        yield Problem(str(root), "open to others", f"mode {stat.S_IMODE(root.stat().st_mode):o}", f"run: chmod 700 {root}")  # fmt: skip

"""What a turn will cost in money and minutes, said before anything is spent. Knows no stage's inside.

Labels are those that the label step would buy of the data as they are. CPU comes from the ledger's
last turn, or is assumed and said to be. Example: `estimate(load("product.yaml"))["total"]`
"""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from typing import Any

from steelyard.cli.look import Look, look
from steelyard.loop import NAMES, check
from steelyard.spec import Money, ProductFile
from steelyard.spec.model import LABELS_DEFAULT
from steelyard.store import Store, has_ledger
from steelyard.store.place import check_places
from steelyard.tasks import Task, open_task

# CPU seconds of a first turn where the ledger knows none: what the two examples took, rounded up.
ENCODER_S_PER_EXAMPLE, SMALL_S_PER_EXAMPLE = 0.1, 0.001
FIXED_S = {"data": 10, "baseline": 5, "compress": 300, "replay": 30}


def estimate(file: ProductFile) -> dict[str, Any]:
    """{"steps": rows of step, quantity, unit, money, minutes, because; "total", "minutes"; "data":
    what was read; "problems": what would stop a turn; "missing": those to install}."""
    task = open_task(file.spec.task.name, labels=file.spec.task.labels)
    check(file, task)
    seen, found = _history(file), look(file, task)
    with found.telling():
        check_places(file)
    rows = [_labels(file, found)]
    for name in NAMES:
        seconds, because = _seconds(file, task, name, seen, found)
        if seconds is not None:
            rows.append(_cpu(file, name, seconds, because))
    total = Money(sum(r["nano"] for r in rows), file.spec.money.currency)
    return {
        "steps": [{k: v for k, v in r.items() if k != "nano"} for r in rows],
        "total": str(total), "minutes": round(sum(r["minutes"] for r in rows), 1),
        "data": {
            "read": found.read, "whole": found.whole, "splits": found.splits,
            "rejects": found.rejects,
        },
        "missing": found.missing, "problems": found.problems,
    }  # fmt: skip


def _labels(file: ProductFile, found: Look) -> dict[str, Any]:
    """What the label step will pay; only about that where not all data were read."""
    if "label" in found.done:
        return _row(file, "label", 0, "label", Decimal(0), f"{found.paid:,} paid, done already")
    bought = found.bought
    if bought is not None:
        asked = file.spec.label.start or LABELS_DEFAULT
        because = f"{asked:,} asked for, {bought.kept:,} paid before, {bought.pool:,} in the training pool"
        new = bought.new
    else:
        asked = file.spec.label.start or LABELS_DEFAULT
        new = max(0, asked - found.paid)
        because = f"about: {asked:,} asked for, {found.paid:,} paid before"
    return _row(file, "label", new, "label", file.spec.money.prices.label * new, because)


def _cpu(file: ProductFile, step: str, seconds: float, because: str) -> dict[str, Any]:
    hours = Decimal(str(round(seconds, 1))) / 3600
    money = file.spec.money.prices.cpu_hour * hours
    made = _row(file, step, round(float(hours), 4), "cpu_hour", money, because)
    return made | {"minutes": round(seconds / 60, 1)}


def _row(
    file: ProductFile, step: str, quantity: float, unit: str, money: Decimal, because: str
) -> dict[str, Any]:
    amount = Money.of(money, file.spec.money.currency)
    return {
        "step": step, "quantity": quantity, "unit": unit, "nano": amount.nano,
        "money": str(amount), "minutes": 0.0, "because": because,
    }  # fmt: skip


def _seconds(
    file: ProductFile, task: Task, name: str, seen: dict[str, float], found: Look
) -> tuple[float | None, str]:
    """CPU seconds of a step, and where the figure is from; None where it takes next to none."""
    if name in found.done:
        return 0.0, "done already"
    if name in seen:
        return seen[name], "measured in the last turn"
    if name in FIXED_S:
        return FIXED_S[name], "assumed"
    each = ENCODER_S_PER_EXAMPLE if task.needs_backbone else SMALL_S_PER_EXAMPLE
    labels = file.spec.label.start or LABELS_DEFAULT
    if found.bought is not None:
        labels = len(found.bought.ids)
    work = labels * file.spec.train.epochs * each
    if name == "train":
        return work, "assumed"
    if name == "curve":
        return work * sum(file.spec.plan.curve), "assumed"
    return None, ""


def _history(file: ProductFile) -> dict[str, float]:
    """CPU seconds of each step's last run; nothing is created on the disk."""
    if not has_ledger(file):
        return {}
    with closing(Store.open(file, create=False)) as store:
        return store.steps.cpu_s()

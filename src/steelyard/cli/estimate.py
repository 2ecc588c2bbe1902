"""What a turn will cost, said before anything is spent. Knows no stage's inside.

Labels are exact while the data stay as they are. CPU comes from the ledger's last turn, or is assumed and said to be.
Example: `estimate(load("product.yaml"))["total"]`
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from functools import partial
from typing import Any

import sqlalchemy as sa

from steelyard.data.sources import root_of
from steelyard.errors import Missing
from steelyard.loop import NAMES, check, check_installed
from steelyard.spec import Money, ProductFile
from steelyard.spec.model import LABELS_DEFAULT
from steelyard.store import Store, tables
from steelyard.tasks import Task, open_task

# CPU seconds of a first turn where the ledger knows none: what the two examples took, rounded up.
ENCODER_S_PER_EXAMPLE, SMALL_S_PER_EXAMPLE = 0.1, 0.001
FIXED_S = {"data": 10, "baseline": 5, "compress": 300, "replay": 30}


def estimate(file: ProductFile) -> dict[str, Any]:
    """{"steps": rows of step, quantity, unit, money, because; "total"; "missing": what a turn
    needs that is not here}: validates the task too."""
    task = open_task(file.spec.task.name, labels=file.spec.task.labels)
    check(file, task)
    currency, prices = file.spec.money.currency, file.spec.money.prices
    seen, bought = _history(file)
    start = file.spec.label.start or LABELS_DEFAULT
    new = max(0, start - bought)
    rows = [
        _row(
            "label",
            new,
            "label",
            Money.of(prices.label * new, currency),
            f"{start:,} wanted, {bought:,} bought",
        )
    ]
    for name in NAMES:
        seconds, because = _seconds(file, task, name, seen)
        if seconds is None:
            continue
        hours = Decimal(str(round(seconds, 1))) / 3600
        rows.append(
            _row(
                name,
                round(float(hours), 4),
                "cpu_hour",
                Money.of(prices.cpu_hour * hours, currency),
                because,
            )
        )
    total = Money(sum(r["nano"] for r in rows), currency)
    return {
        "steps": [_plain(r) for r in rows],
        "total": str(total),
        "missing": _missing(file, task),
    }


def _missing(file: ProductFile, task: Task) -> list[str]:
    """Packages of sources and of training that are not installed, with their repairs."""
    looks: list[Callable[[], object]] = [partial(check_installed, file, task)]
    looks += [partial(root_of, source, file.folder) for source in file.spec.data.sources]
    found = []
    for look in looks:
        try:
            look()
        except Missing as error:
            found.append(str(error))
    return list(dict.fromkeys(found))


def _seconds(
    file: ProductFile, task: Task, name: str, seen: dict[str, float]
) -> tuple[float | None, str]:
    if name in seen:
        return seen[name], "measured in the last turn"
    if name in FIXED_S:
        return FIXED_S[name], "assumed"
    each = ENCODER_S_PER_EXAMPLE if task.needs_backbone else SMALL_S_PER_EXAMPLE
    work = (file.spec.label.start or LABELS_DEFAULT) * file.spec.train.epochs * each
    if name == "train":
        return work, "assumed"
    if name == "curve":
        return work * sum(file.spec.plan.curve), "assumed"
    return None, ""


def _history(file: ProductFile) -> tuple[dict[str, float], int]:
    """CPU seconds of each step's last run, and labels bought; nothing is created on the disk."""
    if not (file.folder / file.spec.store).exists():
        return {}, 0
    s, t = tables.step, tables.turn
    query = sa.select(s.c.name, s.c.cpu_s, s.c.output).join(t, t.c.id == s.c.turn)
    with closing(Store.open(file)) as store:
        rows = store.database.rows(query.where(t.c.product == store.product).order_by(s.c.done))
    bought = [row["output"]["bought"] for row in rows if row["name"] == "label"]
    return {row["name"]: row["cpu_s"] for row in rows}, max(bought, default=0)


def _row(step: str, quantity: float, unit: str, money: Money, because: str) -> dict[str, Any]:
    return {
        "step": step,
        "quantity": quantity,
        "unit": unit,
        "nano": money.nano,
        "money": str(money),
        "because": because,
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k != "nano"}

"""What a turn will cost in money and minutes, said before anything is spent. Knows no stage's inside.

Labels are those that the label step would buy of the data as they are. CPU comes from the ledger's
last turn, or is assumed and said to be. Example: `estimate(load("product.yaml"))["total"]`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from steelyard.api.budgets import budgets, unknown_accounts
from steelyard.api.look import Look, look
from steelyard.api.market import import_problems
from steelyard.as_json import to_json
from steelyard.loop import check
from steelyard.spec import Money, ProductFile
from steelyard.spec.model import LABELS_DEFAULT
from steelyard.stage import Forecast, Stage, stages
from steelyard.store import Store, has_ledger
from steelyard.store.budgets import is_of
from steelyard.store.place import check_places
from steelyard.tasks import Task, task_of


@dataclass(frozen=True)
class StepCost:
    """What one step would buy or take."""

    step: str
    quantity: float
    unit: str
    money: Money
    minutes: float
    because: str
    account: str  # that it would be booked to

    def to_json(self) -> dict[str, Any]:
        return vars(self) | {"money": str(self.money)}


def estimate(file: ProductFile) -> dict[str, Any]:
    """{"steps": rows of step, quantity, unit, money, minutes, because, account; "total", "minutes"; "data":
    what was read; "problems": what would stop a turn; "missing": those to install}."""
    task = task_of(file)
    check(file, task)
    seen, outlook = _history(file), look(file, task)
    with outlook.telling():
        check_places(file)
    forecast = _forecast(file, task, outlook)
    rows = [row for stage in stages() for row in _rows(file, stage, forecast, seen, outlook)]
    total = Money(sum(row.money.nano for row in rows), file.spec.money.currency)
    return {
        "steps": [row.to_json() for row in rows],
        "total": str(total),
        "minutes": round(sum(row.minutes for row in rows), 1),
        "data": {
            "read": outlook.read,
            "whole": outlook.whole,
            "splits": outlook.splits,
            "rejects": to_json(outlook.rejects),
        },
        "missing": outlook.missing,
        "problems": [
            *outlook.problems,
            *import_problems(file),
            *unknown_accounts(file),
            *_over_budget(file, rows),
        ],
    }


def _over_budget(file: ProductFile, rows: Sequence[StepCost]) -> list[str]:
    """Budgets that the turn would break, beside what was spent of them this month."""
    if not file.spec.money.budgets:
        return []
    spent = {one["name"]: Decimal(one["spent_amount"]) for one in budgets(file)}
    problems = []
    for name, budget in file.spec.money.budgets.items():
        costs = [r.money.amount for r in rows if is_of(r.account, name)]
        more = sum(costs, Decimal(0))
        if budget.stop and more and spent.get(name, Decimal(0)) + more > budget.a_month:
            currency = file.spec.money.currency
            problems.append(
                f"money.budgets.{name}: a turn is estimated at {more:,.2f} {currency} of it, "
                f"{spent.get(name, Decimal(0)):,.2f} are spent this month, and a_month is {budget.a_month:,.2f}; "
                "raise it, or run: steelyard turn --over-budget"
            )
    return problems


def _forecast(file: ProductFile, task: Task, outlook: Look) -> Forecast:
    bought = outlook.bought
    labels = file.spec.label.start or LABELS_DEFAULT
    if bought is None:
        told = {"measured": outlook.measured, "replayed": outlook.replayed}
        return Forecast(file, task, labels, paid=outlook.paid, **told)
    return Forecast(
        file,
        task,
        len(bought.ids),
        paid=outlook.paid,
        new=outlook.new,
        kept=bought.kept,
        pool=bought.pool,
        measured=outlook.measured,
        replayed=outlook.replayed,
    )


def _rows(
    file: ProductFile, stage: Stage[Any], forecast: Forecast, seen: dict[str, float], outlook: Look
) -> Iterator[StepCost]:
    """What a step would buy, and its CPU: as its last run took it, or as it says itself."""
    expected, done = stage.estimate(forecast), stage.name in outlook.done
    for one in expected.bought:
        if done:
            yield _row(file, stage.name, 0, one.unit, Decimal(0), "paid, done already")
        else:
            made = _row(file, stage.name, one.quantity, one.unit, one.money, one.because)
            yield replace(made, account=one.account or one.unit)
    if done:
        yield _cpu(file, stage.name, 0.0, "done already")
    elif stage.name in seen:
        yield _cpu(file, stage.name, seen[stage.name], "measured in the last turn")
    elif expected.cpu_s is not None:
        yield _cpu(file, stage.name, expected.cpu_s, expected.because)


def _cpu(file: ProductFile, step: str, seconds: float, because: str) -> StepCost:
    hours = Decimal(str(round(seconds, 1))) / 3600
    money = file.spec.money.prices.cpu_hour * hours
    made = _row(file, step, round(float(hours), 4), "cpu_hour", money, because)
    return replace(made, minutes=round(seconds / 60, 1), account=f"cpu.{step}")


def _row(
    file: ProductFile, step: str, quantity: float, unit: str, money: Decimal, because: str
) -> StepCost:
    amount = Money.of(money, file.spec.money.currency)
    return StepCost(step, quantity, unit, amount, 0.0, because, unit)


def _history(file: ProductFile) -> dict[str, float]:
    """CPU seconds of each step's last run; nothing is created on the disk."""
    if not has_ledger(file):
        return {}
    with closing(Store.open(file, create=False)) as store:
        return store.steps.cpu_s()

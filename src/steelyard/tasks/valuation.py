"""What answers are worth in money once their truths are known: by kind of right and wrong.

Knows no ledger. Without `money.values` an answer is worth its utility times `money.correct_answer`; a
value table prices pairs of labels, or tiers of utility, and what is no answer.
Example: `Valuation(task, money).money([Answer("pos")], ["pos"])[0] == money.correct_answer`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, TypedDict

from steelyard.errors import UserError
from steelyard.near import near
from steelyard.spec.pricing import UTILITY_STEP, MoneySpec
from steelyard.tasks.base import Answer, Array, Task, Truth

LABEL = "label"  # the kind of answers whose pairs a table can name
Kind = tuple[str | None, str | None, bool, int]  # truth and answer, whether it says anything, step
NOTHING = Decimal(0)


class KindCount(TypedDict, total=False):
    """How many answers of a kind an evaluation counted, and their mean utility, as it is kept: of
    labels with `truth` and `answer`, and `says` false of those that say nothing."""

    truth: str | None
    answer: str | None
    says: bool
    utility: float
    n: int


class Valuation:
    """The money of answers, from `least` to `most`, and the same as shares from 0 to 1 of that
    range: what experiments and the plan compare."""

    def __init__(self, task: Task, money: MoneySpec) -> None:
        self.task, self.right, self.table = task, money.correct_answer, money.values
        self.currency = money.currency
        self._tiers = sorted(self.table.tiers.items())

    @cached_property
    def least(self) -> Decimal:
        """Of what an answer can be worth; 0 unless a table says less."""
        return min([NOTHING, *self._prices])

    @cached_property
    def most(self) -> Decimal:
        return max([NOTHING, self.right, *self._prices])

    @property
    def range(self) -> Decimal:
        """Money between the worst answer and the best."""
        return self.most - self.least

    @property
    def scale(self) -> str:
        """Names what shares mean, for what is summed over months: empty without a table."""
        if not self.table.given:
            return ""
        body = self.table.model_dump(mode="json") | {"correct_answer": str(self.right)}
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def _prices(self) -> list[Decimal]:
        rows = [price for row in self.table.labels.values() for price in row.values()]
        none = self.table.no_answer
        return [*rows, *self.table.tiers.values(), *([] if none is None else [none])]

    def money(self, answers: Sequence[Answer], truths: Sequence[Truth]) -> list[Decimal]:
        """Of each answer, exact; [n]."""
        utility = _utility(self.task, answers, truths)
        if not self.table.given:
            return [self.right * Decimal(str(float(u))) for u in utility]
        triples = zip(answers, truths, utility, strict=True)
        return [self._price(answer, truth, float(u)) for answer, truth, u in triples]

    def shares(self, answers: Sequence[Answer], truths: Sequence[Truth]) -> Array:
        """The money of each answer as a share of the range, [n] from 0.0 to 1.0; its utility where
        there is no table."""
        import numpy as np

        if not self.table.given or not self.range:
            return _utility(self.task, answers, truths)
        return np.array([self.share(m) for m in self.money(answers, truths)], dtype=np.float64)

    def share(self, money: Decimal) -> float:
        """Where an amount stands between the worst and the best answer."""
        return float((money - self.least) / self.range)

    @property
    def nothing(self) -> float:
        """The share of an answer that is worth nothing: 0 unless a table punishes others."""
        return self.share(NOTHING) if self.table.given and self.range else 0.0

    def _price(self, answer: Answer, truth: Truth, utility: float) -> Decimal:
        kind = {"truth": truth, "answer": answer.value} if self.task.answer == LABEL else {}
        return self.each({**kind, "says": answer.value is not None, "utility": utility})

    def each(self, kind: Mapping[str, Any]) -> Decimal:
        """Money of one answer of a kind: a `KindCount`, whatever its `n`."""
        utility = float(kind["utility"])
        if not kind.get("says", True) and self.table.no_answer is not None:
            return self.table.no_answer
        if self._tiers:
            reached = [price for tier, price in self._tiers if utility >= tier - UTILITY_STEP / 1e3]
            return reached[-1] if reached else NOTHING
        priced = self.table.labels.get(str(kind.get("truth")), {}).get(str(kind.get("answer")))
        return self.right * Decimal(str(utility)) if priced is None else priced

    def of_kinds(self, kinds: Iterable[Mapping[str, Any]]) -> tuple[Array, Array]:
        """Shares [k] and counts [k] of kinds of answers that an evaluation kept."""
        import numpy as np

        rows = list(kinds)
        money = [self.each(kind) for kind in rows]
        whole = self.table.given and self.range
        shares = [
            self.share(m) if whole else float(k["utility"])
            for m, k in zip(money, rows, strict=True)
        ]
        return np.array(shares, dtype=np.float64), np.array([k["n"] for k in rows], dtype=np.int64)


def kinds_of(task: Task, answers: Sequence[Answer], truths: Sequence[Truth]) -> list[KindCount]:
    """How many answers there were of each kind that a table can price, as JSON: of labels every pair
    {"truth", "answer", "utility", "n"}, of others every thousandth of utility {"utility", "n"}; those
    that say nothing have "says": false. No price is in it, so that prices may change."""
    sums: dict[Kind, list[float]] = {}
    for answer, truth, u in zip(answers, truths, _utility(task, answers, truths), strict=True):
        pair = (str(truth), str(answer.value)) if task.answer == LABEL else (None, None)
        kind = (*pair, answer.value is not None, int(float(u) / UTILITY_STEP + 1e-6))
        seen = sums.setdefault(kind, [0, 0.0])
        seen[0] += 1
        seen[1] += float(u)
    rows: list[KindCount] = []
    for (truth, said, says, _), (n, total) in sorted(sums.items(), key=lambda kv: str(kv[0])):
        named: KindCount = {} if task.answer != LABEL else {"truth": truth, "answer": said}
        silent: KindCount = {} if says else {"says": False}
        rows.append({**named, **silent, "utility": total / n, "n": int(n)})
    return rows


def _utility(task: Task, answers: Sequence[Answer], truths: Sequence[Truth]) -> Array:
    """The task's, and 0 for what says nothing: a task need not know such answers."""
    import numpy as np

    worth = np.zeros(len(answers))
    said = [i for i, answer in enumerate(answers) if answer.value is not None]
    if said:
        worth[said] = task.utility([answers[i] for i in said], [truths[i] for i in said])
    return worth


def problems(task: Task, money: MoneySpec) -> list[tuple[tuple[str, ...], str]]:
    """What is wrong with the value table for this task: where in the file, and what."""
    table = ("money", "values", "labels")
    labels = money.values.labels
    if labels and task.answer != LABEL:
        return [
            (
                table,
                f"expected 'tiers', since answers of {task.name} are {task.answer}, found labels",
            )
        ]
    lines = []
    for truth, row in labels.items():
        for where, name in (((truth,), truth), *(((truth, said), said) for said in row)):
            if name in task.classes:
                continue
            hint = near(name, list(task.classes))
            said = f"expected a label of the task, found '{name}'" + (f"; {hint}" if hint else "")
            lines.append(((*table, *where), said))
    return lines


def valuation_of(task: Task, money: MoneySpec) -> Valuation:
    """What answers of a product are worth; UserError for a table that is not of this task."""
    wrong = problems(task, money)
    if wrong:
        where, said = ".".join(wrong[0][0]), wrong[0][1]
        raise UserError(where, "a table of this task", said, "correct it in the product file")
    return Valuation(task, money)

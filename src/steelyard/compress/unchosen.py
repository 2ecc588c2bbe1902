"""How good the chosen variant is on records that took no part in its choice. Knows no model.

The best of several looks better on the records that it was chosen on than it is. So each half of the hold-out chooses
for the other: every record reports, on a variant that it did not help to choose, and none is kept from the choice
itself (cross-fitting). Example: `unchosen(valuation, assessed, answers, truths, parent=name, choice=choice)`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from steelyard.compress.gaps import gap_of
from steelyard.compress.left import Compressed, Compressible
from steelyard.compress.quality import Quality
from steelyard.compress.table import Assessed, chosen
from steelyard.engine.evaluate import UNCHOSEN, Evaluation, evaluate
from steelyard.engine.fit import Examples
from steelyard.engine.kept import kept
from steelyard.goals import errors_of
from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.spec import ProductFile
from steelyard.store import Step, Store
from steelyard.tasks import Answer, Task, Truth
from steelyard.tasks.valuation import Valuation, valuation_of

HALVES = 2
Choice = Callable[[dict[str, Assessed]], str | None]  # the name of the one that is chosen


@dataclass(frozen=True)
class Unchosen:
    """What all records show, and the variant that each half chose for the other."""

    seen: Evaluation
    picked: tuple[str, ...]


def with_unchosen(
    store: Store,
    product: ProductFile,
    step: Step,
    task: Task,
    of: Compressible,
    held: Examples,
    assessed: Mapping[str, Assessed],
    left: Compressed,
) -> Compressed:
    """What was left, with how good the chosen one is there, and the measure of it. Nothing is told where one was
    chosen of one, where answers of an earlier version were not kept, or where a half chooses nothing."""
    answers = _answers(store, assessed, dataset=of.dataset, n=len(held))
    if left.chosen is None or len(left.table) <= HALVES or answers is None:
        return left

    def choice(part: dict[str, Assessed]) -> str | None:
        row = chosen(product, task, part, of.parent.name).chosen_row
        return None if row is None else row.name

    valuation, parent = valuation_of(task, product.spec.money), of.parent.name
    told = unchosen(valuation, assessed, answers, held.truths, parent=parent, choice=choice)
    if told is None:
        return left
    q, on = (
        told.seen.metrics[task.quality],
        f"holdout of {of.dataset}: each half on the other's choice",
    )
    name = f"{task.quality}{UNCHOSEN}"
    detail = told.seen.of_measure(task.quality, errors_of(task.known))
    step.measure(left.chosen, name, q.value, low=q.low, high=q.high, n=q.n, on=on, detail=detail)
    return replace(left, unchosen=_said(task, told, q))


def _said(task: Task, told: Unchosen, q: Interval) -> Reason:
    return Reason(
        "variant.unchosen",
        {
            "metric": task.quality,
            "quality": (q.value, q.low, q.high),
            "n": q.n,
            "first": told.picked[0],
            "second": told.picked[1],
        },
    )


def _answers(
    store: Store, assessed: Mapping[str, Assessed], *, dataset: str, n: int
) -> dict[str, list[Answer]] | None:
    """Of every variant to each of the n records; None where some were not kept."""
    known = {name: kept(store, a.variant, dataset=dataset, n=n) for name, a in assessed.items()}
    return {name: a for name, a in known.items() if a} if all(known.values()) else None


def unchosen(
    valuation: Valuation,
    assessed: Mapping[str, Assessed],
    answers: Mapping[str, Sequence[Answer]],
    truths: Sequence[Truth],
    *,
    parent: str,
    choice: Choice,
) -> Unchosen | None:
    """None where a half chooses nothing: then nothing is told of what would be served."""
    picked, reported = [], list(answers[parent])
    for half in range(HALVES):
        part = _half(valuation, assessed, answers, truths, parent=parent, at=half)
        name = choice(part)
        if name is None:
            return None
        picked.append(name)
        other = slice(1 - half, None, HALVES)
        reported[other] = list(answers[name])[other]
    return Unchosen(evaluate(valuation.task, reported, truths), tuple(picked))


def _half(
    valuation: Valuation,
    assessed: Mapping[str, Assessed],
    answers: Mapping[str, Sequence[Answer]],
    truths: Sequence[Truth],
    *,
    parent: str,
    at: int,
) -> dict[str, Assessed]:
    """The same variants, as every second record alone shows them; what they take stays as it was timed."""
    every = slice(at, None, HALVES)
    own, before = truths[every], answers[parent][every]
    made = {}
    for name, one in assessed.items():
        gap = None if one.gap is None else gap_of(valuation, before, answers[name][every], own)
        seen = evaluate(valuation.task, answers[name][every], own)
        made[name] = Assessed(name, one.variant, Quality(seen, one.quality.on), one.measured, gap)
    return made

"""Before any user meets a new variant: is it far below the live one on the hold-out?

Knows no server. The same records answered by both, so what they share cancels out.
Example: `holdout_check(store, product, step, task=task, dataset=d, live=a, canary=b)`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from steelyard.engine.evaluate import quality_gain
from steelyard.engine.examples import first, holdout
from steelyard.engine.fit import Examples
from steelyard.engine.kept import RECORDS_MAX, kept
from steelyard.engine.model import open_model
from steelyard.engine.processes import cores
from steelyard.reason import Reason
from steelyard.release.classes import options_of
from steelyard.release.left import Check
from steelyard.spec import ProductFile, names_in
from steelyard.stats import Interval, bootstrap
from steelyard.store import Step, Store
from steelyard.tasks import Answer, Array, Task, Truth
from steelyard.tasks.valuation import Valuation

OUTCOME, QUALITY = "holdout_outcome_against_live", "holdout_quality_against_live"


def holdout_check(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    task: Task,
    dataset: str,
    live: str,
    canary: str,
) -> Check:
    """Measured once for two variants and a hold-out, and kept as measures of the canary."""
    valuation = Valuation(task, product.spec.money)
    on = on_holdout(valuation, dataset=dataset, live=live)
    known = _known(store, canary, on)
    if OUTCOME in known:
        return Check(known[OUTCOME], known.get(QUALITY))
    held = first(holdout(store, task=task, dataset=dataset), RECORDS_MAX)
    before, after = (_answers(store, v, dataset, held) for v in (live, canary))
    names = names_in(product)
    right = [_outcomes(valuation, names, answers, held.truths) for answers in (before, after)]
    difference = right[1] - right[0]
    outcome = bootstrap(difference, seed=0)
    alike = all(
        options_of(store, v) == task.options.model_dump(mode="json") for v in (live, canary)
    )
    quality = quality_gain(task, before, after, held.truths) if alike else None
    for name, gain in ((OUTCOME, outcome), (QUALITY, quality)):
        if gain is not None:
            step.measure(canary, name, gain.value, low=gain.low, high=gain.high, n=gain.n, on=on)
    return Check(outcome, quality)


def on_holdout(valuation: Valuation, *, dataset: str, live: str) -> str:
    """What the measures of a check say that they were measured on."""
    by = f" by values {valuation.scale}" if valuation.scale else ""
    return f"holdout of {dataset} against {live}{by}"


def inferior(check: Check, *, metric: str, loss_max: float) -> Reason | None:
    """A reason when the best guess is a greater loss of outcome than users are asked to bear, or
    the task's own metric fell by more than that for certain (a rare label may hide in outcomes)."""
    o, q = check.outcome, check.quality
    if o.value < -loss_max:
        return _inferior("outcome", o, loss_max)
    if q is not None and q.value < -loss_max and q.high < 0:
        return _inferior(metric, q, loss_max)
    return None


def _inferior(measured: str, interval: Interval, loss_max: float) -> Reason:
    difference = interval.value, interval.low, interval.high
    return Reason(
        "release.inferior",
        {"measured": measured, "difference": difference, "n": interval.n, "loss_max": loss_max},
    )


def _answers(store: Store, variant: str, dataset: str, held: Examples) -> Sequence[Answer]:
    """As its evaluation left them; a variant of an older turn, or of other data, is asked."""
    answers = kept(store, variant, dataset=dataset, n=len(held))
    if answers is not None:
        return answers
    return open_model(store.artifacts.open(variant), threads=cores()).answers(held.contents)


def _outcomes(
    valuation: Valuation,
    names: Mapping[str, str],
    answers: Sequence[Answer],
    truths: Sequence[Truth],
) -> Array:
    """What each answer was worth, read as the file has the words now; nothing for a word it has not."""
    task = valuation.task
    read = [replace(answer, value=task.renamed(answer.value, names)) for answer in answers]
    lost = [r.value is None and a.value is not None for r, a in zip(read, answers, strict=True)]
    return np.where(lost, valuation.nothing, valuation.shares(read, truths))


def _known(store: Store, canary: str, on: str) -> dict[str, Interval]:
    return {
        name: Interval(row["value"], row["low"], row["high"], row["n"])
        for name, row in store.measures.of(canary, on=on).items()
    }

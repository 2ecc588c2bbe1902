"""What a finished experiment leaves for the question how quality and speed move conversion. Knows no pooling.

Measures of the experiment: `quality_difference` (of the task's metric, hold-out), `p95_difference_ms` (the records
that both answered), `conversion_log_lift` and `retention_log_lift` (users whose days are over).
Example: `leave(step, product, task=task, dataset="d", live="a", canary="b", experiment="3f2a")`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from steelyard.interval import Interval
from steelyard.release.evidence import ARMS, Pair, began, pairs
from steelyard.release.gate import QUALITY, on_holdout
from steelyard.release.visitors import Array, visitors
from steelyard.spec import ProductFile, names_in
from steelyard.stats import ratio_lift
from steelyard.store import Step, Store
from steelyard.store.releases import experiment_of
from steelyard.tasks import Task
from steelyard.tasks.valuation import Valuation

RESAMPLED = 400
RECORDS_MAX = 2000  # of a percentile, whose resampling would take seconds beyond
NAMES = ("quality_difference", "p95_difference_ms", "conversion_log_lift", "retention_log_lift")


def leave(
    step: Step,
    product: ProductFile,
    *,
    task: Task,
    dataset: str,
    live: str,
    canary: str,
    experiment: str,
) -> None:
    """Measures whose intervals are of 95 %, for one look: what they are pooled with asks for errors. What
    was not observed leaves none."""
    valuation, store = Valuation(task, product.spec.money), step.store
    rows = pairs(store, valuation, names_in(product), live=live, canary=canary)
    left = (
        _quality(store, valuation, dataset=dataset, live=live, canary=canary),
        _later(rows),
        *_lifts(store, product, valuation, live=live, canary=canary),
    )
    for name, seen in zip(NAMES, left, strict=True):
        if seen is not None:
            on = f"experiment {experiment}"
            step.measure(
                experiment, name, seen.value, low=seen.low, high=seen.high, n=seen.n, on=on
            )


def _quality(
    store: Store, valuation: Valuation, *, dataset: str, live: str, canary: str
) -> Interval | None:
    """As it was measured before the canary met a user."""
    on = on_holdout(valuation, dataset=dataset, live=live)
    row = store.measures.of(canary, on=on).get(QUALITY)
    return None if row is None else Interval(row["value"], row["low"], row["high"], row["n"])


def _later(rows: Sequence[Pair]) -> Interval | None:
    """95th percentile of latency, canary minus live: percentile bootstrap over records, which both answered."""
    if not rows:
        return None
    took = np.array([pair.latency_ms for pair in rows[-RECORDS_MAX:]])
    drawn = np.random.default_rng(0).integers(len(took), size=(RESAMPLED, len(took)))
    late = np.quantile(took[drawn], 0.95, axis=1)
    low, high = np.quantile(late[:, 1] - late[:, 0], [0.025, 0.975])
    before, after = np.quantile(took, 0.95, axis=0)
    return Interval(float(after - before), float(low), float(high), len(rows))


def _lifts(
    store: Store, product: ProductFile, valuation: Valuation, *, live: str, canary: str
) -> Iterator[Interval | None]:
    """Logarithm of the ratio, canary over live, of users who converted and of users who came back."""
    since = began(store, live=live, canary=canary)
    if since is None:
        yield from (None, None)
        return
    experiment = experiment_of(live, canary, scale=valuation.scale)
    by_arm = visitors(store, product, experiment, since=since)
    before, after = (by_arm[arm] for arm in ARMS)
    yield _log_lift(before.converted, after.converted)
    yield _log_lift(before.returned, after.returned)


def _log_lift(before: Array, after: Array) -> Interval | None:
    try:
        seen = ratio_lift((before, 1.0), (after, 1.0))
    except ValueError:  # nobody did it in one of the arms
        return None
    if not seen.high > seen.low:  # everybody did it in both
        return None
    value, low, high = np.log1p([seen.value, seen.low, seen.high])
    return Interval(float(value), float(low), float(high), seen.n)

"""data: sources -> clean records, split by cluster. Reads files; leaves `records` and its counts.

Knows no model. Example: `pipeline.run(store, product, step, task=task).dataset`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from steelyard.data.left import Cleaned
from steelyard.spec import ProductFile
from steelyard.stage import Context, Expected, Forecast, Stage
from steelyard.store import Step

if TYPE_CHECKING:
    from steelyard.tasks import Task

ALIKE_TOLD = 5  # a cluster of more than one record in five is worth a word
FIRST_S = 10.0  # CPU seconds where the ledger knows none


def _sources(context: Context) -> Sequence[str]:
    """Hash of every source's bytes, so that changed data are read again."""
    from steelyard.data.reading import fingerprints

    return fingerprints(context.product)


def _run(context: Context, step: Step) -> Cleaned:
    from steelyard.data import pipeline

    return pipeline.run(
        context.store,
        context.product,
        step,
        task=context.task,
        progress=context.report,
        read=list(context.also),
    )


def _check(product: ProductFile, task: Task) -> None:
    from steelyard.data.sources import check_sources

    check_sources(product, task)


def _summary(left: Cleaned, *, ran: bool = True) -> str:
    from steelyard.data.rejects import OUTSIDE, labels_said

    parts = ", ".join(f"{n:,} {name}" for name, n in left.records.items())
    rejects, alike = left.rejects, left.largest_cluster
    said = f"{parts}; {rejects.total:,} rejected"
    if rejects.total:
        reason, n = max(rejects.reasons.items(), key=lambda pair: pair[1])
        told = rejects.labels if reason.startswith(OUTSIDE) else ()
        which = f": {labels_said(told)}" if told else ""
        said += f" ({n:,} for {reason}{which}, the first at {rejects.examples[0].where})"
    if alike * ALIKE_TOLD > sum(left.records.values()) and alike > 1:
        said += f"; {alike:,} are near-duplicates of each other (threshold of dedupe)"
    blank = sum(labels.get("(unlabelled)", 0) for labels in left.splits.values())
    return said + (f"; {blank:,} without a label" if blank else "")


def _estimate(forecast: Forecast) -> Expected:
    return Expected(FIRST_S)


STAGE = Stage(
    "data",
    _run,
    doing="reading and cleaning the data",
    reads=("data",),
    also=_sources,
    output=Cleaned,
    leaves=lambda left: [("records", left.dataset)],
    check=_check,
    summary=_summary,
    estimate=_estimate,
)

"""compress: smaller variants of a trained one. Reads a variant; leaves variants and measures.

Knows no release. Example: `run.run(store, product, step, task=task, of=taken).chosen`
"""

from __future__ import annotations

from steelyard.compress.left import Compressed, Compressible
from steelyard.stage import Context, Expected, Forecast, Stage
from steelyard.store import Step
from steelyard.taken import names_of

FIRST_S = 300.0  # CPU seconds where the ledger knows none


def _run(context: Context, step: Step) -> Compressed:
    from steelyard.compress.run import run

    return run(
        context.store,
        context.product,
        step,
        task=context.task,
        of=context.take(Compressible),
        prior=context.prior,
        progress=context.report,
    )


def _summary(left: Compressed, *, ran: bool = True) -> str:
    chosen = left.chosen_row
    if chosen is None:
        return "no variant meets the goals"
    return f"{chosen.name}: {chosen.cpu_ms:.2f} ms CPU an item, quality {chosen.quality:.3f}"


def _estimate(forecast: Forecast) -> Expected:
    return Expected(FIRST_S)


STAGE = Stage(
    "compress",
    _run,
    doing="building and measuring smaller variants",
    reads=(
        "compress",
        "goals",
        "money.prices.cpu_hour",
        "money.correct_answer",
        "money.values",
        "money.currency",
        "serve.batch_tokens",
        "serve.threads",
        "plan.requests",
        "plan.days",
        "plan.unit",
    ),
    takes=names_of(Compressible),
    output=Compressed,
    leaves=lambda left: [("artifact", row.variant) for row in left.table],
    summary=_summary,
    estimate=_estimate,
)

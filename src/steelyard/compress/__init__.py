"""compress: smaller variants of a trained one. Reads a variant; leaves variants and measures.

Knows no release. Example: `run.run(store, product, step, task=task, **named)["chosen"]`
"""

from __future__ import annotations

from steelyard.stage import Context, Expected, Forecast, Output, Stage
from steelyard.store import Step

FIRST_S = 300.0  # CPU seconds where the ledger knows none
EVALUATED = ("variant", "name", "metrics", "detail", "kinds")


def _run(context: Context, step: Step) -> Output:
    from steelyard.compress.run import run

    trained, baseline = (
        {name: context.of(f"{of}.{name}") for name in EVALUATED} for of in ("train", "baseline")
    )
    return run(
        context.store,
        context.product,
        step,
        task=context.task,
        dataset=context.of("data.dataset"),
        labels=context.of("label.labels"),
        parent=trained,
        baseline=baseline,
        prior=context.prior,
        progress=context.report,
    )


def _summary(o: Output, *, ran: bool = True) -> str:
    chosen = next((row for row in o["table"] if row["variant"] == o["chosen"]), None)
    if chosen is None:
        return "no variant meets the goals"
    return (
        f"{chosen['name']}: {chosen['cpu_ms']:.2f} ms CPU an item, quality {chosen['quality']:.3f}"
    )


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
        "money.currency",
        "serve.batch_tokens",
        "serve.threads",
        "plan.requests",
        "plan.days",
        "plan.unit",
    ),
    takes=(
        "data.dataset",
        "label.labels",
        *(f"train.{name}" for name in EVALUATED),
        *(f"baseline.{name}" for name in EVALUATED),
    ),
    leaves=lambda o: [("artifact", row["variant"]) for row in o["table"]],
    summary=_summary,
    estimate=_estimate,
)

"""label: buy labels for the training pool. Reads `records`; leaves `labels`, and what they cost.

Knows no model. A paid label is tied to its text: it is kept while the text is in the data, under
whatever name, and never serves another. Example: `STAGE.summary(labeled, ran=True)`
"""

from __future__ import annotations

from steelyard.label.left import Labeled
from steelyard.spec.model import LABELS_DEFAULT
from steelyard.stage import Bought, Context, Expected, Forecast, Stage
from steelyard.store import Step


def _run(context: Context, step: Step) -> Labeled:
    from steelyard.label.run import run

    return run(
        context.store, context.product, step, task=context.task, dataset=context.of("data.dataset")
    )


def _summary(left: Labeled, *, ran: bool = True) -> str:
    """The labels stand in the file; what a step that was done before charged is not new."""
    counts = (
        f"{left.new:,}" if left.new else "",
        f"{left.measured:,} of the hold-out" if left.measured else "",
    )
    said = " and ".join(count for count in counts if count)
    charged = f"{said} charged at {left.price}" if ran and said else "nothing charged"
    return f"{left.bought:,} of {left.pool:,} labels of the training pool; {charged}"


def _estimate(forecast: Forecast) -> Expected:
    """What will be paid; only about that where not all data were read."""
    spec = forecast.product.spec
    asked = spec.label.start or LABELS_DEFAULT
    if forecast.new is None:
        new = max(0, asked - forecast.paid)
        because = f"about: {asked:,} asked for, {forecast.paid:,} paid before"
    else:
        new = forecast.new
        because = f"{asked:,} asked for, {forecast.kept:,} paid before, {forecast.pool:,} in the training pool"
    held, price = forecast.measured, spec.money.prices.label
    bought = [Bought(new, "label", price * new, because)]
    if held:
        least = "at least: " if forecast.new is None else ""
        why = f"{least}of the hold-out, not paid before"
        bought.append(Bought(held, "label", price * held, why, "label.holdout"))
    return Expected(bought=bought)


STAGE = Stage(
    "label",
    _run,
    doing="taking labels from the training pool",
    reads=("label", "money.prices.label"),
    takes=("data.dataset",),
    output=Labeled,
    leaves=lambda left: [("labels", left.labels)],
    summary=_summary,
    estimate=_estimate,
)

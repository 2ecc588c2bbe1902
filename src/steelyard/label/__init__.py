"""label: buy labels for the training pool. Reads `records`; leaves `labels`, and what they cost.

Knows no model. A paid label is tied to its text: it is kept while the text is in the data, under
whatever name, and never serves another. Example: `STAGE.summary(output, ran=True)`
"""

from __future__ import annotations

from steelyard.spec.model import LABELS_DEFAULT
from steelyard.stage import Bought, Context, Expected, Forecast, Output, Stage
from steelyard.store import Step


def _run(context: Context, step: Step) -> Output:
    from steelyard.label.run import run

    return run(
        context.store, context.product, step, task=context.task, dataset=context.of("data.dataset")
    )


def _summary(o: Output, *, ran: bool = True) -> str:
    """The labels stand in the file; what a step that was done before charged is not new."""
    charged = f"{o['new']:,} charged at {o['price']}" if ran and o["new"] else "nothing charged"
    return f"{o['bought']:,} of {o['pool']:,} labels of the training pool; {charged}"


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
    return Expected(None, because, Bought(new, "label", spec.money.prices.label * new))


STAGE = Stage(
    "label",
    _run,
    doing="taking labels from the training pool",
    reads=("label", "money.prices.label"),
    takes=("data.dataset",),
    leaves=lambda o: [("labels", str(o["labels"]))],
    summary=_summary,
    estimate=_estimate,
)

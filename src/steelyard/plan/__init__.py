"""plan: where the next unit of money returns most. Reads the turn's facts; leaves a plan.

Knows no model. Example: `run.run(store, product, step, left=context.taken, valuation=v)["plan"]`
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.stage import Context, Output, Stage
from steelyard.store import Step
from steelyard.terms import learn_options, recommendation


def _run(context: Context, step: Step) -> Output:
    from steelyard.plan.run import run
    from steelyard.tasks.valuation import valuation_of

    valuation = valuation_of(context.task, context.product.spec.money)
    return run(context.store, context.product, step, left=context.taken, valuation=valuation)


def _anew(context: Context) -> Sequence[str]:
    """What was served meanwhile counts, so each turn plans anew."""
    return [str(context.turn)]


def _summary(o: Output, *, ran: bool = True) -> str:
    learn_options(o["plan"])
    return recommendation(o["plan"]["recommendation"], "en")


STAGE = Stage(
    "plan",
    _run,
    doing="placing the next unit of money",
    reads=("plan", "money", "goals"),
    takes=(
        "label.bought",
        "label.pool",
        "baseline.variant",
        "train.variant",
        "compress.table",
        "compress.utility",
        "compress.accuracy",
        "release.live",
        "replay.live",
        "replay.experiment",
        "curve.curve",
    ),
    also=_anew,
    summary=_summary,
)

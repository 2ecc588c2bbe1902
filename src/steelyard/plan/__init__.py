"""plan: where the next unit of money returns most. Reads the turn's facts; leaves a plan.

Knows no model. Example: `run.run(store, product, step, of=context.take(PlanOf), valuation=v).plan`
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.plan.left import Planned, PlanOf
from steelyard.stage import Context, Stage
from steelyard.store import Step
from steelyard.taken import names_of
from steelyard.terms import learn_options, recommendation


def _run(context: Context, step: Step) -> Planned:
    from steelyard.plan.run import run
    from steelyard.tasks.valuation import valuation_of

    valuation = valuation_of(context.task, context.product.spec.money)
    of = context.take(PlanOf)
    return run(context.store, context.product, step, of=of, valuation=valuation)


def _anew(context: Context) -> Sequence[str]:
    """What was served meanwhile counts, so each turn plans anew."""
    return [str(context.turn)]


def _summary(left: Planned, *, ran: bool = True) -> str:
    learn_options(left.plan)
    return recommendation(left.plan["recommendation"], "en")


STAGE = Stage(
    "plan",
    _run,
    doing="placing the next unit of money",
    reads=(
        "plan",
        "money.currency",
        "money.prices",
        "serve.threads",
        "money.correct_answer",
        "money.values",
        "goals",
    ),
    takes=names_of(PlanOf),
    also=_anew,
    output=Planned,
    summary=_summary,
)

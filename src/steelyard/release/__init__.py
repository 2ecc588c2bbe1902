"""release: which variant answers whom, and what an experiment between two of them shows.

Reads variants, measures and answers; leaves releases and experiments. Knows no server: the loop
hands one in. Example: `walk.run(store, product, step, ...)`, then `experiment.run(...)`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from steelyard.errors import SpecError
from steelyard.release.left import Comparable, Decided, Experimented, Releasable
from steelyard.spec import ProductFile
from steelyard.stage import Bought, Context, Early, Expected, Forecast, Stage
from steelyard.store import Step
from steelyard.taken import names_of
from steelyard.terms import term
from steelyard.words import say

if TYPE_CHECKING:
    from steelyard.tasks import Task

REPLAY_S = 30.0  # CPU seconds where the ledger knows none


def _walk(context: Context, step: Step) -> Decided:
    from steelyard.release import walk

    of = context.take(Releasable)
    return walk.run(
        context.store,
        context.product,
        step,
        task=context.task,
        dataset=of.dataset,
        chosen=of.chosen,
        baseline=of.baseline,
    )


def _decided_anew(context: Context) -> Sequence[str]:
    """A release depends on what is live now, so each turn decides anew, and again after a person
    has changed it."""
    from steelyard.release.walk import newest_by_hand

    return [str(context.turn), str(newest_by_hand(context.store))]


def _replay(context: Context, step: Step) -> Experimented:
    from steelyard.release import experiment

    of = context.take(Comparable)
    assert context.serve is not None
    return experiment.run(
        context.store,
        context.product,
        step,
        task=context.task,
        dataset=of.dataset,
        live=of.live,
        canary=of.canary,
        serve=context.serve,
        progress=context.report,
    )


def _sent_before(context: Context) -> Sequence[str]:
    """Records of earlier turns for the pair that is compared: an undecided experiment goes on in the
    next turn with records not sent yet."""
    from steelyard.release.stream import sent_before
    from steelyard.tasks.valuation import Valuation

    of, scale = context.take(Comparable), Valuation(context.task, context.product.spec.money).scale
    before = sent_before(
        context.store, turn=context.turn, live=of.live, canary=of.canary, scale=scale
    )
    # while a canary answers, users tell more from turn to turn: each turn looks again
    return [str(len(before)), *([str(context.turn)] if of.canary is not None else [])]


def _check_metric(product: ProductFile, task: Task) -> None:
    """SpecError for a metric that nothing would ever be told of."""
    metric, market = product.spec.release.metric, product.spec.market
    sold = any(one.kind == "sales" for one in market.imports.values())
    # a file with a market section may import sales as a preset reads them, without naming any
    if metric == "outcome" or sold or "market" in product.spec.model_fields_set:
        return
    if metric in market.told:
        return
    told = "market.counting" if metric == "conversion" else "market.counting with cash: true"
    raise SpecError(
        [
            f"{product.path.name} release.metric: expected {told}, or sales that are imported into a "
            f"'market' section, for '{metric}', found no such section; add it, or say metric: outcome"
        ]
    )


def _check_stream(product: ProductFile, taken: Mapping[str, Any]) -> None:
    from steelyard.release.stream import check_stream

    check_stream(product, taken["data.splits"])


def _released(left: Decided, *, ran: bool = True) -> str:
    return "the chosen variant is canary" if left.why is None else say(left.why, "en")


def _decision(left: Experimented, *, ran: bool = True) -> str:
    return f"{term('decision', left.decision, 'en')}: {say(left.reason, 'en')}"


def _estimate(forecast: Forecast) -> Expected:
    """At most: an experiment may be sure before all are sent, or there is nothing to compare."""
    from steelyard.release.stream import RECORDS

    spec = forecast.product.spec
    n = min(forecast.replayed, spec.release.replay or RECORDS)
    about = "about" if forecast.new is None else "at most"
    because = f"{about}: of replayed records, not paid before"
    told = Bought(n, "label", spec.money.prices.label * n, because, "label.replay")
    return Expected(REPLAY_S, bought=[told] if n else ())


RELEASE = Stage(
    "release",
    _walk,
    doing="deciding the release",
    reads=(
        "release",
        "goals",
        "data.sources",
        "money.values",
        "money.correct_answer",
        "money.currency",
    ),
    takes=names_of(Releasable),
    also=_decided_anew,
    output=Decided,
    check=_check_metric,
    summary=_released,
)
REPLAY = Stage(
    "replay",
    _replay,
    doing="sending the stream through HTTP",
    reads=(
        "release",
        "money.currency",
        "money.prices",
        "money.correct_answer",
        "money.values",
        "serve",
        "goals",
        "data.sources",
        "market.time_zone",
        "market.told",
        "plan.requests",
    ),
    takes=names_of(Comparable),
    also=_sent_before,
    output=Experimented,
    early=Early(("data.splits",), _check_stream),
    summary=_decision,
    estimate=_estimate,
)

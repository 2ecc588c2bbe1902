"""release: which variant answers whom, and what an experiment between two of them shows.

Reads variants, measures and answers; leaves releases and experiments. Knows no server: the loop
hands one in. Example: `walk.run(store, product, step, ...)`, then `experiment.run(...)`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard.spec import ProductFile
from steelyard.stage import Context, Early, Expected, Forecast, Output, Stage
from steelyard.store import Step
from steelyard.terms import term

REPLAY_S = 30.0  # CPU seconds where the ledger knows none


def _walk(context: Context, step: Step) -> Output:
    from steelyard.release import walk

    return walk.run(
        context.store,
        context.product,
        step,
        task=context.task,
        dataset=context.of("data.dataset"),
        chosen=context.of("compress.chosen"),
        baseline=context.of("baseline.variant"),
    )


def _decided_anew(context: Context) -> Sequence[str]:
    """A release depends on what is live now, so each turn decides anew, and again after a person
    has changed it."""
    from steelyard.release.walk import newest_by_hand

    return [str(context.turn), str(newest_by_hand(context.store))]


def _replay(context: Context, step: Step) -> Output:
    from steelyard.release import experiment

    assert context.serve is not None
    return experiment.run(
        context.store,
        context.product,
        step,
        task=context.task,
        dataset=context.of("data.dataset"),
        live=context.of("release.live"),
        canary=context.of("release.canary"),
        serve=context.serve,
        progress=context.report,
    )


def _sent_before(context: Context) -> Sequence[str]:
    """Records of earlier turns for the pair that is compared: an undecided experiment goes on in the
    next turn with records not sent yet."""
    from steelyard.release.stream import sent_before
    from steelyard.tasks.valuation import Valuation

    pair = {arm: context.of(f"release.{arm}") for arm in ("live", "canary")}
    scale = Valuation(context.task, context.product.spec.money).scale
    return [str(len(sent_before(context.store, turn=context.turn, scale=scale, **pair)))]


def _check_stream(product: ProductFile, taken: Mapping[str, Any]) -> None:
    from steelyard.release.stream import check_stream

    check_stream(product, taken["data.splits"])


def _decision(o: Output, *, ran: bool = True) -> str:
    return f"{term('decision', o['decision'], 'en')}: {o['reason']}"


def _estimate(forecast: Forecast) -> Expected:
    return Expected(REPLAY_S)


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
    takes=("data.dataset", "compress.chosen", "compress.table", "baseline.variant"),
    also=_decided_anew,
    summary=lambda o, *, ran=True: o.get("why") or "the chosen variant is canary",
)
REPLAY = Stage(
    "replay",
    _replay,
    doing="sending the stream through HTTP",
    reads=("release", "money", "serve", "goals", "data.sources"),
    takes=("data.dataset", "release.live", "release.canary", "release.live_misses"),
    also=_sent_before,
    early=Early(("data.splits",), _check_stream),
    summary=_decision,
    estimate=_estimate,
)

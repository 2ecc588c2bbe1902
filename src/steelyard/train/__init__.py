"""train: baseline, model and learning curve. Reads `records` and `labels`; leaves variants, their
measures and the points of the curve.

Knows no release. Example: `baseline.run(store, product, step, task=task, of=context.take(TrainedOn))`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from steelyard.interval import too_few
from steelyard.spec import ProductFile
from steelyard.stage import Context, Expected, Forecast, Stage
from steelyard.store import Step
from steelyard.taken import names_of
from steelyard.train.left import CurveOf, Drawn, Evaluated, Trained, TrainedAgainst, TrainedOn

if TYPE_CHECKING:
    from steelyard.tasks import Task

# CPU seconds where the ledger knows none: what the examples took, rounded up.
BASELINE_S, ENCODER_S_PER_EXAMPLE, SMALL_S_PER_EXAMPLE = 5.0, 0.1, 0.001


def _artifact(left: Evaluated) -> Sequence[tuple[str, str]]:
    return [("artifact", left.variant)]


def _baseline(context: Context, step: Step) -> Evaluated:
    from steelyard.train import baseline

    of = context.take(TrainedOn)
    return baseline.run(context.store, context.product, step, task=context.task, of=of)


def _train(context: Context, step: Step) -> Trained:
    from steelyard.train import model

    return model.run(
        context.store,
        context.product,
        step,
        task=context.task,
        of=context.take(TrainedAgainst),
        report=context.report,
    )


def _curve(context: Context, step: Step) -> Drawn:
    from steelyard.train import curve

    return curve.run(
        context.store,
        context.product,
        step,
        task=context.task,
        of=context.take(CurveOf),
        report=context.report,
    )


def _backbone(context: Context) -> Sequence[str]:
    """What the training begins with: other weights in the same folder are another training."""
    from steelyard.engine.backbone import known_as

    if not _needs_backbone(context.product, context.task):
        return ()
    return [known_as(context.product.spec.train.backbone, base=context.product.folder)]


def _needs_backbone(product: ProductFile, task: Task) -> bool:
    from steelyard.methods import methods_of

    return any(method.needs_backbone for method in methods_of(product, task))


def _check(product: ProductFile, task: Task) -> None:
    from steelyard.train.model import check

    check(product, task)


def _needs(product: ProductFile, task: Task) -> None:
    from steelyard.train.model import check_installed

    check_installed(product, task)


def _metric(left: Evaluated, *, ran: bool = True) -> str:
    name = left.quality
    m = left.metrics[name]
    from steelyard.words import say

    few = (left.detail or {}).get("few", {}).get(name)  # an old ledger may have no detail
    sure = say(too_few(few), "en") if few else f"[{m.low:.3f}, {m.high:.3f}]"
    return f"{name} {m.value:.3f} {sure} on {m.n:,} held-out records"


def _gain(left: Trained, *, ran: bool = True) -> str:
    gain = left.against_baseline
    return f"{_metric(left)}; {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] against the baseline"


def _points(left: Drawn, *, ran: bool = True) -> str:
    return "  ".join(f"{point.labels:,}: {point.quality:.3f}" for point in left.curve)


def _work_s(forecast: Forecast) -> float:
    encoder = _needs_backbone(forecast.product, forecast.task)
    each = ENCODER_S_PER_EXAMPLE if encoder else SMALL_S_PER_EXAMPLE
    return forecast.labels * forecast.product.spec.train.epochs * each


BASELINE = Stage(
    "baseline",
    _baseline,
    doing="fitting the baseline",
    reads=("train",),
    takes=names_of(TrainedOn),
    output=Evaluated,
    leaves=_artifact,
    needs=_needs,
    summary=_metric,
    estimate=lambda forecast: Expected(BASELINE_S),
)
TRAIN = Stage(
    "train",
    _train,
    doing="training the model",
    reads=("train",),
    takes=names_of(TrainedAgainst),
    also=_backbone,
    output=Trained,
    leaves=_artifact,
    check=_check,
    needs=_needs,
    summary=_gain,
    estimate=lambda forecast: Expected(_work_s(forecast)),
)
# Behind the replay: what may earn is in service before the rest of the turn's CPU is spent.
CURVE = Stage(
    "curve",
    _curve,
    doing="drawing the learning curve",
    reads=("train", "plan.curve"),
    takes=names_of(CurveOf),
    after=("replay",),
    output=Drawn,
    summary=_points,
    estimate=lambda forecast: Expected(_work_s(forecast) * sum(forecast.product.spec.plan.curve)),
)

"""train: baseline, model and learning curve. Reads `records` and `labels`; leaves variants, their
measures and the points of the curve.

Knows no release. Example: `baseline.run(store, product, step, task=task, dataset=d, labels=t)`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from steelyard.spec import ProductFile
from steelyard.stage import Context, Expected, Forecast, Output, Stage
from steelyard.store import Step

if TYPE_CHECKING:
    from steelyard.tasks import Task

LEARNED = ("data.dataset", "label.labels")
# CPU seconds where the ledger knows none: what the examples took, rounded up.
BASELINE_S, ENCODER_S_PER_EXAMPLE, SMALL_S_PER_EXAMPLE = 5.0, 0.1, 0.001


def _learned(context: Context) -> dict[str, str]:
    return {"dataset": context.of("data.dataset"), "labels": context.of("label.labels")}


def _artifact(output: Output) -> Sequence[tuple[str, str]]:
    return [("artifact", str(output["variant"]))]


def _baseline(context: Context, step: Step) -> Output:
    from steelyard.train import baseline

    return baseline.run(
        context.store, context.product, step, task=context.task, **_learned(context)
    )


def _train(context: Context, step: Step) -> Output:
    from steelyard.train import model

    return model.run(
        context.store,
        context.product,
        step,
        task=context.task,
        baseline=context.of("baseline.variant"),
        report=context.report,
        **_learned(context),
    )


def _curve(context: Context, step: Step) -> Output:
    from steelyard.train import curve

    return curve.run(
        context.store,
        context.product,
        step,
        task=context.task,
        trained=context.of("train.variant"),
        point=context.of("train.point"),
        report=context.report,
        **_learned(context),
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


def _metric(found: Output, *, ran: bool = True) -> str:
    name = found.get("quality", "macro_f1")  # steps of before 0.4 do not name it
    m = found["metrics"][name]
    return (
        f"{name} {m['value']:.3f} [{m['low']:.3f}, {m['high']:.3f}] on {m['n']:,} held-out records"
    )


def _gain(o: Output, *, ran: bool = True) -> str:
    gain = o["against_baseline"]
    return f"{_metric(o)}; {gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}] against the baseline"


def _points(o: Output, *, ran: bool = True) -> str:
    return "  ".join(f"{p['labels']:,}: {p['quality']:.3f}" for p in o["curve"])


def _work_s(forecast: Forecast) -> float:
    encoder = _needs_backbone(forecast.product, forecast.task)
    each = ENCODER_S_PER_EXAMPLE if encoder else SMALL_S_PER_EXAMPLE
    return forecast.labels * forecast.product.spec.train.epochs * each


BASELINE = Stage(
    "baseline",
    _baseline,
    doing="fitting the baseline",
    reads=("train",),
    takes=LEARNED,
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
    takes=(*LEARNED, "baseline.variant"),
    also=_backbone,
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
    takes=(*LEARNED, "train.variant", "train.point"),
    after=("replay",),
    summary=_points,
    estimate=lambda forecast: Expected(_work_s(forecast) * sum(forecast.product.spec.plan.curve)),
)

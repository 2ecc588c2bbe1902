"""Turn what the turn left into plan facts, allocate, write the plan down. Knows no model.

Example: `run(store, product, step, of=taken, valuation=v).plan`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from steelyard.as_json import of_json
from steelyard.interval import Interval
from steelyard.methods import steady
from steelyard.plan.advice import advice
from steelyard.plan.answer import told
from steelyard.plan.booked import around
from steelyard.plan.facts import PlanFacts, Priced, Served
from steelyard.plan.goals import by_goals_alone, missed_by_less
from steelyard.plan.left import ForecastPoint, MeasuredVariant, Planned, PlanOf, ServedRatio
from steelyard.plan.outlook import Outlook
from steelyard.plan.weigh import weigh
from steelyard.point import CurvePoint
from steelyard.spec import ProductFile
from steelyard.spec.model import Goals
from steelyard.stats import LearningCurve, Point, bootstrap_kinds, fit_curve
from steelyard.stats.curves import FINE_TUNED, STEADY, Runs
from steelyard.store import Step, Store
from steelyard.tasks.valuation import LABEL, Valuation

FORECAST_POINTS = 24


def run(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    of: PlanOf,
    valuation: Valuation,
) -> Planned:
    """The plan, of what earlier steps left; its row goes with the step."""
    runs = _runs(of.method)
    curve = _curve(of.curve, runs=runs)
    facts = _facts(store, product, of, valuation, runs)
    weighed = weigh(Outlook.of(facts))
    body = advice(weighed) | {"split": told(weighed)}
    step.add("plan", id=step.key, turn=step.turn, product=store.product, body=body)
    reach = facts.labels_bought + max(1, int(facts.unit / max(facts.label_price, 1e-9)))
    reach = max(facts.labels_bought, min(reach, facts.labels_pool))
    return Planned(
        body,
        of.curve,
        _forecast(curve, of.curve, reach),
        tuple(_ratios([facts.live, *facts.alternatives])),
        curve.misfit if curve else None,
    )


def _ratios(variants: list[Priced]) -> list[ServedRatio]:
    """Served by predicted, for every variant that answered."""
    once = {v.variant: v for v in variants}.values()
    return [_ratio(v, v.served) for v in once if v.served is not None]


def _ratio(v: Priced, served: Served) -> ServedRatio:
    cost, p95 = served.cost_per_1000, served.p95_ms
    return ServedRatio(
        v.variant,
        v.name,
        served.n,
        predicted_cost_per_1000=v.cost_per_1000,
        served_cost_per_1000=cost,
        cost_ratio=cost / v.cost_per_1000 if v.cost_per_1000 else None,
        predicted_p95_ms=v.p95_ms,
        served_p95_ms=p95,
        p95_ratio=p95 / v.p95_ms if v.p95_ms and p95 is not None else None,
    )


def _runs(method: str | None) -> Runs:
    """How much trainings of a method differ; as those of fine-tuning where it does not say."""
    return STEADY if steady(method) else FINE_TUNED


def _curve(
    points: Sequence[CurvePoint], valuation: Valuation | None = None, *, runs: Runs = FINE_TUNED
) -> LearningCurve | None:
    """Utility by labels, or what `valuation` makes of the answers. Its error is that of a share, the
    largest that numbers from 0 to 1 can have, and the curve adds that of the runs; None also for
    points that it cannot price."""
    seen = [(p.labels, _mean(p, valuation), p.n) for p in points]
    measured = [
        Point(labels, u, float(np.sqrt(u * (1 - u) / n))) for labels, u, n in seen if u is not None
    ]
    try:
        return fit_curve(measured, seed=0, runs=runs)
    except ValueError:
        return None


def _mean(point: CurvePoint, valuation: Valuation | None) -> float | None:
    if valuation is None or not valuation.scale:
        return point.mean
    if not point.kinds:
        return None
    shares, n = valuation.of_kinds(point.kinds)
    return float(shares @ n / n.sum())


def _facts(
    store: Store, product: ProductFile, of: PlanOf, valuation: Valuation, runs: Runs
) -> PlanFacts:
    spec = product.spec
    rows = {row.variant: row for row in of.table}
    utility = of.utilities
    priced = {v: _priced(store, row, utility[row.name], valuation) for v, row in rows.items()}
    now = priced.get(of.live) or _of_old(store, of.live, valuation)
    own = of.live in rows and rows[of.live].name != "baseline"
    return PlanFacts(
        currency=spec.money.currency,
        unit=float(spec.plan.unit),
        requests=spec.plan.requests,
        label_price=float(spec.money.prices.label),
        answer=float(valuation.range),
        measure=_measure(valuation),
        labels_bought=of.bought,
        labels_pool=of.pool,
        retrain_cost=_retrain_cost(store, spec.money.prices.cpu_hour),
        curve=_curve(of.curve, valuation, runs=runs),
        live=now,
        behind=0.0 if own else max(0.0, now.worth - priced[of.trained].worth),
        alternatives=_alternatives(store, spec.goals, of, priced),
        p95_goal_ms=spec.goals.p95_ms,
        file=product.path.name,
        canary=of.undecided,
        canary_name=store.variants.names().get(of.canary or "", of.canary or ""),
        days=spec.plan.days,
        horizon=spec.plan.horizon,
        caution=spec.plan.caution,
        discount=spec.plan.discount,
        cash=None if spec.plan.cash is None else float(spec.plan.cash),
        ruin=spec.plan.ruin,
        change=spec.plan.change,
        fading=spec.plan.fading,
        market=of.market,
        around=around(store, product),
        damaged=of.damaged is not None,
        books_in=of.books_in or "",
        paired=_paired(of),
        baseline=priced.get(of.baseline),
    )


def _alternatives(
    store: Store, goals: Goals, of: PlanOf, priced: Mapping[str, Priced]
) -> list[Priced]:
    """What meets the goals, and what misses them by less than the live one does."""
    meet = [priced[row.variant] for row in of.table if row.meets]
    live = store.measures.of(of.live)
    seen = [
        (row.variant, missed_by_less(store.measures.of(row.variant), live, goals))
        for row in of.table
        if not row.meets and row.why is not None and by_goals_alone(row.why)
    ]
    return meet + [replace(priced[v], misses=missed) for v, missed in seen if missed]


def _paired(of: PlanOf) -> dict[str, tuple[float, float]]:
    """Of the trained variant and of those that were made of it."""
    made = {
        row.variant: (row.gap.worth, row.gap.worth_error)
        for row in of.table
        if row.gap is not None and row.variant != of.baseline
    }
    return {of.trained: (0.0, 0.0), **made}


def _measure(valuation: Valuation) -> str:
    """What the worth of answers is called."""
    if valuation.scale:
        return "worth"
    return "accuracy" if valuation.task.answer == LABEL else "utility"


def _priced(store: Store, row: MeasuredVariant, utility: Interval, valuation: Valuation) -> Priced:
    measures = store.measures.of(row.variant)
    worth, served = _worth(utility, measures, valuation), _served(measures)
    return Priced(
        row.variant, row.name, *worth, row.cost_per_1000, p95_ms=row.p95_ms, served=served
    )


def _of_old(store: Store, variant: str, valuation: Valuation) -> Priced:
    """A live variant of an earlier turn, from its own measures."""
    m, name = store.measures.of(variant), store.variants.names()[variant]
    worth = _worth(of_json(Interval, m.get("utility") or m["accuracy"]), m, valuation)
    p95 = m["p95_ms"]["value"] if "p95_ms" in m else None
    return Priced(variant, name, *worth, m["cost_per_1000"]["value"], p95_ms=p95, served=_served(m))


def _worth(
    utility: Interval, measures: Mapping[str, Mapping[str, Any]], valuation: Valuation
) -> tuple[float, float, float]:
    """Mean share of what an answer can be worth, with its interval: the mean utility, or what the
    value table makes of the kinds of answers that its evaluation counted. Of a variant evaluated
    before they were counted it can be anything."""
    if not valuation.scale:
        return utility.value, utility.low, utility.high
    kinds = ((measures.get("utility") or {}).get("detail") or {}).get("kinds")
    if not kinds:
        return utility.value, 0.0, 1.0
    shares, n = valuation.of_kinds(kinds)
    mean = bootstrap_kinds(shares, n, seed=0)
    return mean.value, mean.low, mean.high


def _served(measures: Mapping[str, Mapping[str, Any]]) -> Served | None:
    """Newest figures of a variant in service."""
    cost = measures.get("served_cost_per_1000")
    p95 = measures["served_p95_ms"]["value"] if "served_p95_ms" in measures else None
    return Served(cost["value"], p95, cost["n"]) if cost else None


def _retrain_cost(store: Store, cpu_hour: Any) -> float:
    """Money of the CPU that the newest training and compression took."""
    took = store.steps.cpu_s()
    total = sum(took.get(name, 0.0) for name in ("baseline", "train", "compress"))
    return total / 3600 * float(cpu_hour)


def _forecast(
    curve: LearningCurve | None, points: Sequence[CurvePoint], reach: int
) -> tuple[ForecastPoint, ...]:
    if curve is None:
        return ()
    grid = np.unique(
        np.geomspace(points[0].labels, max(reach, points[-1].labels), FORECAST_POINTS).astype(int)
    )
    seen = [(int(n), curve.predict(int(n))) for n in grid]
    return tuple(ForecastPoint(n, i.value, i.low, i.high) for n, i in seen)


def facts_of(store: Store, product: ProductFile, of: PlanOf, *, valuation: Valuation) -> PlanFacts:
    """What the planner knows, of what earlier steps left; nothing is written."""
    return _facts(store, product, of, valuation, _runs(of.method))


def curve_of(points: Sequence[CurvePoint], method: str | None) -> LearningCurve | None:
    """Of a turn's points, as its plan fitted it."""
    return _curve(points, runs=_runs(method))

"""Turn what the turn left into plan facts, allocate, write the plan down. Knows no model.

Example: `run(store, product, step, left=context.taken, valuation=v)["plan"]`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from steelyard.plan.facts import PlanFacts, Priced, Served
from steelyard.plan.options import allocate
from steelyard.spec import ProductFile
from steelyard.stats import LearningCurve, Point, bootstrap_kinds, fit_curve
from steelyard.store import Step, Store
from steelyard.tasks.valuation import LABEL, Valuation

FORECAST_POINTS = 24
NORMAL_95 = 1.96


def run(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    left: Mapping[str, Any],
    valuation: Valuation,
) -> dict[str, Any]:
    """{"plan": body, "curve": points, "forecast": points, "served": predicted and served figures};
    the plan row goes with the step. `left` is what earlier steps left, as `curve.curve`."""
    points = left["curve.curve"]
    curve = _curve(points)
    facts = _facts(store, product, left, valuation)
    body = allocate(facts).to_json()
    step.add("plan", id=step.key, turn=step.turn, product=store.product, body=body)
    reach = facts.labels_bought + max(1, int(facts.unit / max(facts.label_price, 1e-9)))
    reach = max(facts.labels_bought, min(reach, facts.labels_pool))
    widening = curve.widening if curve else None
    return {
        "plan": body,
        "curve": points,
        "forecast": _forecast(curve, points, reach),
        "widening": widening,
        "served": _ratios([facts.live, *facts.alternatives]),
    }


def _ratios(variants: list[Priced]) -> list[dict[str, Any]]:
    """Served by predicted, for every variant that answered."""
    found = []
    for v in {v.variant: v for v in variants}.values():
        if v.served is None:
            continue
        cost, p95 = v.served.cost_per_1000, v.served.p95_ms
        found.append(
            {
                "variant": v.variant,
                "name": v.name,
                "n": v.served.n,
                "predicted_cost_per_1000": v.cost_per_1000,
                "served_cost_per_1000": cost,
                "cost_ratio": cost / v.cost_per_1000 if v.cost_per_1000 else None,
                "predicted_p95_ms": v.p95_ms,
                "served_p95_ms": p95,
                "p95_ratio": p95 / v.p95_ms if v.p95_ms and p95 is not None else None,
            }
        )
    return found


def _curve(
    points: list[dict[str, Any]], valuation: Valuation | None = None
) -> LearningCurve | None:
    """Utility by labels, or what `valuation` makes of the answers. Its error is that of a share, the
    largest that numbers from 0 to 1 can have; None also for points that it cannot price."""
    seen = [(p["labels"], _mean(p, valuation), p["n"]) for p in points]
    measured = [
        Point(labels, u, float(np.sqrt(u * (1 - u) / n))) for labels, u, n in seen if u is not None
    ]
    try:
        return fit_curve(measured, seed=0)
    except ValueError:
        return None


def _mean(point: dict[str, Any], valuation: Valuation | None) -> float | None:
    if valuation is None or not valuation.scale:
        return float(point["utility"] if "utility" in point else point["accuracy"])
    if not point.get("kinds"):  # drawn before evaluations kept them
        return None
    shares, n = valuation.of_kinds(point["kinds"])
    return float(shares @ n / n.sum())


def _facts(
    store: Store, product: ProductFile, left: Mapping[str, Any], valuation: Valuation
) -> PlanFacts:
    spec = product.spec
    rows = {row["variant"]: row for row in left["compress.table"]}
    utility = left["compress.utility"] or left["compress.accuracy"]  # of before 0.4
    priced = {v: _priced(store, row, utility[row["name"]], valuation) for v, row in rows.items()}
    # where nothing may be live yet, the baseline is what there is to compare with
    live = left["replay.live"] or left["release.live"] or left["baseline.variant"]
    now, trained = priced.get(live) or _of_old(store, live, valuation), left["train.variant"]
    own = live in rows and rows[live]["name"] != "baseline"
    return PlanFacts(
        currency=spec.money.currency,
        unit=float(spec.plan.unit),
        requests=spec.plan.requests,
        label_price=float(spec.money.prices.label),
        answer=float(valuation.range),
        measure=_measure(valuation),
        labels_bought=left["label.bought"],
        labels_pool=left["label.pool"],
        retrain_cost=_retrain_cost(store, spec.money.prices.cpu_hour),
        curve=_curve(left["curve.curve"], valuation),
        live=now,
        behind=0.0 if own else max(0.0, now.worth - priced[trained].worth),
        # what misses the goals may not be released, so it is no option
        alternatives=[priced[v] for v, row in rows.items() if row["meets"]],
        p95_goal_ms=spec.goals.p95_ms,
        file=product.path.name,
    )


def _measure(valuation: Valuation) -> str:
    """What the worth of answers is called."""
    if valuation.scale:
        return "worth"
    return "accuracy" if valuation.task.answer == LABEL else "utility"


def _priced(
    store: Store, row: dict[str, Any], utility: dict[str, float], valuation: Valuation
) -> Priced:
    measures = store.measures.of(row["variant"])
    worth = _worth(utility, measures, valuation)
    cost, p95 = row["cost_per_1000"], row["p95_ms"]
    return Priced(row["variant"], row["name"], *worth, cost, p95_ms=p95, served=_served(measures))


def _of_old(store: Store, variant: str, valuation: Valuation) -> Priced:
    """A live variant of an earlier turn, from its own measures."""
    m, name = store.measures.of(variant), store.variants.names()[variant]
    worth = _worth(m["utility"] if "utility" in m else m["accuracy"], m, valuation)
    p95 = m["p95_ms"]["value"] if "p95_ms" in m else None
    return Priced(variant, name, *worth, m["cost_per_1000"]["value"], p95_ms=p95, served=_served(m))


def _worth(
    utility: dict[str, float], measures: dict[str, dict[str, Any]], valuation: Valuation
) -> tuple[float, float, float]:
    """Mean share of what an answer can be worth, with its interval: the mean utility, or what the
    value table makes of the kinds of answers that its evaluation counted. Of a variant evaluated
    before they were counted it can be anything."""
    if not valuation.scale:
        return utility["value"], utility["low"], utility["high"]
    kinds = ((measures.get("utility") or {}).get("detail") or {}).get("kinds")
    if not kinds:
        return utility["value"], 0.0, 1.0
    shares, n = valuation.of_kinds(kinds)
    mean = bootstrap_kinds(shares, n, seed=0)
    return mean.value, mean.low, mean.high


def _served(measures: dict[str, dict[str, Any]]) -> Served | None:
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
    curve: LearningCurve | None, points: list[dict[str, Any]], reach: int
) -> list[dict[str, Any]]:
    if curve is None:
        return []
    grid = np.unique(
        np.geomspace(points[0]["labels"], max(reach, points[-1]["labels"]), FORECAST_POINTS).astype(
            int
        )
    )
    found = []
    for n in grid:
        seen = curve.predict(int(n))
        found.append({"labels": int(n), "quality": seen.value, "low": seen.low, "high": seen.high})
    return found

"""What a point of quality, 100 ms and 1 % of price do to conversion and retention, by finished experiments.

Until there is one, each is its prior: a constant below, said to be assumed. Knows no terminal.
Example: `elasticities(store)["conversion"]["quality"].evidence == "assumed"`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from steelyard.interval import Interval
from steelyard.market.figures import Evidence, Figure
from steelyard.market.serving import CONFIDENCE
from steelyard.market.telling import ALWAYS
from steelyard.stats.pooling import pooled
from steelyard.store import Store

FINISHED = ("promote", "rolled back")
MEASURED = 0.75  # of the prior's variance that experiments took away: half of its width is left
BETWEEN = 0.05  # scale of the deviation between experiments, in log conversion: 5 %
# (measure of an experiment, how much of it is one unit that is told)
CAUSES = {"quality": ("quality_difference", 0.01), "p95": ("p95_difference_ms", 100.0)}
OUTCOMES = {"conversion": "conversion_log_lift", "retention": "retention_log_lift"}
PRICE = "price"  # by 1 % of it: no experiment here changes one, so it stays what is assumed
# Mean and deviation of the logarithm of the lift by one unit, before any experiment.
# Of quality nothing general is published: no effect, and less than 4 % a point in 19 of 20 products.
# Of 100 ms: Amazon's 1 % of sales (Linden 2006, "Make data useful"); Google's 0.2 to 0.6 % of searches a user
# for 100 to 400 ms (Brutlag 2009, "Speed matters"), which is what users do who stay; single shops found
# up to 8 % (Deloitte 2020, "Milliseconds make millions"), hence the width.
PRIORS: dict[tuple[str, str], tuple[float, float]] = {
    ("conversion", "quality"): (0.0, 0.02),
    ("conversion", "p95"): (-0.01, 0.03),
    ("retention", "quality"): (0.0, 0.02),
    ("retention", "p95"): (-0.002, 0.01),
    # Sales fall by 2.6 % for 1 % of price on average, with a deviation of 2.2 between 1,851 published figures
    # (Bijmolt, van Heerde & Pieters 2005); of subscribers who stay nothing general is published.
    ("conversion", PRICE): (-0.026, 0.022),
    ("retention", PRICE): (0.0, 0.01),
}


@dataclass(frozen=True)
class Experiment:
    """What one experiment measured: name -> (value, standard error)."""

    id: str
    seen: Mapping[str, tuple[float, float]]


def elasticities(store: Store, *, until: str = ALWAYS) -> dict[str, dict[str, Figure]]:
    """Outcome -> cause -> relative change by one unit of it (0.02: 2 % more), of experiments that were decided
    up to a moment. Those count that measured quality and p95 with their errors, and the outcome."""
    done = finished(store, until=until)
    told: dict[str, dict[str, Figure]] = {}
    for outcome, measure in OUTCOMES.items():
        named = [measure, *(name for name, _ in CAUSES.values())]
        usable = [one for one in done if all(name in one.seen for name in named)]
        told[outcome] = {**_pooled(outcome, usable), PRICE: _assumed(outcome, PRICE)}
    return told


def finished(store: Store, *, until: str = ALWAYS) -> list[Experiment]:
    """The last readout of every pair that was decided, each once, oldest first."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in store.experiments.all():
        if row["created"] <= until and row["readout"].get("decision") in FINISHED:
            newest[row["arms"]["live"], row["arms"]["canary"]] = row
    return [Experiment(row["id"], _seen(store, row["id"])) for row in newest.values()]


def _seen(store: Store, experiment: str) -> dict[str, tuple[float, float]]:
    wide = 2 * NormalDist().inv_cdf(0.975)
    return {
        name: (row["value"], (row["high"] - row["low"]) / wide)
        for name, row in store.measures.of(experiment).items()
        if row["low"] is not None and row["high"] > row["low"]
    }


def _pooled(outcome: str, done: list[Experiment]) -> dict[str, Figure]:
    units = np.array([unit for _, unit in CAUSES.values()])
    names = [name for name, _ in CAUSES.values()]
    x = [[one.seen[name] for name in names] for one in done]
    both = np.asarray(x, dtype=np.float64).reshape(-1, len(names), 2) / units[:, None]
    y = np.asarray([one.seen[OUTCOMES[outcome]] for one in done], dtype=np.float64).reshape(-1, 2)
    found = pooled(
        both[..., 0],
        both[..., 1],
        y[:, 0],
        y[:, 1],
        prior=[PRIORS[outcome, cause] for cause in CAUSES],
        between=BETWEEN,
        confidence=CONFIDENCE,
    )
    return {
        cause: Figure.of(
            _relative(slope), _evidence(len(done), told), events={"experiments": len(done)}
        )
        for cause, slope, told in zip(CAUSES, found.slopes, found.told, strict=True)
    }


def _assumed(outcome: str, cause: str) -> Figure:
    mean, deviation = PRIORS[outcome, cause]
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * deviation
    prior = _relative(Interval(mean, mean - half, mean + half, 0))
    return Figure.of(prior, "assumed", events={"experiments": 0})


def _relative(log: Interval) -> Interval:
    value, low, high = np.expm1([log.value, log.low, log.high])
    return Interval(float(value), float(low), float(high), log.n)


def _evidence(n: int, told: float) -> Evidence:
    """Experiments that leave more than half of the prior's width have not measured it yet."""
    if n == 0:
        return "assumed"
    return "measured" if told >= MEASURED else "extrapolated"

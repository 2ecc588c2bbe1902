"""Tests that a simulated company could make: what each would read, what it costs, and what it finds.

Example: `looks(sim, draws)[0].name`
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from steelyard.plan.looks import Look
from steelyard.plan.simulate.beliefs import Row, expected
from steelyard.plan.simulate.companies import Simulated
from steelyard.plan.simulate.kinds import CHANNELS, Array

LIFT_ERROR = 0.10  # of what a channel brings, as a share
LIFT_COST = 0.3  # of the spend in the month of a lift test, by what it loses
SURER = 0.5  # of the deviation of before: the error of an experiment
MORE_LABELS, POINT_ERROR = 0.25, 0.006
# name of a parameter -> side, and money that an experiment on it takes
EXPERIMENTS = {
    "to_conversion": ("technology", 300.0),
    "to_worth": ("technology", 300.0),
    "to_price": ("market", 500.0),
    "page": ("market", 500.0),
}


def looks(sim: Simulated, p: Mapping[str, Array], *, labels: float = 1.0) -> list[Look]:
    """With `labels` times those of the start."""
    made = []
    for j in range(CHANNELS):
        at = sim.usual(f"spend_{j}")
        reads = expected(f"channel_{j}", p, at)
        error = LIFT_ERROR * float(reads.mean())
        made.append(Look(f"channel_{j}", "market", reads, error, LIFT_COST * at, 1))
    for name, (arm, cost) in EXPERIMENTS.items():
        error = SURER * sim.setting.beliefs[name].deviation
        made.append(Look(name, arm, p[name], error, cost, 1))  # type: ignore[arg-type]
    cost = MORE_LABELS * sim.setting.labels * sim.setting.label_price
    reads = expected("curve", p, labels + MORE_LABELS)
    return [*made, Look("curve", "technology", reads, POINT_ERROR, cost, 1)]


def found(sim: Simulated, name: str, rng: np.random.Generator, *, labels: float = 1.0) -> Row:
    """What a look finds."""
    if name.startswith("channel"):
        at = sim.usual(f"spend_{name.removeprefix('channel_')}")
        return sim.seen(rng, name, at, LIFT_ERROR)
    if name == "curve":
        return sim.seen(rng, "curve", labels + MORE_LABELS, POINT_ERROR)
    return sim.seen(rng, name, 0.0, SURER * sim.setting.beliefs[name].deviation)

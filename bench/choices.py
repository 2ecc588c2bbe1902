"""Whether the choice among variants holds: on another hold-out, within its limit, at its goals, in money.

`python bench/choices.py [--worlds 1000]`. Worlds are drawn: a model, what compressors truly lose (most a little, some much), on
how many records each answers otherwise, what it costs, what a right answer is worth. Each world is chosen in twice, on
two hold-outs. `before` is the rule up to 0.3: the cheapest whose measured loss is within the limit; `after` is
`steelyard.compress.choose`. `flips`: the second hold-out gives another variant; `flips of money`: one that is worth more than a
hundredth of the unit more or less. `beyond`: the chosen one truly loses more than the limit; `misses`: it truly misses the goal;
`misses unsaid`: and its reason says nothing of it. Money is against the uncompressed variant for a million requests, as it
truly is. `optimism` is by how much the chosen one looks better against the uncompressed
than it is. In `at the goal` the model stands within half a point of its goal; in `beyond the limit` whatever loses
anything loses a little more than the limit.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from common import machine, save

from steelyard.compress.candidate import INTERVAL, Candidate, Gap
from steelyard.compress.choose import SAME_COST, Judged, Stakes, choose
from steelyard.compress.limits import Loss
from steelyard.goals import Limit

LOSS, CONFIDENCE = 0.005, 0.95
REQUESTS, UNIT = 1_000_000, 100.0
# name, money for a million requests, share of records answered otherwise, median loss, its spread
KINDS = (
    ("torch_fp32", 7.2, 0.0, 0.0, 0.0),
    ("onnx_fp32", 5.8, 0.0, 0.0, 0.0),
    ("openvino_bf16", 3.6, 0.004, 0.0001, 1.0),
    ("onnx_int8", 2.6, 0.02, 0.0015, 1.0),
    ("openvino_int8", 2.3, 0.025, 0.002, 1.0),
    ("int4", 1.6, 0.06, 0.008, 0.8),
)
N = (300, 1000, 2000, 5000, 20000)


@dataclass(frozen=True)
class True_:
    """A variant as it truly is: how often right answers become wrong, and wrong ones right."""

    name: str
    cost: float
    worse: float
    better: float

    @property
    def loss(self) -> float:
        return self.worse - self.better


@dataclass(frozen=True)
class World:
    right: float  # of the uncompressed
    goal: float | None
    answer: float
    variants: tuple[True_, ...]

    def money(self, one: True_) -> float:
        """Against the uncompressed."""
        first = self.variants[0]
        return (first.cost - one.cost) - one.loss * self.answer * REQUESTS


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--worlds", type=int, default=1000)
    worlds, state = asked.parse_args().worlds, machine()
    figures: dict[str, object] = {"worlds": worlds, "confidence": CONFIDENCE}
    for kind in ("as they are", "at the goal", "beyond the limit"):
        rows = {}
        for n in N:
            for rule, row in _of(kind, n, worlds).items():
                rows[f"n = {n:,}, {rule}"] = row
                print(kind, n, rule, row, flush=True)
        figures[kind] = rows
    save("choices", f"python bench/choices.py --worlds {worlds}", figures, state)


def _of(kind: str, n: int, worlds: int) -> dict[str, dict[str, object]]:
    rng = np.random.default_rng([len(kind), n])
    counts: dict[str, Counter[str]] = {"before": Counter(), "after": Counter()}
    money: dict[str, list[float]] = {"before": [], "after": [], "oracle": []}
    looks: dict[str, list[float]] = {"before": [], "after": []}
    for _ in range(worlds):
        world = _world(kind, rng)
        money["oracle"].append(max(world.money(v) for v in world.variants if v.loss <= LOSS))
        both = [_measured(world, n, rng) for _ in range(2)]
        for rule, of in (("before", _before), ("after", _after)):
            one, two = (of(world, rows) for rows in both)
            _count(counts[rule], world, one, two)
            money[rule].append(0.0 if one[0] is None else world.money(one[0]))
            if one[0] is not None:
                looks[rule].append(_seen(both[0], one[0]) + one[0].loss)
    oracle = round(float(np.mean(money["oracle"])), 2)
    return {
        rule: {name: round(seen[name] / worlds, 3) for name in NAMES}
        | {"optimism": round(float(np.mean(looks[rule])), 5)}
        | {"money": round(float(np.mean(money[rule])), 2), "oracle": oracle}
        for rule, seen in counts.items()
    }


NAMES = ("flips", "flips of money", "beyond", "misses", "misses unsaid", "none")


def _seen(rows: Sequence[Candidate], one: True_) -> float:
    """What it was measured to be against the uncompressed."""
    gap = next(c.gap for c in rows if c.name == one.name)
    return gap.quality if gap else 0.0


def _count(
    seen: Counter[str], world: World, one: tuple[True_ | None, bool], two: tuple[True_ | None, bool]
) -> None:
    best, said = one
    other = two[0]
    seen["flips"] += best != other
    worth = [0.0 if v is None else world.money(v) for v in (best, other)]
    seen["flips of money"] += bool(abs(worth[0] - worth[1]) > UNIT / 100)
    if best is None:
        seen["none"] += 1
        return
    missed = world.goal is not None and bool(world.right - best.loss < world.goal)
    seen["beyond"] += bool(best.loss > LOSS)
    seen["misses"] += missed
    seen["misses unsaid"] += missed and not said


def _world(kind: str, rng: np.random.Generator) -> World:
    right = rng.uniform(0.75, 0.93)
    variants = []
    for name, cost, apart, median, spread in KINDS:
        loss = median * np.exp(spread * rng.normal()) if median else 0.0
        if kind == "beyond the limit" and median > 0.001:
            loss = LOSS * rng.uniform(1.02, 1.3)
        share = apart * np.exp(0.3 * rng.normal())
        share = max(share, 1.5 * abs(loss)) if apart else 0.0
        variants.append(
            True_(name, cost * np.exp(0.1 * rng.normal()), (share + loss) / 2, (share - loss) / 2)
        )
    goal = right - rng.uniform(-0.005, 0.005) if kind == "at the goal" else None
    return World(right, goal, 0.001 * np.exp(0.7 * rng.normal()), tuple(variants))


def _measured(world: World, n: int, rng: np.random.Generator) -> list[Candidate]:
    """Every variant on one hold-out: the same records, of which each answers some otherwise."""
    right = rng.random(n) < world.right
    rows = []
    for one in world.variants:
        lost = right & (rng.random(n) < one.worse / world.right)
        found = ~right & (rng.random(n) < one.better / (1 - world.right))
        step = found.astype(float) - lost.astype(float)
        quality = float(right.mean() + step.mean())
        half = INTERVAL / 2 * (quality * (1 - quality) / n) ** 0.5
        error = float((step.var() / n + n**-2) ** 0.5)
        gap = Gap(
            float(step.mean()), error, float(step.mean()), error, float(abs(step).mean() + 1 / n), n
        )
        rows.append(
            Candidate(
                variant=one.name,
                name=one.name,
                quality=quality,
                low=quality - half,
                high=quality + half,
                cpu_ms=1.0,
                p95_ms=4 * one.cost,
                memory_mb=100.0,
                cost_per_1000=one.cost * 1000 / REQUESTS,
                gap=gap if one.worse or one.better else None,
            )
        )
    return rows


def _before(world: World, rows: Sequence[Candidate]) -> tuple[True_ | None, bool]:
    """The rule up to 0.3, kept here to be compared with."""
    reference = rows[0].quality
    able = [
        c
        for c in rows
        if reference - c.quality <= LOSS and (world.goal is None or c.quality >= world.goal)
    ]
    if not able:
        return None, False
    least = min(c.cost_per_1000 for c in able)
    tie = max(SAME_COST * least, UNIT / 100 * 1000 / REQUESTS)
    tied = [c for c in able if c.cost_per_1000 <= least + tie]
    quickest = min(c.p95_ms for c in tied)
    return _true(world, next(c.name for c in tied if c.p95_ms <= 1.1 * quickest)), False


def _after(world: World, rows: Sequence[Candidate]) -> tuple[True_ | None, bool]:
    judged = choose(
        rows,
        [] if world.goal is None else [Limit("accuracy", world.goal, False)],
        metric="accuracy",
        reference=rows[0].quality,
        loss=Loss(LOSS, CONFIDENCE),
        stakes=Stakes(REQUESTS, UNIT, "CNY", world.answer),
    )
    best: Judged | None = next((j for j in judged if j.chosen), None)
    if best is None:
        return None, False
    return _true(world, best.candidate.name), "goal.barely" in str(best.why)


def _true(world: World, name: str) -> True_:
    return next(v for v in world.variants if v.name == name)


if __name__ == "__main__":
    main()

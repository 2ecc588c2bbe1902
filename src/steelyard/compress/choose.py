"""The variant that meets the goals at the lowest cost, and why each other one was not chosen.

Costs are compared in the money they make until the next turn: what is no money there is no reason.
Knows no model, no store and no words. Example: `choose(candidates, limits, stakes=stakes, **named)[0].why.code`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steelyard.goals import Limit
from steelyard.reason import Reason, together

# Two variants cost the same when the difference until the next turn is below this share of
# `plan.unit`, the money that the owner thinks in, ...
SAME_MONEY = 0.01
# ... or when it is no more than two timings of one variant differ by. Then the lower p95 wins, and
# where p95 is the same, the lower memory, and then the earlier in the list.
SAME_COST = 0.03
SAME_P95 = 0.10
SAME_MEMORY = 0.10
SAME_MEMORY_MB = 16.0
TAKEN = ("p95_ms", "memory_mb", "cost_per_1000")  # goals of what a variant takes
NEAR_GOAL = 0.10  # a figure this near its goal is measured again


@dataclass(frozen=True)
class Candidate:
    """One measured variant. `quality` is the task's, `cost_per_1000` in the product's money."""

    variant: str
    name: str
    quality: float
    low: float
    high: float
    cpu_ms: float
    p95_ms: float
    memory_mb: float
    cost_per_1000: float
    metrics: Mapping[str, float] = field(default_factory=dict)  # every one of the task

    def figure(self, goal: str, metric: str) -> float | None:
        """What a goal is compared with; None for what was not measured."""
        if goal in TAKEN:
            return float(getattr(self, goal))
        return self.metrics.get(goal, self.quality if goal == metric else None)


@dataclass(frozen=True)
class Stakes:
    """What a difference in cost is worth: requests until the next turn, and money to compare with."""

    requests: int
    unit: float
    currency: str

    def money(self, cost_per_1000: float) -> float:
        """Of all the requests until the next turn."""
        return cost_per_1000 * self.requests / 1000

    @property
    def tie(self) -> float:
        """Money until the next turn below which two costs are the same."""
        return SAME_MONEY * self.unit


@dataclass(frozen=True)
class Judged:
    """A candidate, whether it meets every goal, and why (not)."""

    candidate: Candidate
    meets: bool
    chosen: bool
    why: Reason


def choose(
    candidates: Sequence[Candidate],
    limits: Sequence[Limit],
    *,
    metric: str,
    reference: float,
    loss_max: float,
    stakes: Stakes,
) -> list[Judged]:
    """Judge every candidate; at most one is chosen. `reference` is the uncompressed quality, and
    `metric` its name."""
    lacks = {
        c.variant: lacking(c, limits, metric=metric, reference=reference, loss_max=loss_max)
        for c in candidates
    }
    able = [c for c in candidates if not lacks[c.variant]]
    best = _best(able, stakes)
    cheapest = min(able, key=lambda c: c.cost_per_1000, default=None)
    return [
        Judged(
            c, not lacks[c.variant], c is best, _why(c, lacks[c.variant], best, cheapest, stakes)
        )
        for c in candidates
    ]


def _best(able: Sequence[Candidate], stakes: Stakes) -> Candidate | None:
    if not able:
        return None
    cheapest = min(c.cost_per_1000 for c in able)
    tied = [c for c in able if _same_cost(c.cost_per_1000, cheapest, stakes)]
    quickest = min(c.p95_ms for c in tied)
    tied = [c for c in tied if c.p95_ms <= quickest * (1 + SAME_P95)]
    smallest = min(c.memory_mb for c in tied)
    limit = max(smallest * (1 + SAME_MEMORY), smallest + SAME_MEMORY_MB)
    return next(c for c in tied if c.memory_mb <= limit)


def _same_cost(cost: float, cheapest: float, stakes: Stakes) -> bool:
    noise = cost <= cheapest * (1 + SAME_COST)
    return noise or stakes.money(cost - cheapest) <= stakes.tie


def lacking(
    c: Candidate, limits: Sequence[Limit], *, metric: str, reference: float, loss_max: float
) -> list[Reason]:
    """Goals the candidate misses: those of quality, the loss by compression, and what it takes."""
    known = [(limit, c.figure(limit.goal, metric)) for limit in limits]
    missed = [
        (limit, figure) for limit, figure in known if figure is not None and limit.missed(figure)
    ]
    lost = reference - c.quality
    loss = Reason(
        "variant.lost_quality",
        {"quality": c.quality, "reference": reference, "loss": lost, "loss_max": loss_max},
    )
    return [
        *(limit.reason(figure) for limit, figure in missed if limit.goal not in TAKEN),
        *([loss] if lost > loss_max else []),
        *(limit.reason(figure) for limit, figure in missed if limit.goal in TAKEN),
    ]


def near_goal(value: float, goal: float | None) -> bool:
    """Whether a timing stands so near its goal that noise may decide."""
    return goal is not None and abs(value - goal) <= NEAR_GOAL * goal


def _why(
    c: Candidate,
    lacks: list[Reason],
    best: Candidate | None,
    cheapest: Candidate | None,
    stakes: Stakes,
) -> Reason:
    if lacks:
        return together(lacks)
    assert best is not None and cheapest is not None  # one that lacks nothing may be chosen
    if c is best:
        return _chosen(best, cheapest, stakes)
    if not _same_cost(c.cost_per_1000, cheapest.cost_per_1000, stakes):
        times = c.cost_per_1000 / best.cost_per_1000 if best.cost_per_1000 else 1.0
        return Reason("variant.dearer", {"best": best.name, "times": times})
    return Reason(
        "variant.same_cost",
        {
            "best": best.name,
            "more": abs(stakes.money(c.cost_per_1000 - best.cost_per_1000)),
            "currency": stakes.currency,
            "behind": _behind(c, best),
        },
    )


def _behind(c: Candidate, best: Candidate) -> Reason:
    """What a variant that costs the same has against it."""
    if c.p95_ms > best.p95_ms * (1 + SAME_P95):
        return Reason("variant.slower", {"p95_ms": c.p95_ms, "other_ms": best.p95_ms})
    if c.memory_mb > max(best.memory_mb * (1 + SAME_MEMORY), best.memory_mb + SAME_MEMORY_MB):
        return Reason("variant.larger", {"memory_mb": c.memory_mb, "other_mb": best.memory_mb})
    return Reason("variant.no_better")


def _chosen(best: Candidate, cheapest: Candidate, stakes: Stakes) -> Reason:
    if best is cheapest:
        return Reason("variant.cheapest")
    return Reason(
        "variant.cheap_enough",
        {
            "cheapest": cheapest.name,
            "more": stakes.money(best.cost_per_1000 - cheapest.cost_per_1000),
            "currency": stakes.currency,
            "behind": _behind(cheapest, best),
        },
    )

"""The variant that meets the goals at the lowest cost, and why each other one was not chosen.

Costs are compared in the money they make until the next turn: what is no money there is no reason.
Knows no model and no store. Example: `choose(candidates, limits, stakes=stakes, **named)[0].why.en`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steelyard.goals import Limit

# Two variants cost the same when the difference until the next turn is below this share of
# `plan.unit`, the money that the owner thinks in, ...
SAME_MONEY = 0.01
# ... or when it is no more than two timings of one variant differ by. Then the lower p95 wins, and
# where p95 is the same, the lower memory, and then the earlier in the list.
SAME_COST = 0.03
SAME_P95 = 0.10
SAME_MEMORY = 0.10
SAME_MEMORY_MB = 16.0
# Goals of what a variant takes, by their names in a sentence and their units.
NAMED = {
    "p95_ms": ("p95", "p95", " ms"), "memory_mb": ("memory", "内存", " MB"),
    "cost_per_1000": ("cost per 1,000", "每千次成本", ""),
}  # fmt: skip
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
        if goal in NAMED:
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
class Why:
    """One sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Judged:
    """A candidate, whether it meets every goal, and the sentence that says why (not)."""

    candidate: Candidate
    meets: bool
    chosen: bool
    why: Why


def choose(
    candidates: Sequence[Candidate], limits: Sequence[Limit], *, metric: str, reference: float,
    loss_max: float, stakes: Stakes,
) -> list[Judged]:  # fmt: skip
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
        Judged(c, not lacks[c.variant], c is best, _why(c, lacks[c.variant], best, cheapest, stakes))
        for c in candidates
    ]  # fmt: skip


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
) -> list[Why]:
    """Goals the candidate misses, as sentences with numbers."""
    missed = [limit for limit in limits if limit.missed(c.figure(limit.goal, metric))]
    found = [_missed(limit, c, metric) for limit in missed if limit.goal not in NAMED]
    loss = reference - c.quality
    if loss > loss_max:
        value, limit_of = apart(loss, loss_max)
        found.append(Why(
            f"quality {c.quality:.4f} is {value} below the uncompressed {reference:.4f} (limit {limit_of})",
            f"质量 {c.quality:.4f} 比未压缩的 {reference:.4f} 低 {value}（限度 {limit_of}）",
        ))  # fmt: skip
    return found + [_missed(limit, c, metric) for limit in missed if limit.goal in NAMED]


def _missed(limit: Limit, c: Candidate, metric: str) -> Why:
    name, name_zh, unit = NAMED.get(limit.goal, (limit.goal, limit.goal, ""))
    value, goal = apart(c.figure(limit.goal, metric) or 0.0, limit.value)
    if limit.ceiling:
        return Why(f"{name} {value}{unit} is above the goal {goal}", f"{name_zh} {value}{unit} 高于目标 {goal}")  # fmt: skip
    return Why(f"{name} {value} is below the goal {goal}", f"{name_zh} {value} 低于目标 {goal}")


def near_goal(value: float, goal: float | None) -> bool:
    """Whether a timing stands so near its goal that noise may decide."""
    return goal is not None and abs(value - goal) <= NEAR_GOAL * goal


def apart(value: float, limit: float) -> tuple[str, str]:
    """Both as text, with as many digits as it takes to tell them apart."""
    goal = f"{limit:g}" if float(f"{limit:g}") == limit else repr(limit)
    texts = (f"{value:.{digits}g}" for digits in range(4, 18))
    return next((t for t in texts if float(t) != limit), repr(value)), goal


def _why(
    c: Candidate, lacks: list[Why], best: Candidate | None, cheapest: Candidate | None, stakes: Stakes
) -> Why:  # fmt: skip
    if lacks:
        return Why("; ".join(w.en for w in lacks), "；".join(w.zh for w in lacks))
    assert best is not None and cheapest is not None  # one that lacks nothing may be chosen
    if c is best:
        return _chosen(best, cheapest, stakes)
    if not _same_cost(c.cost_per_1000, cheapest.cost_per_1000, stakes):
        times = c.cost_per_1000 / best.cost_per_1000 if best.cost_per_1000 else 1.0
        shown = f"{times:.1f}" if times >= 1.05 else f"{times:.2f}"
        return Why(f"costs {shown}x {best.name}", f"成本是 {best.name} 的 {shown} 倍")
    more = abs(stakes.money(c.cost_per_1000 - best.cost_per_1000))
    return Why(
        f"costs the same as {best.name} ({more:.2g} {stakes.currency} apart until the next turn), {_behind(c, best)[0]}",
        f"成本与 {best.name} 相同（到下一轮相差 {more:.2g} {stakes.currency}），{_behind(c, best)[1]}",
    )


def _behind(c: Candidate, best: Candidate) -> tuple[str, str]:
    """What a variant that costs the same has against it."""
    if c.p95_ms > best.p95_ms * (1 + SAME_P95):
        return (
            f"p95 {c.p95_ms:.3g} ms against {best.p95_ms:.3g}",
            f"p95 {c.p95_ms:.3g} 毫秒，后者 {best.p95_ms:.3g}",
        )
    if c.memory_mb > max(best.memory_mb * (1 + SAME_MEMORY), best.memory_mb + SAME_MEMORY_MB):
        return (
            f"memory {c.memory_mb:.0f} MB against {best.memory_mb:.0f}",
            f"内存 {c.memory_mb:.0f} MB，后者 {best.memory_mb:.0f}",
        )
    return "and is neither clearly quicker nor clearly smaller", "且并不明显更快或更小"


def _chosen(best: Candidate, cheapest: Candidate, stakes: Stakes) -> Why:
    if best is cheapest:
        return Why("meets every goal at the lowest cost", "满足所有目标且成本最低")
    more = stakes.money(best.cost_per_1000 - cheapest.cost_per_1000)
    return Why(
        f"meets every goal; {more:.2g} {stakes.currency} more than {cheapest.name} until the next turn count as the same cost, and {_behind(cheapest, best)[0]}",
        f"满足所有目标；到下一轮比 {cheapest.name} 多 {more:.2g} {stakes.currency}，视为成本相同，而 {_behind(cheapest, best)[1]}",
    )

"""The variant that earns most until the next turn within the goals, and why each other one was not chosen.

Money is what serving all requests costs, and what answers lose in worth against the uncompressed variant: a paired
difference on the same records, drawn to what such differences are (`steelyard.stats.shrink`). What is no money there is
no reason. Knows no model, no store and no words. Example: `choose(candidates, limits, stakes=stakes, **named)[0].why.code`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.compress.candidate import Candidate
from steelyard.compress.limits import Kept, Loss, judged
from steelyard.goals import Limit
from steelyard.reason import Reason, together

# Two variants are worth the same when the difference until the next turn is below this share of
# `plan.unit`, the money that the owner thinks in, ...
SAME_MONEY = 0.01
# ... or when it is no more than two timings of one variant differ by. Then the one wins that answers like
# its parent, since nothing is paid for the risk, then the lower p95, the lower memory, the earlier in the list.
SAME_COST = 0.03
SAME_ANSWERS = 0.01  # of what answers are worth, changed up or down
SAME_P95 = 0.10
SAME_MEMORY = 0.10
SAME_MEMORY_MB = 16.0
NEAR_GOAL = 0.10  # a figure this near its goal is measured again


@dataclass(frozen=True)
class Stakes:
    """What a difference is worth: requests until the next turn, money to compare with, and money between
    the worst answer and the best; 0 where answers have no declared worth."""

    requests: int
    unit: float
    currency: str
    answer: float = 0.0

    def money(self, cost_per_1000: float) -> float:
        """Of all the requests until the next turn."""
        return cost_per_1000 * self.requests / 1000

    def lost(self, c: Candidate) -> float:
        """What answers of a variant lose against its parent's until then; negative where they gain."""
        return c.worth_lost * self.answer * self.requests

    def total(self, c: Candidate) -> float:
        """What it costs until then, with what its answers lose."""
        return self.money(c.cost_per_1000) + self.lost(c)

    def same(self, c: Candidate, least: Candidate) -> bool:
        """Whether the difference to the one of the least total is no money."""
        more = self.total(c) - self.total(least)
        return more <= max(self.tie, SAME_COST * self.money(least.cost_per_1000))

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
    loss: Loss,
    stakes: Stakes,
) -> list[Judged]:
    """Judge every candidate; at most one is chosen. `reference` is the uncompressed quality, and
    `metric` its name. One whose loss the records cannot tell is taken only where all that are within
    the limit miss a goal: the parent, which loses nothing, is among those."""
    kept = {
        c.variant: judged(c, limits, metric=metric, reference=reference, loss=loss)
        for c in candidates
    }
    able = [c for c in candidates if not kept[c.variant].breaks]
    sure = [c for c in able if kept[c.variant].open is None]
    among = sure or able
    best = _best(among, stakes)
    return [
        Judged(c, c in among, c is best, _why(c, kept[c.variant], best, among, stakes))
        for c in candidates
    ]


def _best(able: Sequence[Candidate], stakes: Stakes) -> Candidate | None:
    if not able:
        return None
    least = min(able, key=stakes.total)
    tied = [c for c in able if stakes.same(c, least)]
    truest = min(c.moved for c in tied)
    tied = [c for c in tied if c.moved <= truest + SAME_ANSWERS]
    quickest = min(c.p95_ms for c in tied)
    tied = [c for c in tied if c.p95_ms <= quickest * (1 + SAME_P95)]
    smallest = min(c.memory_mb for c in tied)
    limit = max(smallest * (1 + SAME_MEMORY), smallest + SAME_MEMORY_MB)
    return next(c for c in tied if c.memory_mb <= limit)


def near_goal(value: float, goal: float | None) -> bool:
    """Whether a timing stands so near its goal that noise may decide."""
    return goal is not None and abs(value - goal) <= NEAR_GOAL * goal


def _why(
    c: Candidate,
    kept: Kept,
    best: Candidate | None,
    among: Sequence[Candidate],
    stakes: Stakes,
) -> Reason:
    said = [*kept.breaks, *([kept.open] if kept.open else [])]
    if c not in among:
        return together(said)
    assert best is not None  # one of those that may be chosen
    if c is best:
        why = _chosen(best, among, stakes)
        if kept.open is not None:
            why = Reason("variant.taken_open", {"why": why, "open": kept.open})
        return together([why, *kept.barely])
    if not stakes.same(c, min(among, key=stakes.total)):
        return together([_worse(c, best, stakes), *said])
    return Reason(
        "variant.same_cost",
        {
            "best": best.name,
            "more": abs(stakes.total(c) - stakes.total(best)),
            "currency": stakes.currency,
            "behind": _behind(c, best),
        },
    )


def _worse(c: Candidate, best: Candidate, stakes: Stakes) -> Reason:
    """That it costs more, or that what it saves is less than what its answers lose."""
    answers = stakes.lost(c) - stakes.lost(best)
    if abs(answers) <= stakes.tie and c.cost_per_1000 >= best.cost_per_1000:
        times = c.cost_per_1000 / best.cost_per_1000 if best.cost_per_1000 else 1.0
        return Reason("variant.dearer", {"best": best.name, "times": times})
    return Reason(
        "variant.less_money",
        {
            "best": best.name,
            "less": stakes.total(c) - stakes.total(best),
            "serving": stakes.money(best.cost_per_1000 - c.cost_per_1000),
            "answers": -answers,
            "currency": stakes.currency,
        },
    )


def _behind(c: Candidate, best: Candidate) -> Reason:
    """What a variant that is worth the same has against it."""
    if c.moved > best.moved + SAME_ANSWERS:
        return Reason("variant.changes_more", {"moved": c.moved, "other": best.moved})
    if c.p95_ms > best.p95_ms * (1 + SAME_P95):
        return Reason("variant.slower", {"p95_ms": c.p95_ms, "other_ms": best.p95_ms})
    if c.memory_mb > max(best.memory_mb * (1 + SAME_MEMORY), best.memory_mb + SAME_MEMORY_MB):
        return Reason("variant.larger", {"memory_mb": c.memory_mb, "other_mb": best.memory_mb})
    return Reason("variant.no_better")


def _chosen(best: Candidate, among: Sequence[Candidate], stakes: Stakes) -> Reason:
    least = min(among, key=stakes.total)
    cheapest = min(among, key=lambda c: c.cost_per_1000)
    if best is least:
        if best.cost_per_1000 <= cheapest.cost_per_1000:
            return Reason("variant.cheapest")
        return Reason(
            "variant.most_money",
            {
                "cheapest": cheapest.name,
                "saves": stakes.money(best.cost_per_1000 - cheapest.cost_per_1000),
                "answers": stakes.lost(cheapest) - stakes.lost(best),
                "currency": stakes.currency,
            },
        )
    return Reason(
        "variant.cheap_enough",
        {
            "cheapest": least.name,
            "more": stakes.total(best) - stakes.total(least),
            "currency": stakes.currency,
            "behind": _behind(least, best),
        },
    )

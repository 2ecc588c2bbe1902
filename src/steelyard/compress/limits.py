"""Which limits a candidate keeps, which it breaks, and of which the records cannot tell. Knows no money.

Example: `judged(candidate, limits, metric="macro_f1", reference=0.86, loss=Loss(0.005, 0.95)).breaks`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from steelyard.compress.candidate import TAKEN, Candidate, Gap
from steelyard.goals import Limit
from steelyard.reason import Reason

FAR, HALVED = 10_000_000, 5  # records that nobody labels; how exactly their number is told
HAIR = 0.025  # a chance to meet a goal, or to miss it, that is worth saying: inside an interval of 95 %


@dataclass(frozen=True)
class Loss:
    """The most quality that compression may lose, and how sure that must be."""

    most: float
    confidence: float


@dataclass(frozen=True)
class Kept:
    """Why a candidate is out; why the records cannot tell; and goals that it meets by a hair."""

    breaks: tuple[Reason, ...] = ()
    open: Reason | None = None
    barely: tuple[Reason, ...] = ()


def judged(
    c: Candidate, limits: Sequence[Limit], *, metric: str, reference: float, loss: Loss
) -> Kept:
    """Goals of quality first, then the loss by compression, then goals of what it takes."""
    known = [(limit, c.figure(limit.goal, metric)) for limit in limits]
    seen = [(limit, figure) for limit, figure in known if figure is not None]
    missed = [
        (limit.goal, _missed(c, limit, figure, metric))
        for limit, figure in seen
        if limit.missed(figure)
    ]
    lost, cannot_tell = _lost(c, reference, loss)
    breaks = (
        *(why for goal, why in missed if goal not in TAKEN),
        *lost,
        *(why for goal, why in missed if goal in TAKEN),
    )
    near = [_barely(c, limit, figure, metric) for limit, figure in seen if not limit.missed(figure)]
    return Kept(breaks, cannot_tell, tuple(why for why in near if why is not None))


def _lost(c: Candidate, reference: float, loss: Loss) -> tuple[list[Reason], Reason | None]:
    """That it loses too much for certain, or that nobody can tell; nothing where it is within."""
    gap = c.gap
    if gap is None:
        lost = reference - c.quality
        return ([_beyond(c, reference, loss)] if lost > loss.most else []), None
    likely = gap.likely_quality
    chance = likely.below(-loss.most)
    if chance <= 1 - loss.confidence:
        return [], None
    if chance >= loss.confidence:
        return [_beyond(c, reference, loss)], None
    return [], Reason(
        "variant.cannot_tell",
        {
            "loss_max": loss.most,
            "likely": -likely.value,
            "chance": chance,
            "confidence": loss.confidence,
            "n": gap.n,
            "more": _more(gap, loss),
        },
    )


def _beyond(c: Candidate, reference: float, loss: Loss) -> Reason:
    return Reason(
        "variant.lost_quality",
        {
            "quality": c.quality,
            "reference": reference,
            "loss": reference - c.quality,
            "loss_max": loss.most,
        },
    )


def _more(gap: Gap, loss: Loss) -> int:
    """How many records more would tell, if what is likely now were seen of them too."""
    low, high = gap.n, 2 * gap.n
    while not _would_tell(gap, loss, high):
        low, high = high, 2 * high
        if high > FAR:
            return FAR
    for _ in range(HALVED):
        middle = (low + high) // 2
        low, high = (low, middle) if _would_tell(gap, loss, middle) else (middle, high)
    return high - gap.n


def _would_tell(gap: Gap, loss: Loss, n: int) -> bool:
    then = replace(
        gap,
        quality=gap.likely_quality.value,
        quality_error=_error(gap.quality_error, gap.n, n),
        worth_error=_error(gap.worth_error, gap.n, n),
        moved=gap.moved - 1 / gap.n + 1 / n,
        n=n,
    )
    return not 1 - loss.confidence < then.likely_quality.below(-loss.most) < loss.confidence


def _error(error: float, seen: int, n: int) -> float:
    """With n records: what was spread falls with the root of them, and the one record that may differ more with
    their number (`gap_of`)."""
    spread = max(0.0, error**2 - seen**-2) * seen / n
    return float((spread + n**-2) ** 0.5)


def _missed(c: Candidate, limit: Limit, figure: float, metric: str) -> Reason:
    """What it misses; and where that is by a hair, how likely it meets it all the same."""
    why, chance = limit.reason(figure), _chance(c, limit, figure, metric)
    return why if chance is None else Reason("goal.near", {"missed": why, "chance": chance})


def _barely(c: Candidate, limit: Limit, figure: float, metric: str) -> Reason | None:
    chance = _chance(c, limit, figure, metric)
    if chance is None:
        return None
    return Reason(
        "goal.barely",
        {"goal": limit.goal, "value": figure, "limit": limit.value, "chance": chance},
    )


def _chance(c: Candidate, limit: Limit, figure: float, metric: str) -> float | None:
    """The probability that a goal of quality is met; None where that is as good as sure, either way."""
    error = c.error(limit.goal, metric)
    if not error:
        return None
    away = (limit.value - figure if limit.ceiling else figure - limit.value) / error
    chance = NormalDist().cdf(away)
    return chance if HAIR <= chance <= 1 - HAIR else None

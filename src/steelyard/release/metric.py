"""Conversion, revenue or profit a user: always-valid intervals, what decides, and what is still missing.

Knows no ledger. Users are the unit; see `stats.sequential` for the intervals and their source.
Example: `decide_by(shown, guards, told, outcome_loss_max=0.02, loss_max=0.0).decision == "promote"`
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.release.evidence import ARMS
from steelyard.release.left import Decision, MetricArm, MetricShown, Seen
from steelyard.release.visitors import Array, Visitors
from steelyard.stats import Sample, difference, lift, needed

TUNED_AT = 5000  # users of both arms where an interval is narrowest, fixed before the data come
BUYERS_MIN = 20  # of both arms: fewer amounts say nothing of how amounts spread
DAY_S = 86_400.0


def values_of(metric: str, one: Visitors) -> Array:
    """One number a user."""
    return {"conversion": one.converted, "revenue": one.revenue, "profit": one.profit}[metric]


def metric_shown(
    metric: str,
    by_arm: Mapping[str, Visitors],
    named: Mapping[str, tuple[str, str]],
    *,
    confidence: float,
    loss_max: float,
    currency: str,
    since: str,
    now: str,
    days: int,
) -> MetricShown:
    """`named` is arm -> (variant, name). An interval is None while it may hold anything."""
    live, canary = (Sample.of(values_of(metric, by_arm[arm])) for arm in ARMS)
    two = _Two(live=live, canary=canary, bounded=metric == "conversion", confidence=confidence)
    arms = {
        arm: MetricArm(
            variant=named[arm][0],
            name=named[arm][1],
            n=by_arm[arm].n,
            waiting=by_arm[arm].waiting,
            converted=int(by_arm[arm].converted.sum()),
            value=sample.mean,
            paid=by_arm[arm].payers,
        )
        for arm, sample in zip(ARMS, (live, canary), strict=True)
    }
    known = two.difference if sum(a.paid for a in arms.values()) >= two.buyers_min else None
    total = None if known is None else two.needed(abs(known.value + loss_max))
    elapsed_s = _elapsed(since, now)
    return MetricShown(
        metric=metric,
        since=since,
        days=days,
        currency=None if two.bounded else currency,
        arms=arms,
        difference=known,
        lift=None if known is None else two.lift,
        missing=_until(
            _missing(arms, known, total, loss_max=loss_max, elapsed_s=elapsed_s),
            by_arm["live"].until,
        ),
    )


def _until(missing: Reason | None, until: str | None) -> Reason | None:
    """With the day up to which payments are known, where that is what keeps users waiting."""
    if missing is None or until is None:
        return missing
    if not until:
        return Reason("metric.no_sales", {"missing": missing})
    return Reason("metric.until", {"missing": missing, "day": until})


@dataclass(frozen=True, kw_only=True)
class _Two:
    """Both arms, and how they are compared."""

    live: Sample
    canary: Sample
    bounded: bool
    confidence: float

    @property
    def buyers_min(self) -> int:
        return 0 if self.bounded else BUYERS_MIN

    @property
    def difference(self) -> Interval | None:
        seen = difference(
            self.live,
            self.canary,
            confidence=self.confidence,
            tuned_at=TUNED_AT,
            bounded=self.bounded,
        )
        if not math.isfinite(seen.low):
            return None
        if not self.bounded:
            return seen
        return Interval(seen.value, max(-1.0, seen.low), min(1.0, seen.high), seen.n)

    @property
    def lift(self) -> Interval | None:
        return lift(
            self.live,
            self.canary,
            confidence=self.confidence,
            tuned_at=TUNED_AT,
            bounded=self.bounded,
        )

    def needed(self, gap: float) -> int | None:
        return needed(
            self.live,
            self.canary,
            gap,
            confidence=self.confidence,
            tuned_at=TUNED_AT,
            bounded=self.bounded,
        )


def _elapsed(since: str, now: str) -> float:
    return (datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()


def _missing(
    arms: Mapping[str, MetricArm],
    known: Interval | None,
    total: int | None,
    *,
    loss_max: float,
    elapsed_s: float,
) -> Reason | None:
    """None once the interval says on which side of the loss that may be borne the canary is."""
    waiting = sum(arm.waiting for arm in arms.values())
    counted = sum(arm.n for arm in arms.values())
    if known is None and not all(arm.n for arm in arms.values()):
        return Reason("metric.nobody", {"users": counted, "waiting": waiting})
    if known is None:
        buyers = sum(arm.paid for arm in arms.values())
        if buyers >= BUYERS_MIN:  # and all of them paid the same
            return Reason("metric.alike", {"users": counted})
        return Reason(
            "metric.few",
            {"users": counted, "waiting": waiting, "buyers": buyers, "needed": BUYERS_MIN},
        )
    if known.low > -loss_max or known.high < -loss_max:
        return None
    if total is None:
        return Reason("metric.alike", {"users": counted})
    more = max(1, total - counted)
    a_day = (counted + waiting) / max(elapsed_s / DAY_S, 1 / 24)
    return Reason("metric.more", {"more": more, "waiting": waiting, "days": more / a_day})


def told_of(shown: MetricShown) -> Reason:
    """What users showed, as evidence in a decision's sentence."""
    live, canary = (shown.arms[arm] for arm in ARMS)
    unit = shown.currency or ""
    values = Reason(
        "evidence.metric_arms",
        {
            "live": live.value,
            "canary": canary.value,
            "unit": unit,
            "live_n": live.n,
            "canary_n": canary.n,
        },
    )
    if shown.difference is None:
        return Reason("evidence.metric_open", {"metric": shown.metric, "values": values})
    d = shown.difference.value, shown.difference.low, shown.difference.high
    told = Reason(
        "evidence.metric",
        {"metric": shown.metric, "difference": d, "unit": unit, "values": values},
    )
    if shown.lift is None:
        return told
    r = shown.lift.value, shown.lift.low, shown.lift.high
    return Reason("evidence.metric_lift", {"told": told, "lift": r})


def decide_by(
    shown: MetricShown,
    guards: Sequence[Seen],
    told: Sequence[Reason],
    *,
    outcome_loss_max: float,
    loss_max: float,
) -> Decision:
    """A proven loss of outcome takes the canary back, by replayed records or by users, and so does a
    proven loss of the metric. Promoted is only by the metric: proven not worse than the loss that may be
    borne, and more by the best guess; never where outcomes are worse for certain and may be by more than is borne. `told` says of each guard what it showed."""
    own, d = (told_of(shown), *told), shown.difference
    if any(seen.reading.high < -outcome_loss_max for seen in guards):
        why = Reason("readout.worse", {"loss_max": outcome_loss_max, "told": own[::-1]})
        return Decision("rolled back", why)
    if d is not None and d.high < -loss_max:
        why = Reason(
            "readout.metric_worse", {"metric": shown.metric, "loss_max": loss_max, "told": own}
        )
        return Decision("rolled back", why)
    if d is None or d.low <= -loss_max:
        missing = shown.missing or Reason("metric.alike", {"users": d.n if d else 0})
        return Decision("keep", Reason("readout.metric_open", {"missing": missing, "told": own}))
    worse = [seen for seen in guards if seen.difference.high < 0]
    if any(seen.reading.low <= -outcome_loss_max for seen in worse):
        guard = Reason(
            "readout.metric_guarded",
            {"metric": shown.metric, "loss_max": outcome_loss_max, "told": own},
        )
        return Decision("keep", guard)
    if d.value <= 0:
        why = Reason("readout.metric_no_gain", {"metric": shown.metric, "told": own})
        return Decision("keep", why)
    why = Reason(
        "readout.metric_better", {"metric": shown.metric, "loss_max": loss_max, "told": own}
    )
    return Decision("promote", why)


def guarded(seen: Seen, outcome_loss_max: float) -> bool:
    """Whether more replayed records would tell nothing: they cannot promote, and show no great loss."""
    return seen.difference.low > -outcome_loss_max

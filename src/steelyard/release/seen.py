"""What each body of evidence shows of two variants: outcome, cost and money, with intervals valid at every look.

Knows no store and no decision. Example: `of_pairs(rows, named, confidence=0.975, price=0.3, worth=worth).net`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from steelyard.release.decide import REPLAY, USERS, Worth, net_of
from steelyard.release.evidence import ARMS, Pair
from steelyard.release.left import Arm, PathPoint, Response, Seen
from steelyard.release.users import Users
from steelyard.stats import Interval, Sample, paired, worst
from steelyard.stats import difference as sequence

PATH_POINTS = 40
# Where an interval is narrowest. It must be fixed before the data come, and an experiment may
# outlive a change of the product file.
PAIRS_TUNED_AT, USERS_TUNED_AT = 1000, 2000
TUNED_AT = {REPLAY: PAIRS_TUNED_AT, USERS: USERS_TUNED_AT}


def _bounded(interval: Interval) -> Interval:
    """Outcomes lie in [0, 1], so no difference leaves [-1, 1]."""
    return Interval(interval.value, max(-1.0, interval.low), min(1.0, interval.high), interval.n)


def of_pairs(
    rows: Sequence[Pair],
    named: Mapping[str, tuple[str, str]],
    *,
    confidence: float,
    price: float,
    worth: Worth,
) -> Seen:
    better = np.array([p.outcome[1] - p.outcome[0] for p in rows])
    difference = _bounded(paired(Sample.of(better), confidence=confidence, tuned_at=PAIRS_TUNED_AT))
    arms = {}
    for i, arm in enumerate(ARMS):
        variant, name = named[arm]
        late = float(np.quantile([p.latency_ms[i] for p in rows], 0.95)) if rows else 0.0
        arms[arm] = Arm(
            variant,
            name,
            len(rows),
            _mean([p.outcome[i] for p in rows]),
            _cost(_mean([p.cpu_s[i] for p in rows]), price),
            late,
        )
    if not rows:
        return Seen(REPLAY, difference, arms)
    dearer = np.array([_cost(p.cpu_s[1] - p.cpu_s[0], price) for p in rows])
    net = 1000 * worth.value * better - dearer
    # the widest that was seen: CPU seconds have no bound, and one slow record must not be a surprise
    widest = float(np.abs(dearer).max())
    interval = partial(paired, confidence=confidence, tuned_at=PAIRS_TUNED_AT)
    return Seen(
        REPLAY,
        difference,
        arms,
        net=interval(Sample.of(net), widest=1000 * worth.value + widest),
        dearer=interval(Sample.of(dearer), widest=widest),
    )


def of_users(
    by_arm: Mapping[str, Users],
    named: Mapping[str, tuple[str, str]],
    replayed: Seen,
    *,
    confidence: float,
    price: float,
    worth: Worth,
) -> Seen | None:
    """None while no user's outcome has come. What the canary costs more is that of the records which both
    answered, where there are any: the same inputs."""
    samples = [by_arm[arm].sample for arm in ARMS]
    if not any(sample.n for sample in samples):
        return None
    interval = partial(sequence, confidence=confidence, tuned_at=USERS_TUNED_AT)
    difference = _bounded(interval(*samples))
    arms = {
        arm: Arm(
            *named[arm],
            u.sample.n,
            u.sample.mean,
            _cost(u.cpu_s, price),
            u.p95_ms,
        )
        for arm, u in by_arm.items()
    }
    told = [by_arm[arm].told for arm in ARMS]
    shares = told[0].mean, told[1].mean
    apart = interval(*told)
    response = Response(live=shares[0], canary=shares[1], difference=_bounded(apart))
    reading = worst(
        difference,
        means=(samples[0].mean, samples[1].mean),
        told=shares,
        told_half=(apart.high - apart.low) / 2,
    )
    seen = Seen(USERS, difference, arms, reading, dearer=replayed.dearer, response=response)
    return replace(seen, net=net_of(seen, worth))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _cost(cpu_s: float, price: float) -> float:
    return cpu_s * 1000 / 3600 * price


def path_of(rows: Sequence[Pair], *, confidence: float) -> list[PathPoint]:
    """The interval of the pairs as they came in: what a watcher would have seen."""
    differences = [p.outcome[1] - p.outcome[0] for p in rows]
    points = []
    looks = np.unique(np.linspace(0, len(rows), PATH_POINTS + 1).astype(int)[1:])
    for n in looks[looks > 0]:
        seen = _bounded(
            paired(Sample.of(differences[:n]), confidence=confidence, tuned_at=PAIRS_TUNED_AT)
        )
        points.append(PathPoint(int(n), seen.value, seen.low, seen.high))
    return points

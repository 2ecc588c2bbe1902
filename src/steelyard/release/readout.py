"""What the canary showed: outcome and cost by arm, always-valid intervals, a decision.

Knows no HTTP. Two bodies of evidence, replayed pairs and real users, share the error that
`release.confidence` leaves. Example: `decide([seen], worth, loss_max=0.02).decision == "promote"`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.as_json import to_json
from steelyard.reason import Reason
from steelyard.release.classes import unlike
from steelyard.release.evidence import ARMS, Pair, Users, began, pairs, users
from steelyard.release.left import (
    Arm,
    Decision,
    MetricShown,
    PathPoint,
    Seen,
    Shown,
    UsersShown,
)
from steelyard.release.metric import decide_by, guarded, metric_shown
from steelyard.release.visitors import visitors
from steelyard.spec import ProductFile, names_in
from steelyard.spec.model import Release
from steelyard.stats import Interval, Sample, paired
from steelyard.stats import difference as sequence
from steelyard.store import Store
from steelyard.store.releases import experiment_of
from steelyard.tasks import Task
from steelyard.tasks.valuation import Valuation

PATH_POINTS = 40
# Where an interval is narrowest. It must be fixed before the data come, and an experiment may
# outlive a change of the product file.
PAIRS_TUNED_AT, USERS_TUNED_AT = 1000, 2000
REPLAY, USERS = "replay", "users"
OUTCOME = "outcome"
DECIDED = ("promote", "rolled back")


@dataclass(frozen=True)
class Worth:
    """Money between the worst answer and the best, in `currency`."""

    value: float
    currency: str


@dataclass(frozen=True)
class Readout:
    """`arms` and `difference` are those of the replayed pairs; `users` those of real users; `metric` is
    what these bought, where `release.metric` says that this decides. `guarded` where more replayed
    records could change nothing."""

    replay: Seen
    users: Seen | None
    since: str | None
    path: list[PathPoint]
    decision: Decision
    metric: MetricShown | None = None
    guarded: bool = False

    @property
    def decided(self) -> bool:
        return self.decision.decision in DECIDED

    @property
    def settled(self) -> bool:
        """Whether another replayed record could change nothing."""
        return self.decided or self.guarded

    @property
    def waits_for_users(self) -> bool:
        """Whether it is undecided, and no replayed record could decide it."""
        return self.metric is not None and not self.decided

    @property
    def shown(self) -> Shown:
        """As a step leaves it."""
        seen, real = self.replay, self.users
        users = None
        if real is not None:
            users = UsersShown(since=self.since, arms=real.arms, difference=real.difference)
        path = tuple(self.path)
        return Shown(
            arms=seen.arms,
            difference=seen.difference,
            path=path,
            users=users,
            metric=self.metric,
        )

    def to_json(self) -> dict[str, Any]:
        return {**to_json(self.shown), **to_json(self.decision)}

    @property
    def served(self) -> Mapping[str, Arm]:
        """Cost and time of each arm: of the pairs, which got the same inputs, when there are any."""
        use_pairs = self.users is None or self.replay.difference.n > 0
        return (self.replay if use_pairs or self.users is None else self.users).arms


def readout(
    store: Store,
    product: ProductFile,
    *,
    task: Task,
    variants: Mapping[str, str],
    without: Set[str] = frozenset(),
) -> Readout:
    """Everything known of two variants but the records in `without`, and the decision."""
    pair = {arm: variants[arm] for arm in ARMS}
    words, rule = names_in(product), product.spec.release
    names = store.variants.names()
    price = float(product.spec.money.prices.cpu_hour)
    named = {arm: (pair[arm], names.get(pair[arm], pair[arm][:12])) for arm in ARMS}
    by_users = rule.metric != OUTCOME
    each = 1 - (1 - rule.confidence) / (3 if by_users else 2)  # all intervals hold together
    valuation = Valuation(task, product.spec.money)
    rows = [p for p in pairs(store, valuation, words, **pair) if p.record not in without]
    replayed = _of_pairs(rows, named, confidence=each, price=price)
    by_arm = users(store, valuation, words, **pair)
    real = _of_users(by_arm, named, confidence=each, price=price) if by_arm else None
    worth = Worth(float(valuation.range), valuation.currency)
    since = began(store, **pair)
    bought = _bought(store, product, valuation, named, since, confidence=each) if by_users else None
    why_not = unlike(store, task, words, **pair)
    evidence = [replayed] if real is None else [replayed, real]
    if why_not is not None:
        decision = Decision("keep", why_not)
    elif by_users:
        decision = _by_metric(bought, evidence, rule)
    else:
        decision = decide(evidence, worth, loss_max=rule.outcome_loss_max)
    path = [] if why_not else _path(rows, confidence=each)
    settled = by_users and guarded(replayed, rule.outcome_loss_max)
    return Readout(replayed, real, since, path, decision, bought, settled)


def _bought(
    store: Store,
    product: ProductFile,
    valuation: Valuation,
    named: Mapping[str, tuple[str, str]],
    since: str | None,
    *,
    confidence: float,
) -> MetricShown | None:
    """What users bought; None while the two do not share them."""
    if since is None:
        return None
    rule = product.spec.release
    pair = {arm: variant for arm, (variant, _) in named.items()}
    return metric_shown(
        rule.metric,
        visitors(store, product, experiment_of(**pair, scale=valuation.scale), since=since),
        named,
        confidence=confidence,
        loss_max=rule.metric_loss_max,
        currency=product.spec.money.currency,
        since=since,
        now=store.clock.now(),
        days=rule.metric_days,
    )


def _by_metric(bought: MetricShown | None, evidence: Sequence[Seen], rule: Release) -> Decision:
    told = tuple(_told(seen) for seen in evidence)
    if bought is None:
        return Decision("keep", Reason("readout.undecided", {"told": told}))
    return decide_by(
        bought,
        evidence,
        told,
        outcome_loss_max=rule.outcome_loss_max,
        loss_max=rule.metric_loss_max,
    )


def decide(evidence: Sequence[Seen], worth: Worth, *, loss_max: float) -> Decision:
    """Proven worse by more than `loss_max` in either body of evidence: back. Proven not worse than
    that in one, worse for certain in none, and worth more per request: up. Anything else stays a
    canary and gathers more.

    Each interval has its own share of the error, so that the total of wrong decisions keeps to
    what was promised (Bonferroni).
    """
    told = tuple(_told(seen) for seen in evidence)
    if any(seen.difference.high < -loss_max for seen in evidence):
        return Decision(
            "rolled back", Reason("readout.worse", {"loss_max": loss_max, "told": told})
        )
    proofs = [seen for seen in evidence if seen.difference.low > -loss_max]
    if not proofs:
        return Decision("keep", Reason("readout.undecided", {"told": told}))
    against = [seen for seen in evidence if seen.difference.high < 0 and seen not in proofs]
    if against:
        return Decision("keep", Reason("readout.disagree", {"told": told}))
    proof = min(proofs, key=lambda seen: seen.difference.high - seen.difference.low)
    extra = _extra(proof, worth)
    if extra > 0:
        return Decision(
            "promote",
            Reason(
                "readout.promote",
                {"loss_max": loss_max, "extra": extra, "currency": worth.currency, "told": told},
            ),
        )
    return Decision(
        "keep",
        Reason("readout.no_gain", {"extra": extra, "currency": worth.currency, "told": told}),
    )


def _extra(seen: Seen, worth: Worth) -> float:
    """Money that 1,000 requests bring more by the canary than by the live variant."""
    cost = seen.arms["canary"].cost_per_1000 - seen.arms["live"].cost_per_1000
    return seen.difference.value * worth.value * 1000 - cost


def _told(seen: Seen) -> Reason:
    d, arms = seen.difference, seen.arms
    difference = d.value, d.low, d.high
    if seen.source == REPLAY:
        return Reason("evidence.replay", {"difference": difference, "n": d.n})
    return Reason(
        "evidence.users",
        {"difference": difference, "live": arms["live"].n, "canary": arms["canary"].n},
    )


def _bounded(interval: Interval) -> Interval:
    """Outcomes lie in [0, 1], so no difference leaves [-1, 1]."""
    return Interval(interval.value, max(-1.0, interval.low), min(1.0, interval.high), interval.n)


def _of_pairs(
    rows: Sequence[Pair], named: Mapping[str, tuple[str, str]], *, confidence: float, price: float
) -> Seen:
    sample = Sample.of([p.outcome[1] - p.outcome[0] for p in rows])
    difference = _bounded(paired(sample, confidence=confidence, tuned_at=PAIRS_TUNED_AT))
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
    return Seen(REPLAY, difference, arms)


def _of_users(
    by_arm: Mapping[str, Users],
    named: Mapping[str, tuple[str, str]],
    *,
    confidence: float,
    price: float,
) -> Seen | None:
    """None while no user's outcome has come."""
    samples = [by_arm[arm].sample for arm in ARMS]
    if not any(sample.n for sample in samples):
        return None
    difference = _bounded(sequence(*samples, confidence=confidence, tuned_at=USERS_TUNED_AT))
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
    return Seen(USERS, difference, arms)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _cost(cpu_s: float, price: float) -> float:
    return cpu_s * 1000 / 3600 * price


def _path(rows: Sequence[Pair], *, confidence: float) -> list[PathPoint]:
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

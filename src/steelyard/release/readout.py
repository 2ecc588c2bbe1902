"""What the canary showed: outcome, cost and net value by arm, always-valid intervals, a decision.

Knows no HTTP. Two bodies of evidence, replayed pairs and real users, share the error that
`release.confidence` leaves. Example: `readout(store, product, task=task, variants=pair).decision`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from steelyard.as_json import to_json
from steelyard.reason import Reason
from steelyard.release.checks import contradicted, held, users_broken
from steelyard.release.classes import unlike
from steelyard.release.decide import Worth, decide, told_of
from steelyard.release.evidence import ARMS, began, pairs
from steelyard.release.frozen import frozen
from steelyard.release.left import (
    Arm,
    Decision,
    MetricShown,
    Option,
    PathPoint,
    Seen,
    Shown,
    UsersShown,
)
from steelyard.release.metric import decide_by, guarded, metric_shown
from steelyard.release.option import option
from steelyard.release.seen import TUNED_AT, of_pairs, of_users, path_of
from steelyard.release.users import Users, users
from steelyard.release.visitors import visitors
from steelyard.spec import ProductFile, names_in
from steelyard.spec.model import Release
from steelyard.store import Store
from steelyard.store.releases import experiment_of
from steelyard.tasks import Task
from steelyard.tasks.valuation import Valuation

OUTCOME = "outcome"
DECIDED = ("promote", "rolled back")
# reasons of which more of the same evidence would make a decision
MORE_TELLS = {"readout.undecided", "readout.net_open", "readout.metric_open"}


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
    by_arm: Mapping[str, Users] | None = None
    option: Option | None = None

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
            by_arm = self.by_arm or {}
            users = UsersShown(
                since=self.since,
                arms=real.arms,
                difference=real.difference,
                worst=real.worst,
                net=real.net,
                response=real.response,
                reached={arm: one.reached for arm, one in by_arm.items()} or None,
                waiting={arm: one.waiting for arm, one in by_arm.items() if one.waiting} or None,
            )
        path = tuple(self.path)
        return Shown(
            arms=seen.arms,
            difference=seen.difference,
            path=path,
            users=users,
            metric=self.metric,
            net=seen.net,
            option=self.option,
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
    still = frozen(store, product, **pair)
    product, rule = still.product, still.product.spec.release
    words, names = names_in(product), store.variants.names()
    price = float(product.spec.money.prices.cpu_hour)
    named = {arm: (pair[arm], names.get(pair[arm], pair[arm][:12])) for arm in ARMS}
    by_users = rule.metric != OUTCOME
    each = 1 - (1 - rule.confidence) / (3 if by_users else 2)  # all intervals hold together
    valuation = Valuation(task, product.spec.money)
    worth = Worth(float(valuation.range), valuation.currency)
    rows = [p for p in pairs(store, valuation, words, **pair) if p.record not in without]
    replayed = of_pairs(rows, named, confidence=each, price=price, worth=worth)
    by_arm = users(store, valuation, words, **pair, days=rule.outcome_days)
    real = (
        of_users(by_arm, named, replayed, confidence=each, price=price, worth=worth)
        if by_arm
        else None
    )
    since = began(store, **pair)
    bought = _bought(store, product, valuation, named, since, confidence=each) if by_users else None
    evidence = [replayed] if real is None else [replayed, real]
    why_not = unlike(store, task, words, **pair)
    if why_not is not None:
        decision = Decision("keep", why_not)
    else:
        broken = _broken(store, by_arm, since=since, share=rule.canary_share)
        decision = _decision(store, bought, evidence, worth, rule, broken=broken, pair=pair)
    more_tells = decision.reason.code in MORE_TELLS
    decision = with_changes(decision, still.changed)
    left = None
    if decision.decision not in DECIDED and why_not is None:
        left = _option(product, evidence, worth, by_arm, confidence=each, more_tells=more_tells)
    path = [] if why_not else path_of(rows, confidence=each)
    settled = by_users and guarded(replayed, rule.outcome_loss_max)
    return Readout(replayed, real, since, path, decision, bought, settled, by_arm, left)


def _option(
    product: ProductFile,
    evidence: Sequence[Seen],
    worth: Worth,
    by_arm: Mapping[str, Users] | None,
    *,
    confidence: float,
    more_tells: bool,
) -> Option | None:
    """Where users' purchases decide, more outcomes would not: `metric.missing` says how many users."""
    rule = product.spec.release
    return option(
        evidence,
        worth,
        loss_max=rule.outcome_loss_max,
        requests=product.spec.plan.requests,
        requests_a_user=_requests_a_user(by_arm),
        confidence=confidence,
        tuned_at=TUNED_AT if rule.metric == OUTCOME else {},
        more_tells=more_tells,
    )


def with_changes(decision: Decision, settings: tuple[str, ...]) -> Decision:
    """The decision, with what the file says otherwise than the rule it was made by."""
    if not settings:
        return decision
    why = Reason("readout.frozen", {"settings": settings, "why": decision.reason})
    return Decision(decision.decision, why)


def _broken(
    store: Store, by_arm: Mapping[str, Users] | None, *, since: str | None, share: float
) -> Reason | None:
    """Why real users tell nothing; None where nothing is wrong, or none came."""
    reached = {arm: one.reached for arm, one in (by_arm or {}).items()}
    if since is None or not any(reached.values()):
        return None
    return users_broken(store, reached, since=since, share=share)


def _decision(
    store: Store,
    bought: MetricShown | None,
    evidence: Sequence[Seen],
    worth: Worth,
    rule: Release,
    *,
    broken: Reason | None,
    pair: Mapping[str, str],
) -> Decision:
    loss_max = rule.outcome_loss_max
    if rule.metric != OUTCOME:
        decision = _by_metric(bought, evidence, rule)
    else:
        decision = decide(evidence, worth, loss_max=loss_max)
    replayed: Decision | None = decide(evidence[:1], worth, loss_max=loss_max)
    if rule.metric != OUTCOME and evidence[0].reading.high >= -loss_max:
        replayed = None  # there it may only guard outcomes
    decision = held(decision, broken, replayed)
    return contradicted(store, decision, live=pair["live"], canary=pair["canary"])


def _requests_a_user(by_arm: Mapping[str, Users] | None) -> float:
    arms = list((by_arm or {}).values())
    told = sum(
        one.sample.n for one in arms
    )  # few may tell: each one that does took the requests of all
    return sum(one.answers for one in arms) / told if told else 1.0


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
    told = tuple(told_of(seen) for seen in evidence)
    if bought is None:
        return Decision("keep", Reason("readout.undecided", {"told": told}))
    return decide_by(
        bought,
        evidence,
        told,
        outcome_loss_max=rule.outcome_loss_max,
        loss_max=rule.metric_loss_max,
    )

"""What real users say of two variants: outcomes a request with the user as the unit, and who told of them.

Knows no decision. Example: `users(store, valuation, names, live="a", canary="b")["canary"].sample.mean`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from steelyard.release.evidence import ARMS, began, outcome_of, read
from steelyard.store import Store
from steelyard.store.nouns.answers import Sums, Untold
from steelyard.store.releases import experiment_of
from steelyard.store.tallies import TOLD

if TYPE_CHECKING:
    from steelyard.stats import Sample
    from steelyard.tasks.valuation import Valuation

PAIRS_MAX = 500  # of answers and truths that a query names


@dataclass(frozen=True)
class Users:
    """Real users of one variant. `sample`: outcomes a request, of the users who told of any; `told`: the share
    of answers that have an outcome, of all `reached`; what the answers took; and `waiting`, answers whose
    days for an outcome are not over."""

    sample: Sample
    answers: int
    cpu_s: float
    p95_ms: float
    told: Sample
    waiting: int = 0

    @property
    def reached(self) -> int:
        return self.told.n


@dataclass
class _User:
    worth: float = 0.0
    outcomes: int = 0
    told: int = 0
    asked: int = 0


def users(
    store: Store,
    valuation: Valuation,
    names: Mapping[str, str],
    *,
    live: str,
    canary: str,
    days: int | None = None,
) -> dict[str, Users] | None:
    """Arm -> its real users since the two share the users; None where they do not.

    A user is one unit, however many requests: outcomes of one user are alike. With `days` an outcome
    counts that came within so many days, and an answer counts once they are over.
    """
    since = began(store, live=live, canary=canary)
    if since is None:
        return None
    experiment = experiment_of(live, canary, scale=valuation.scale)
    took = {arm: store.answers.took(experiment, since=since, arm=arm) for arm in ARMS}
    waiting: Mapping[str, int] = {}
    if days is None:
        outcomes = _outcomes(store, valuation, names, experiment, since)
        told = store.answers.responses(experiment, since=since)
    else:
        outcomes, told, waiting = _within(store, valuation, names, experiment, since, days)
    by_arm = {}
    for arm in ARMS:
        by_arm[arm] = Users(
            _sample(outcomes.get(arm)),
            took[arm].n,
            took[arm].cpu_s,
            took[arm].p95_ms,
            _sample(told.get(arm)),
            waiting.get(arm, 0),
        )
    return by_arm


def _sample(sums: Sums | None) -> Sample:
    from steelyard.stats import Sample, ratio_sample

    if sums is None:
        return Sample(0, 0.0, 0.0)
    if not sums.count:  # users whose answers all wait: they are here, and say nothing
        return Sample(sums.n, 0.0, 0.0)
    return ratio_sample(
        sums.n,
        total=sums.total,
        count=sums.count,
        total2=sums.total2,
        count2=sums.count2,
        product=sums.product,
    )


def _outcomes(
    store: Store, valuation: Valuation, names: Mapping[str, str], experiment: str, since: str
) -> dict[str, Sums]:
    worth = {
        pair: read(valuation, names, pair.value, pair.truth)
        for pair in store.answers.untold(experiment, since=since)
    }
    if len(worth) <= PAIRS_MAX:
        return store.answers.by_user(experiment, since=since, worth=worth)
    return _one_by_one(store, experiment, since, worth)


def _one_by_one(
    store: Store, experiment: str, since: str, worth: Mapping[Untold, float | None]
) -> dict[str, Sums]:
    """The same where the pairs are too many for one query."""
    by_pair = {pair.pair: outcome for pair, outcome in worth.items()}
    seen: dict[str, dict[str, list[tuple[float, int]]]] = {arm: defaultdict(list) for arm in ARMS}
    for row in store.answers.each_user(experiment, since=since):
        outcome, n = by_pair.get(row["pair"]), row["n"]
        if row["pair"] == TOLD:
            seen[row["arm"]][row["user"]].append((row["total"], n))
        elif outcome is not None:
            seen[row["arm"]][row["user"]].append((outcome * n, n))
    return {
        arm: Sums.of((sum(t for t, _ in rows), sum(n for _, n in rows)) for rows in own.values())
        for arm, own in seen.items()
    }


def _within(
    store: Store,
    valuation: Valuation,
    names: Mapping[str, str],
    experiment: str,
    since: str,
    days: int,
) -> tuple[dict[str, Sums], dict[str, Sums], dict[str, int]]:
    """Outcomes and responses of each arm, of answers whose days are over, and how many wait."""
    window, now = timedelta(days=days), datetime.fromisoformat(store.clock.now())
    by_user: dict[tuple[str, str], _User] = defaultdict(_User)
    waiting = dict.fromkeys(ARMS, 0)
    seen: dict[str, bool] = {}  # answer -> whether an outcome of it was counted
    for row in store.answers.one_by_one(experiment, since=since):
        user, asked = by_user[row["arm"], row["user"]], datetime.fromisoformat(row["asked"])
        new, ripe = row["id"] not in seen, asked + window <= now
        seen.setdefault(row["id"], False)
        waiting[row["arm"]] += new and not ripe
        user.asked += new and ripe
        late = row["told"] is None or datetime.fromisoformat(row["told"]) > asked + window
        if late or not ripe:
            continue
        worth = outcome_of(valuation, names, row)
        user.told += not seen[row["id"]]
        seen[row["id"]] = True
        if worth is not None:
            user.worth, user.outcomes = user.worth + worth, user.outcomes + 1
    outcomes, told = {}, {}
    for arm in ARMS:
        own = [user for (side, _), user in by_user.items() if side == arm]
        outcomes[arm] = Sums.of((u.worth, u.outcomes) for u in own if u.outcomes)
        told[arm] = Sums.of((u.told, u.asked) for u in own)
    return outcomes, told, waiting

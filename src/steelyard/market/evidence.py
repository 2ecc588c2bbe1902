"""What answers and outcomes say of two variants: replayed records as pairs, real users as arms.

Knows no decision. A replayed record was answered by both variants, so each gives one difference; a
user was answered by one, so users give two averages. Example: `pairs(store, task, ...)[0].outcome`
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steelyard.market.labels import Vocabulary
from steelyard.store import Store
from steelyard.store.nouns.answers import Shared
from steelyard.store.releases import RETIRED

if TYPE_CHECKING:
    from steelyard.tasks import Task

ARMS = ("live", "canary")


@dataclass(frozen=True)
class Pair:
    """One record that both variants answered and whose truth came back; figures as (live, canary)."""

    turn: int
    record: str
    outcome: tuple[float, float]
    cpu_s: tuple[float, float]
    latency_ms: tuple[float, float]


@dataclass(frozen=True)
class Users:
    """Real users of one variant: the mean outcome of each, and what the answers took."""

    outcomes: list[float]
    answers: int
    cpu_s: float
    p95_ms: float


def prefix_of(live: str | None, canary: str | None) -> str:
    """What every replayed request of this pair begins with, in every turn."""
    return hashlib.sha256(f"pairs\t{live}\t{canary}".encode()).hexdigest()[:16]


def complete(
    store: Store, *, live: str, canary: str, turn_before: int | None = None
) -> dict[str, tuple[int, dict[str, dict[str, Any]]]]:
    """Record -> (turn, arm -> answer with its `truth`) where both arms have answer and outcome; a
    record sent in several turns counts in the first, and only in turns below `turn_before`."""
    variants, by_key = {"live": live, "canary": canary}, defaultdict[tuple[int, str], dict[str, dict[str, Any]]](dict)  # fmt: skip
    for row in store.answers.replayed(f"{prefix_of(live, canary)}:"):
        parts = row["request"].split(":")
        if len(parts) == 4 and parts[1].isdigit() and row["variant"] == variants.get(parts[3]):
            by_key[int(parts[1]), parts[2]][parts[3]] = row
    found: dict[str, tuple[int, dict[str, dict[str, Any]]]] = {}
    for (turn, record), arms in sorted(by_key.items()):
        if len(arms) == len(ARMS) and (turn_before is None or turn < turn_before):
            found.setdefault(record, (turn, arms))
    return found


def pairs(store: Store, task: Task, vocabulary: Vocabulary, *, live: str, canary: str) -> list[Pair]:  # fmt: skip
    """Every complete pair in the order of sending."""
    found = []
    for record, (turn, arms) in complete(store, live=live, canary=canary).items():
        both = [arms[arm] for arm in ARMS]
        live_outcome, canary_outcome = (
            _outcome(task, vocabulary, row["label"], row["truth"]) for row in both
        )
        if live_outcome is not None and canary_outcome is not None:
            found.append(Pair(
                turn, record, (live_outcome, canary_outcome), (both[0]["cpu_s"], both[1]["cpu_s"]),
                (both[0]["latency_ms"], both[1]["latency_ms"]),
            ))  # fmt: skip
    return sorted(found, key=lambda pair: (pair.turn, pair.record))


def began(store: Store, *, live: str, canary: str) -> str | None:
    """When the two began to share the users as they do now; None while they do not."""
    current: dict[str, tuple[str, float]] = {}
    since: str | None = None
    wanted = {"live": live, "canary": canary}
    for row in store.releases.history():
        state, share = row["state"], (row["variant"], row["share"])
        if state not in (*ARMS, RETIRED) or current.get(state) == share:
            continue
        current = {s: v for s, v in current.items() if v[0] != row["variant"]}
        if state in ARMS:
            current[state], since = share, row["created"]
    return since if {state: v[0] for state, v in current.items()} == wanted else None


def users(
    store: Store, task: Task, vocabulary: Vocabulary, *, live: str, canary: str
) -> dict[str, Users] | None:
    """Arm -> real users whose outcomes came since the two share the users; None where they do not.

    A user is one unit, however many requests: outcomes of one user are alike.
    """
    since = began(store, live=live, canary=canary)
    if since is None:
        return None
    # replays of before had no mark of their own: their request ids tell them apart
    old = hashlib.sha256(f"{live}\t{canary}".encode()).hexdigest()[:16]
    shared = Shared(since, (live, canary), without=f"{old}:")
    seen: dict[str, dict[str, list[tuple[float, int]]]] = {live: defaultdict(list), canary: defaultdict(list)}  # fmt: skip
    for row in store.answers.outcomes(shared):
        outcome = _outcome(task, vocabulary, row["label"], row["truth"])
        if outcome is not None:
            seen[row["variant"]][row["user"]].append((outcome, row["n"]))
    return {
        arm: _users(store, shared, variant, seen[variant])
        for arm, variant in zip(ARMS, (live, canary), strict=True)
    }


def _users(
    store: Store, shared: Shared, variant: str, by_user: Mapping[str, Sequence[tuple[float, int]]]
) -> Users:  # fmt: skip
    import numpy as np

    means = [
        float(np.average([o for o, _ in rows], weights=[n for _, n in rows]))
        for _, rows in sorted(by_user.items())
    ]
    took = store.answers.took(shared, variant)
    return Users(means, took.n, took.cpu_s, took.p95_ms)


def _outcome(task: Task, vocabulary: Vocabulary, answer: str, truth: str) -> float | None:
    """Both as the file names them now; None where the truth is a word it does not name."""
    said, true = vocabulary.read(answer), vocabulary.read(truth)
    if true is None:
        return None
    return task.outcome(said, true) if said is not None else 0.0

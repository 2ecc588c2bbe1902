"""What replayed records say of two variants, as pairs, and since when two share the real users.

Knows no decision. A replayed record was answered by both variants, so each gives one difference; a
user was answered by one: see `users`. Example: `pairs(store, valuation, names, **arms)[0].outcome`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steelyard.store import Store
from steelyard.store.releases import RETIRED, experiment_of

if TYPE_CHECKING:
    from steelyard.tasks.valuation import Valuation

ARMS = ("live", "canary")
Row = Mapping[str, Any]  # of the store


@dataclass(frozen=True)
class Pair:
    """One record that both variants answered and whose truth came back; figures as (live, canary)."""

    turn: int
    record: str
    outcome: tuple[float, float]
    cpu_s: tuple[float, float]
    latency_ms: tuple[float, float]


@dataclass(frozen=True)
class Both:
    """What both variants answered to one record, with its `truth`, and in which turn."""

    turn: int
    live: Row
    canary: Row


def complete(
    store: Store, *, live: str, canary: str, scale: str = "", turn_before: int | None = None
) -> dict[str, Both]:
    """Record -> what both arms answered, where both arms have answer and outcome; a
    record sent in several turns counts in the first, and only in turns below `turn_before`."""
    variants, by_key = (
        {"live": live, "canary": canary},
        defaultdict[tuple[int, str], dict[str, Row]](dict),
    )
    for row in store.answers.replayed(experiment_of(live, canary, scale=scale)):
        parts = row["request"].split(":")
        if len(parts) == 4 and parts[1].isdigit() and row["variant"] == variants.get(parts[3]):
            by_key[int(parts[1]), parts[2]][parts[3]] = row
    by_record: dict[str, Both] = {}
    for (turn, record), arms in sorted(by_key.items()):
        if len(arms) == len(ARMS) and (turn_before is None or turn < turn_before):
            by_record.setdefault(record, Both(turn, *(arms[arm] for arm in ARMS)))
    return by_record


def pairs(
    store: Store, valuation: Valuation, names: Mapping[str, str], *, live: str, canary: str
) -> list[Pair]:
    """Every complete pair in the order of sending."""
    judged = []
    answered = complete(store, live=live, canary=canary, scale=valuation.scale)
    for record, both in answered.items():
        rows = both.live, both.canary
        live_outcome, canary_outcome = (outcome_of(valuation, names, row) for row in rows)
        if live_outcome is not None and canary_outcome is not None:
            judged.append(
                Pair(
                    both.turn,
                    record,
                    (live_outcome, canary_outcome),
                    (rows[0]["cpu_s"], rows[1]["cpu_s"]),
                    (rows[0]["latency_ms"], rows[1]["latency_ms"]),
                )
            )
    return sorted(judged, key=lambda pair: (pair.turn, pair.record))


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


def outcome_of(
    valuation: Valuation, names: Mapping[str, str], row: Mapping[str, Any]
) -> float | None:
    """As it was told, or as the file has the words now."""
    if row["utility"] is not None:
        return float(row["utility"])
    return read(valuation, names, row["value"], row["truth"])


def read(valuation: Valuation, names: Mapping[str, str], answer: Any, truth: Any) -> float | None:
    """What an answer was worth, both words as the file names them now; None where the truth is a
    word it does not name."""
    from steelyard.tasks import Answer

    said, true = (valuation.task.renamed(value, names) for value in (answer, truth))
    if true is None:
        return None
    if said is None and answer is not None:  # in words that the file has not: it earned nothing
        return valuation.nothing
    return float(valuation.shares([Answer(said)], [true])[0])

"""What release and replay leave: who answers whom, and what an experiment showed. Knows no arrays.

Example: `Decided(live="a1b2", canary=None, why=Reason("release.none_meets")).why`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from steelyard.as_json import BESIDE, others
from steelyard.interval import Interval
from steelyard.reason import Reason


@dataclass(frozen=True)
class Check:
    """Canary minus live on the hold-out; `quality` is None where their options are not the same."""

    outcome: Interval
    quality: Interval | None


@dataclass(frozen=True)
class GoalMiss:
    """A goal that a variant misses: its code, its numbers, and the sentence."""

    code: str
    numbers: Mapping[str, Any] = field(metadata=others("goal", "value", "limit"))
    en: str
    zh: str


@dataclass(frozen=True)
class Decided:
    """The variants that answer, and why there is no canary where there is none. `live_misses` are
    goals that the live one misses."""

    live: str | None
    canary: str | None
    live_misses: tuple[GoalMiss, ...] = ()
    why: Reason | None = None
    holdout_check: Check | None = None


@dataclass(frozen=True)
class Arm:
    """One side of the experiment; cost in money per 1,000 requests."""

    variant: str
    name: str
    n: int
    outcome: float
    cost_per_1000: float
    p95_ms: float


@dataclass(frozen=True)
class PathPoint:
    """The interval of the difference after the first `n` pairs."""

    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class UsersShown:
    """What real users showed since they were shared."""

    unit: str = "user"
    since: str | None
    arms: Mapping[str, Arm]
    difference: Interval


@dataclass(frozen=True, kw_only=True)
class MetricArm:
    """Users of one arm whose days are over (`n`), those whose days are not (`waiting`), how many of the
    first converted, and the metric a user."""

    variant: str
    name: str
    n: int
    waiting: int
    converted: int
    value: float
    paid: int = 0  # of those who converted, with money


@dataclass(frozen=True, kw_only=True)
class MetricShown:
    """Conversion, revenue or profit a user since the two share the users; `missing` is None once it
    tells them apart."""

    metric: str
    unit: str = "user"
    since: str
    days: int
    currency: str | None
    arms: Mapping[str, MetricArm]
    difference: Interval | None
    lift: Interval | None
    missing: Reason | None = None


@dataclass(frozen=True)
class Seen:
    """One body of evidence: `source` is `replay` (n records) or `users` (n users of both arms)."""

    source: str
    difference: Interval
    arms: dict[str, Arm]


@dataclass(frozen=True)
class Decision:
    """`promote`, `rolled back` or `keep`, and why."""

    decision: str
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What an experiment showed: of the pairs that were replayed, and of real users."""

    scheme: str = "pairs"
    unit: str = "record"
    arms: Mapping[str, Arm]
    difference: Interval
    path: tuple[PathPoint, ...]
    users: UsersShown | None
    metric: MetricShown | None = None


@dataclass(frozen=True, kw_only=True)
class SentCounts:
    """Records of this turn, and of those before it."""

    sent: int
    sent_before: int = 0
    answered: int
    lost: int
    refused: int = 0
    retried: int = 0


@dataclass(frozen=True, kw_only=True)
class Experimented:
    """`experiment` is None where there was nothing to compare; `applied` is False where a person
    changed the release meanwhile."""

    experiment: str | None
    live: str | None
    live_misses: tuple[GoalMiss, ...] | None = None
    applied: bool | None = None
    counts: SentCounts | None = field(default=None, metadata=BESIDE)
    shown: Shown | None = field(default=None, metadata=BESIDE)
    decision: str
    reason: Reason


@dataclass(frozen=True)
class Releasable:
    """The variant that compression chose, and what else a release depends on."""

    dataset: Annotated[str, "data.dataset"]
    chosen: Annotated[str | None, "compress.chosen"]
    # its measures are read from the ledger: another table is another release
    table: Annotated[list[Any], "compress.table"]
    baseline: Annotated[str, "baseline.variant"]


@dataclass(frozen=True)
class Comparable:
    """The two variants in service, and the data whose stream is sent to them."""

    dataset: Annotated[str, "data.dataset"]
    live: Annotated[str | None, "release.live"]
    canary: Annotated[str | None, "release.canary"]
    live_misses: Annotated[tuple[GoalMiss, ...], "release.live_misses"]

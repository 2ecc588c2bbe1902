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
class Response:
    """Shares of the answers to real users that have an outcome, and canary minus live, always valid."""

    live: float
    canary: float
    difference: Interval

    @property
    def unlike(self) -> bool:
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True, kw_only=True)
class UsersShown:
    """What real users showed since they were shared. `worst` is the difference whichever outcomes one arm
    alone told of, `net` the money of 1,000 requests; `reached` are users with an outcome and without, and
    `waiting` answers whose days are not over."""

    unit: str = "user"
    since: str | None
    arms: Mapping[str, Arm]
    difference: Interval
    worst: Interval | None = None
    net: Interval | None = None
    response: Response | None = None
    reached: Mapping[str, int] | None = None
    waiting: Mapping[str, int] | None = None


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
    """One body of evidence: `source` is `replay` (n records) or `users` (n users of both arms).

    `worst` is the difference at the worst reading of outcomes that did not come; `dearer` what 1,000 requests
    of the canary cost more, and `net` what they bring more: None where only the means of `arms` are known.
    """

    source: str
    difference: Interval
    arms: dict[str, Arm]
    worst: Interval | None = None
    net: Interval | None = None
    dearer: Interval | None = None
    response: Response | None = None

    @property
    def reading(self) -> Interval:
        """What a decision may rest on."""
        return self.worst or self.difference


@dataclass(frozen=True)
class Decision:
    """`promote`, `rolled back` or `keep`, and why."""

    decision: str
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Option:
    """An undecided canary as a place for money: what it brings more than the live variant in 1,000 requests
    and until the next turn, and how many more would decide if figures stay as they are; None where that
    is not known, or beyond 10^9. `source` is the evidence that `net_per_1000` rests on."""

    source: str
    currency: str
    net_per_1000: Interval
    net_until_next_turn: Interval
    requests_until_next_turn: int
    more_records: int | None
    more_users: int | None
    more_requests: int | None
    because: Reason


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What an experiment showed: of the pairs that were replayed, and of real users. `option` is there while
    it is undecided."""

    scheme: str = "pairs"
    unit: str = "record"
    arms: Mapping[str, Arm]
    difference: Interval
    path: tuple[PathPoint, ...]
    users: UsersShown | None
    metric: MetricShown | None = None
    net: Interval | None = None
    option: Option | None = None


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

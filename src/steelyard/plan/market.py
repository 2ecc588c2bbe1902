"""What the plan reads of a market: figures with how sure they are, and what channels bring. Knows no books.

Example: `Market(until="2026-11-28", currency="CNY").channels == ()`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from steelyard.reason import Reason

Evidence = Literal["measured", "extrapolated", "assumed"]


@dataclass(frozen=True)
class Figure:
    """A number with its interval of 90 %, what it rests on, and the lines or events behind it."""

    value: float
    evidence: Evidence
    n: int = 0
    low: float | None = None
    high: float | None = None
    lines: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """What a steady spend of `days` brings more, as draws: `effect` times the level of `shape` at spend / `mean`."""

    of: str
    days: float
    shape: str
    mean: float
    seen: float
    values: tuple[tuple[float, ...], ...]
    effect: tuple[float, ...]


@dataclass(frozen=True)
class OfChannel:
    """A channel: spend a day of late, customers it won in the period, what one cost, and its curve where one is known."""

    channel: str
    spend: float
    won: int
    cost: Figure | None = None
    curve: Curve | None = None
    evidence: str = "assumed"
    captures: bool = False


@dataclass(frozen=True)
class Change:
    """A partner's share that changed: conversions of as many days before and after it, the partner's own, and those
    of everybody else."""

    day: str
    days: int
    share: tuple[float, float]
    own: tuple[int, int]
    others: tuple[int, int]


@dataclass(frozen=True)
class Shared:
    """A partner, the part of its conversions' value that is owed to it, conversions a day of late and the value of one,
    and the newest change of its share that can be read."""

    name: str
    share: float
    won: float = 0.0
    value: float = 0.0
    change: Change | None = None


@dataclass(frozen=True)
class Market:
    """What the books say: visits and new customers a day, the share of visits that become customers, what a new one is
    worth, and by when that comes in [months]."""

    until: str
    currency: str
    simulated: bool = False
    visits: Figure | None = None
    customers: Figure | None = None
    conversion: Figure | None = None
    worth: Figure | None = None
    margin_share: Figure | None = None
    kept_of_sales: Figure | None = None  # before refunds
    arrives: tuple[float, ...] = ()
    left: Figure | None = None  # customers who leave, a month
    partners: tuple[Shared, ...] = ()
    elasticity: Mapping[str, Mapping[str, Figure]] = field(default_factory=dict)
    channels: tuple[OfChannel, ...] = ()
    why: Reason | None = None
    no_fit: Reason | None = None

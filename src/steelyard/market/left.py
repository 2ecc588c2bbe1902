"""What the books say of a market, as the plan takes it. Knows no ledger.

Example: `Market(until="2026-11-28", currency="CNY").visits is None`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from steelyard.market.figures import Figure
from steelyard.reason import Reason


@dataclass(frozen=True)
class Curve:
    """What a steady spend of `days` brings more: `shape` is one of `steelyard.stats.mix.transforms.SATURATIONS`, `values` [K, P]
    its parameters by draw, `effect` [K] what it brings at most, `mean` the spend that shapes count in, and `seen` the largest that was booked.
    `of` says what is brought: sales, visits or conversions."""

    of: str
    days: float
    shape: str
    mean: float
    seen: float
    values: tuple[tuple[float, ...], ...]
    effect: tuple[float, ...]


@dataclass(frozen=True)
class OfChannel:
    """A channel that cost or won something: spend a day of late, customers won in the period, and what one cost. A
    channel that `captures` takes up demand and is no place for money."""

    channel: str
    spend: float
    won: int
    cost: Figure | None = None
    curve: Curve | None = None
    evidence: str = "assumed"
    captures: bool = False
    why: Reason | None = None  # that its curve is not known


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
    """Figures of the last 90 days: visits and new customers a day, the share of visits that become customers, margin
    of a new customer, share of income that is left, and by when a customer's worth came in [months]. None where the books
    do not say; `why` says why there is no worth."""

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


@dataclass(frozen=True)
class Marketed:
    """What the step of the market leaves; `market` is None where nothing is booked, or nothing that can be used."""

    market: Market | None = None
    damaged: str | None = None
    other_currency: str | None = None  # of the books, where it is not the product file's

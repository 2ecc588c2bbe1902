"""What the planner knows around the model: the machine, people's hours, partners and visitors. Knows no ledger.

What the product file does not say and nobody booked is None, or not there: no figure stands in for it.
Example: `Around(hour_price=120.0).hours is None`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Trained:
    """A training: its labels, the quality of its model with the standard error, and the people's hours since the training
    before it."""

    turn: int
    labels: int
    quality: float
    error: float
    hours: float


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
class Around:
    """`cores` are those that answer, `peak` the busiest hour's requests over those of a mean one, and `hours` those of the
    team until the next turn."""

    cores: int = 1
    cpu_hour: float = 0.0
    peak: float | None = None
    hour_price: float | None = None
    hours: float | None = None
    trained: Sequence[Trained] = ()
    partners: Sequence[Shared] = ()

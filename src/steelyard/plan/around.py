"""What the planner knows around the model: the machine and people's hours. Knows no ledger.

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
class Around:
    """`cores` are those that answer, `peak` the busiest hour's requests over those of a mean one, and `hours` those of the
    team until the next turn."""

    cores: int = 1
    cpu_hour: float = 0.0
    peak: float | None = None
    hour_price: float | None = None
    hours: float | None = None
    trained: Sequence[Trained] = ()

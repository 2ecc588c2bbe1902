"""What the label step leaves: the labels that training reads, and what they cost. Knows no store.

Example: `Labeled("c3d4", bought=200, new=0, pool=300, price="0.30").corrected == 0`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Labeled:
    """`labels` is the tag of those that training reads, `bought` how many they are, `new` those that
    this step paid at `price`, `measured` those of the hold-out, `pool` the labelled records of the training part."""

    labels: str
    dataset: str | None = None  # None before 0.2
    bought: int = 0
    new: int = 0
    corrected: int = 0
    pool: int = 0
    price: str = ""
    measured: int = 0  # of the hold-out, paid by this step
    by_label: Mapping[str, int] = field(default_factory=dict)

"""A number and how sure it is: what every measure of quality and money is told as. Knows no arrays.

Example: `Interval(0.86, 0.85, 0.87, 2503).low`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.reason import Reason

# Examples of a class from which on the interval of a mean over classes holds the truth about as often as it says
# (bench/cover.py).
ENOUGH = 10


@dataclass(frozen=True)
class Interval:
    """A number, the interval it was found in, and how many observations it rests on."""

    value: float
    low: float
    high: float
    n: int


def too_few(classes: Sequence[str]) -> Reason:
    """What is told instead of an interval where classes have fewer than `ENOUGH` examples."""
    return Reason("quality.too_few", {"classes": tuple(classes), "enough": ENOUGH})


def few_in(detail: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The classes that a measure was kept with."""
    return tuple((detail or {}).get("few") or ())

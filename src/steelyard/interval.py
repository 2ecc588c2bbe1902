"""A number and how sure it is: what every measure of quality and money is told as. Knows no arrays.

Example: `Interval(0.86, 0.85, 0.87, 2503).low`
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A number, the interval it was found in, and how many observations it rests on."""

    value: float
    low: float
    high: float
    n: int

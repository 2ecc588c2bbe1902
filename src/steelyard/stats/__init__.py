"""Pure mathematics: intervals, sequential tests, learning curves. Knows no store and no torch.

Example: `difference(Sample.of(a), Sample.of(b), tuned_at=1000)`
"""

from steelyard.interval import Interval
from steelyard.stats.bootstrap import (
    bootstrap,
    bootstrap_kinds,
    bootstrap_sums,
    paired_sums,
)
from steelyard.stats.curves import LearningCurve, Point, fit_curve
from steelyard.stats.ratio import ratio_lift
from steelyard.stats.sequential import Sample, difference, lift, needed, paired, radius

__all__ = [
    "Interval",
    "LearningCurve",
    "Point",
    "Sample",
    "bootstrap",
    "bootstrap_kinds",
    "bootstrap_sums",
    "difference",
    "fit_curve",
    "lift",
    "needed",
    "paired",
    "paired_sums",
    "radius",
    "ratio_lift",
]

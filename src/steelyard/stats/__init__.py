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
from steelyard.stats.missing import worst
from steelyard.stats.ratio import ratio_lift, ratio_sample
from steelyard.stats.sequential import (
    Sample,
    difference,
    grown,
    lift,
    needed,
    paired,
    radius,
)
from steelyard.stats.shares import Mismatch, mismatch

__all__ = [
    "Interval",
    "LearningCurve",
    "Mismatch",
    "Point",
    "Sample",
    "bootstrap",
    "bootstrap_kinds",
    "bootstrap_sums",
    "difference",
    "fit_curve",
    "grown",
    "lift",
    "mismatch",
    "needed",
    "paired",
    "paired_sums",
    "radius",
    "ratio_lift",
    "ratio_sample",
    "worst",
]

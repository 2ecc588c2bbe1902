"""Learning curves: quality by number of labels, as a Bayes mixture of families with noise of runs. Knows no task.

Example: `fit_curve([Point(250, .78, .013), Point(500, .81, .012), Point(1000, .82, .012)], seed=0).gain(1000, 2000)`
"""

from steelyard.stats.curves.curve import LearningCurve, Point
from steelyard.stats.curves.fit import fit_curve
from steelyard.stats.curves.noise import FINE_TUNED, STEADY, Runs

__all__ = ["FINE_TUNED", "STEADY", "LearningCurve", "Point", "Runs", "fit_curve"]

"""Marketing mix: what each channel brought, and what the next unit in it would. Knows no ledger.

A Bayesian regression with carry-over, saturation and positive effects (Jin et al. 2017).
Example: `fit(Series(weeks, orders, {"tv": tv}), seed=0).contributions()["tv"]`
"""

from steelyard.stats.mix.fit import Score, fit, leave_future_out
from steelyard.stats.mix.mix import Check, Mix
from steelyard.stats.mix.series import LiftTest, Series
from steelyard.stats.mix.settings import Settings
from steelyard.stats.mix.split import Split, best_split

__all__ = [
    "Check",
    "LiftTest",
    "Mix",
    "Score",
    "Series",
    "Settings",
    "Split",
    "best_split",
    "fit",
    "leave_future_out",
]

"""How an amount is divided where what it returns is uncertain: risk, the best split, what a look would be worth.

Knows no company and no ledger. Example: `best(Problem(value, upper=upper, budget=100.0)).spend`
"""

from steelyard.stats.allocation.closed import power_amount, saturating_split
from steelyard.stats.allocation.information import expected_value_of_sample, two_actions
from steelyard.stats.allocation.risk import Risk
from steelyard.stats.allocation.solve import Limit, Problem, Solved, best, within

__all__ = [
    "Limit",
    "Problem",
    "Risk",
    "Solved",
    "best",
    "expected_value_of_sample",
    "power_amount",
    "saturating_split",
    "two_actions",
    "within",
]

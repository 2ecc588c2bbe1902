"""Companies whose truth is known, to try a planner on: what they are, what they tell, and how they are played.

Knows no ledger. Example: `Simulated.of("recommender", seed=1).evidence("full")`
"""

from steelyard.plan.simulate.beliefs import Row, believed
from steelyard.plan.simulate.companies import Level, Shape, Simulated
from steelyard.plan.simulate.kinds import KINDS, SETTINGS, Kind, Setting
from steelyard.plan.simulate.worlds import PERIODS, State, World, build

__all__ = [
    "KINDS",
    "PERIODS",
    "SETTINGS",
    "Kind",
    "Level",
    "Row",
    "Setting",
    "Shape",
    "Simulated",
    "State",
    "World",
    "believed",
    "build",
]

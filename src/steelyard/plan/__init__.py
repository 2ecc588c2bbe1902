"""plan: where the next unit of money returns most. Reads the turn's facts; leaves a plan.

Knows no model. Example: `plan.run(store, product, step, outputs=outputs)["plan"]`
"""

from steelyard.plan.run import run

__all__ = ["run"]

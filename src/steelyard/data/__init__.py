"""data: sources -> clean records, split by cluster. Reads files; leaves `records` and its counts.

Knows no model. Example: `data.run(store, product, step, task=task)["dataset"]`
"""

from steelyard.data.pipeline import Prepared, prepare, run

__all__ = ["Prepared", "prepare", "run"]

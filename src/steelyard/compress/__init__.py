"""compress: smaller variants of a trained one. Reads a variant; leaves variants and measures.

Knows no release. Example: `compress.run(store, product, step, task=task, ...)["chosen"]`
"""

from steelyard.compress.run import run

__all__ = ["run"]

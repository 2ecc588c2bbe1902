"""product.yaml as typed, validated data. Knows no torch, no store and no stage.

Reads a file; leaves a frozen `ProductFile`, or one `SpecError` with a line for every problem.
Example: `load("product.yaml").spec.goals.macro_f1`
"""

from steelyard.spec.load import ProductFile, load, placed
from steelyard.spec.model import Product, sections
from steelyard.spec.money import NANO, Money

__all__ = ["NANO", "Money", "Product", "ProductFile", "load", "placed", "sections"]

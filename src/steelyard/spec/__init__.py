"""product.yaml as typed, validated data. Knows no torch, no store and no stage.

Reads a file; leaves a frozen `ProductFile`, or one `SpecError` with a line for every problem.
Example: `load("product.yaml").spec.goals.p95_ms`
"""

from steelyard.spec.declared import only
from steelyard.spec.load import ProductFile, as_it_was, load, placed, without_passwords
from steelyard.spec.model import Product, sections
from steelyard.spec.money import NANO, Money
from steelyard.spec.vocabulary import names_in

__all__ = [
    "NANO",
    "Money",
    "Product",
    "ProductFile",
    "as_it_was",
    "load",
    "names_in",
    "only",
    "placed",
    "sections",
    "without_passwords",
]

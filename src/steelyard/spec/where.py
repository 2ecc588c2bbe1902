"""Where a field stands in the product file that was read. Knows no rule of what may stand there.

Example: `line_at(product, ("goals", "quality", "macro_f2"), "expected a metric")`
"""

from __future__ import annotations

from pathlib import Path

from steelyard.spec.load import ProductFile
from steelyard.spec.looks import escaped
from steelyard.spec.mistakes import Path_, place
from steelyard.spec.written import Unreadable, tree_of


def line_at(product: ProductFile, path: Path_, said: str) -> str:
    """`product.yaml:4:12 goals.quality.macro_f2: ...`, of the section where the field is not there."""
    file, named = Path(product.path.name), ".".join(escaped(str(part)) for part in path)
    try:
        tree = tree_of(product.text) if product.text else None
    except Unreadable:  # a file that was made and not read
        tree = None
    return f"{place(file, tree, path) if tree is not None else f'{file}:'} {named}: {said}"

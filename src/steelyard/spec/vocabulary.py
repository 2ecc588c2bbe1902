"""What words of the past are called now. Knows no task and no store.

A file may rename its labels; `names` of a source says what an old one is now.
Example: `names_in(product)["negative"] == "差评"`
"""

from __future__ import annotations

from steelyard.spec.load import ProductFile


def names_in(product: ProductFile) -> dict[str, str]:
    """Old word -> the word of today, for those that every source renames alike."""
    meant: dict[str, set[str]] = {}
    for source in product.spec.data.sources:
        for old, new in source.names.items():
            if new is not None:
                meant.setdefault(old, set()).add(new)
    return {old: new.pop() for old, new in meant.items() if len(new) == 1}

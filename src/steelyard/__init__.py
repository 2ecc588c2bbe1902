"""steelyard: does the next unit of money go into technology or into the market?

`import steelyard as sy; p = sy.open("product.yaml"); p.turn(); p.variant("物流很快")`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steelyard.version import __version__

if TYPE_CHECKING:
    from steelyard.api.product import OpenProduct

__all__ = ["__version__", "open"]


def open(path: str) -> OpenProduct:  # `sy.open` reads as the builtin does
    """Open a product file; see `steelyard.api.product.OpenProduct`."""
    from steelyard.api.product import OpenProduct

    return OpenProduct.open(path)

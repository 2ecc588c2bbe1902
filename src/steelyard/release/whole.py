"""Whether the files of released variants are what was published, with a repair that works.

Knows no server. Example: `check_whole(store, live="a1b2", canary="c3d4")`
"""

from __future__ import annotations

from steelyard.errors import Damaged, Missing
from steelyard.store import Store

BY_HAND = "--who NAME --why TEXT"


def check_whole(store: Store, **arms: str) -> None:
    """Missing or Damaged, before anything is spent. A turn makes again what it made; what an
    earlier product file made it cannot, so the way to do without it is said too."""
    for arm, variant in arms.items():
        try:
            store.artifacts.open(variant)
        except (Missing, Damaged) as error:
            verb = "rollback" if arm == "canary" else "promote product.yaml VARIANT"
            other = f"or do without it: steelyard release {verb} {BY_HAND}"
            where = f"the {arm} variant: {error.place}"
            raise type(error)(
                where, error.expected, error.found, f"{error.repair}; {other}"
            ) from error

"""Who stands for turns in the rows of releases, and what the live variant lacks. Knows no arrays.

Example: `live_misses(store, product, "a1b2")[0].en`
"""

from __future__ import annotations

from steelyard.release.goals import misses
from steelyard.release.left import GoalMiss
from steelyard.spec import ProductFile
from steelyard.store import Store
from steelyard.words import both

WHO = "steelyard"


def live_misses(store: Store, product: ProductFile, live: str | None) -> tuple[GoalMiss, ...]:
    """Goals that a live variant misses, as codes, numbers and sentences."""
    missed = misses(store.measures.of(live), product.spec.goals) if live else []
    return tuple(GoalMiss(miss.code, miss.numbers, **both(miss)) for miss in missed)

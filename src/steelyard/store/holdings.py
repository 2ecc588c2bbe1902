"""What a store holds besides its ledger: artifacts, datasets, reports, scratch. Opens no ledger.

Example: `Holdings.of(load("product.yaml")).artifacts.names()`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from steelyard.spec import ProductFile
from steelyard.store.artifacts import Artifacts
from steelyard.store.attempts import Attempts
from steelyard.store.datasets import Datasets
from steelyard.store.made import Made
from steelyard.store.place import root_of
from steelyard.store.reports import Reports
from steelyard.store.scratch import Scratch
from steelyard.store.storage import Storage, storage_at


@dataclass(frozen=True)
class Holdings:
    """The nouns that are files. Scratch and encoders are of this machine alone: another one that
    goes on with a turn makes them again."""

    artifacts: Artifacts
    datasets: Datasets
    reports: Reports
    scratch: Scratch
    encoders: Made
    attempts: Attempts

    @classmethod
    def at(cls, storage: Storage, *, products: Callable[[], Iterable[str]] = tuple) -> Holdings:
        scratch = Scratch(storage.local / "scratch")
        return cls(
            Artifacts(storage, "artifacts"),
            Datasets(storage, "datasets", products=products),
            Reports(storage, "reports"),
            scratch,
            Made(scratch.folder / "encoders"),
            Attempts(storage.local / "attempts"),
        )

    @classmethod
    def of(cls, product: ProductFile, *, products: Callable[[], Iterable[str]] = tuple) -> Holdings:
        """Those of a product's store, whether its ledger can be opened or not."""
        return cls.at(storage_at(root_of(product)), products=products)

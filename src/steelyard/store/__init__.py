"""The only code that persists: ledger (SQL), datasets (Lance), artifacts (files by hash).

Reads and leaves rows and folders; knows no stage and no model.
Example: `Store.open(load("product.yaml")).sums()`
"""

from steelyard.store import tables
from steelyard.store.artifacts import Artifacts
from steelyard.store.clock import Clock
from steelyard.store.datasets import Datasets
from steelyard.store.ledger import Line, verify
from steelyard.store.store import Step, Store, check_ledger, has_ledger, step_key

__all__ = [
    "Artifacts",
    "Clock",
    "Datasets",
    "Line",
    "Step",
    "Store",
    "check_ledger",
    "has_ledger",
    "step_key",
    "tables",
    "verify",
]

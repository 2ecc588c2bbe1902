"""The only code that persists: ledger (SQL), datasets (Lance), artifacts (files by hash).

Reads and leaves rows and folders; knows no stage and no model.
Example: `Store.open(load("product.yaml")).ledger.sums()`
"""

from steelyard.clock import Clock
from steelyard.store.artifacts import Artifacts
from steelyard.store.datasets import Datasets
from steelyard.store.holdings import Holdings
from steelyard.store.ledger import CASH, IMPUTED, Line
from steelyard.store.made import Made
from steelyard.store.nouns.market import CONVERSION, REVOKED, UNDONE, VISIT
from steelyard.store.salt import hashed
from steelyard.store.step import Fact, Step, step_key
from steelyard.store.store import Store, check_ledger, has_ledger

__all__ = [
    "CASH",
    "CONVERSION",
    "IMPUTED",
    "REVOKED",
    "UNDONE",
    "VISIT",
    "Artifacts",
    "Clock",
    "Datasets",
    "Fact",
    "Holdings",
    "Line",
    "Made",
    "Step",
    "Store",
    "check_ledger",
    "has_ledger",
    "hashed",
    "step_key",
]

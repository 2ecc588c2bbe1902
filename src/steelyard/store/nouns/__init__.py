"""One door for each noun: what the ledger knows of it, asked by name. Reads rows; writes none.

Knows no stage. Example: `Nouns(database, "reviews").turns.newest()`
"""

from steelyard.store.nouns.answers import Answers, Feedback
from steelyard.store.nouns.book import Book, Plans
from steelyard.store.nouns.market import Events
from steelyard.store.nouns.models import Measures, Variants, Versions
from steelyard.store.nouns.releases import Experiments, Releases
from steelyard.store.nouns.turns import Steps, Turns
from steelyard.store.nouns.use import Use

__all__ = [
    "Answers",
    "Book",
    "Events",
    "Experiments",
    "Feedback",
    "Measures",
    "Plans",
    "Releases",
    "Steps",
    "Turns",
    "Use",
    "Variants",
    "Versions",
]

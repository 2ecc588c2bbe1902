"""What somebody may have meant who wrote another word. Knows no words of its own.

Example: `near("macro_f2", ["macro_f1", "accuracy"]) == "did you mean 'macro_f1'?"`
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like it; None where none does."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def near(word: str, known: Iterable[str], *, before: str = "") -> str:
    """`did you mean 'x'?` with the nearest word, behind `before`; empty where none is near."""
    likely = nearest(word, known)
    return "" if likely is None else meant(f"'{before}{likely}'")


def meant(likely: str) -> str:
    """The same of what is known to be meant, as it is to be shown."""
    return f"did you mean {likely}?"

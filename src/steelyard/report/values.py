"""What the kinds of right and wrong answers were worth on the hold-out. Knows no HTML.

Example: `priced(valuation, [{"truth": "fraud", "answer": "fine", "utility": 0.0, "n": 3}])[0].each`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from steelyard.report.mistakes import SHOWN
from steelyard.tasks.valuation import Valuation


@dataclass(frozen=True)
class PricedKind:
    """`n` answers of one kind, what `each` was worth, and what all of them came to in a thousand
    answers of every kind. `truth` and `answer` are None where answers are no labels."""

    n: int
    each: Decimal
    per_1000: Decimal
    truth: str | None = None
    answer: str | None = None
    says: bool = True


def priced(valuation: Valuation, kinds: Sequence[Mapping[str, Any]]) -> list[PricedKind]:
    """The dearest first; of answers that are no labels those of one price together. None without a
    value table."""
    if not valuation.scale:
        return []
    total = sum(kind["n"] for kind in kinds)
    counts: dict[tuple[str | None, str | None, bool, Decimal], int] = {}
    for kind in kinds:
        says, each = kind.get("says", True), valuation.each(kind)
        of = (kind.get("truth"), kind.get("answer"), says, each)
        counts[of] = counts.get(of, 0) + kind["n"]
    rows = [
        PricedKind(n, each, each * 1000 * n / total, truth, answer, says)
        for (truth, answer, says, each), n in counts.items()
    ]
    return sorted(rows, key=lambda row: -abs(row.per_1000))[:SHOWN]

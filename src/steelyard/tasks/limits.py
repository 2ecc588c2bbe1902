"""How much one record and one request may ask for, checked before the work is done.

Knows no task, file or server. A value above its limit is refused with a message, never cut unseen.
Example: `list(within(CHARACTERS, texts, len))` raises BadInput(3, ...) when the fourth goes too far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from steelyard.tasks.base import BadInput

# No model here reads beyond the first 8,200 characters; ten times that is a long report, and
# cleaning it takes a few milliseconds.
CHARACTERS_MAX = 100_000
# 20 texts of 10,000 characters; cleaning the worst of them stays below a second.
REQUEST_CHARACTERS_MAX = 200_000
# Stream-safe text (UAX #15): no language puts more on one letter, and sorting them is quadratic.
MARKS_MAX = 30
# A phone's photo has 12 to 24 million pixels; a file of 3 KB can unpack to forty million.
PIXELS_MAX = 40_000_000
# As much for all pictures of a request: three phone photos, or sixty-four of 800 x 600.
REQUEST_PIXELS_MAX = 40_000_000
# Encoded bytes of all pictures of a request, beyond what a server's own body limit lets through.
REQUEST_BYTES_MAX = 64_000_000


Item = TypeVar("Item")


@dataclass(frozen=True)
class Budget:
    """What all values of one request may take together."""

    most: int
    unit: str


CHARACTERS = Budget(REQUEST_CHARACTERS_MAX, "characters")
BYTES = Budget(REQUEST_BYTES_MAX, "bytes")
PIXELS = Budget(REQUEST_PIXELS_MAX, "pixels")


def within(budget: Budget, items: Iterable[Item], amount: Callable[[Item], int]) -> Iterator[Item]:
    """The items as long as they stay within the budget together; BadInput names the first that
    does not. Lazy, so that nothing behind it is touched."""
    total = 0
    for index, item in enumerate(items):
        total += amount(item)
        if total > budget.most:
            raise BadInput(
                index,
                f"expected at most {budget.most:,} {budget.unit} in one request, found {total:,} up to here; send several requests",
            )
        yield item


def length_of(value: object) -> int:
    """Characters or bytes of a value; nothing for what no task reads."""
    return len(value) if isinstance(value, str | bytes) else 0

"""A text that is cleaned and knows where each of its characters stood before. Knows no task.

Spans are told in the text as its user sent it, whatever cleaning did to it.
Example: `Placed("ab").source(0, 2) == (0, 2)`
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

Range = tuple[int, int]  # characters [start, end)


class Placed(str):
    """A text; `ranges` has for each character the characters of the source that it was made of,
    None where it is the source itself."""

    ranges: tuple[Range, ...] | None

    def __new__(cls, text: str, ranges: Sequence[Range] | None = None) -> Placed:
        made = super().__new__(cls, text)
        made.ranges = None if ranges is None else tuple(ranges)
        if made.ranges is not None and len(made.ranges) != len(text):
            raise ValueError(
                f"expected a range for each of {len(text)} characters, found {len(made.ranges)}"
            )
        return made

    def at(self, i: int) -> Range:
        """The source's characters of character i."""
        return (i, i + 1) if self.ranges is None else self.ranges[i]

    def part(self, kept: Sequence[int]) -> Placed:
        """Only the characters at these places, in their order."""
        return Placed("".join(self[i] for i in kept), [self.at(i) for i in kept])

    def source(self, start: int, end: int) -> Range:
        """Where characters [start, end) of it, at least one, stood."""
        return self.at(start)[0], self.at(end - 1)[1]

    def here(self, start: int, end: int) -> Range | None:
        """Where characters [start, end) of the source stand in it; None where none is left."""
        if self.ranges is None:
            return (start, end) if start < end else None
        # ranges are in order, by their starts and by their ends
        first = bisect_right(self.ranges, start, key=lambda r: r[1])
        behind = bisect_left(self.ranges, end, key=lambda r: r[0])
        return (first, behind) if first < behind else None


def placed(text: str) -> Placed:
    """The text as one whose places are known."""
    return text if isinstance(text, Placed) else Placed(text)


def cut_at(text: str, most: int) -> str:
    """Its first characters, whose places stay known."""
    if not isinstance(text, Placed):
        return text[:most]
    return Placed(text[:most], None if text.ranges is None else text.ranges[:most])


def characters(text: str) -> Any:
    """int32 [n, 3]: each character, and where it stood in the source; the features of a method whose
    answers tell places."""
    import numpy as np

    source, rows = placed(text), np.zeros((len(text), 3), dtype=np.int32)
    for i, c in enumerate(text):
        rows[i] = (ord(c), *source.at(i))
    return rows

"""How far an import is: what is counted, and how often that is told. Knows no screen.

Example: `for number, row in told(rows, CHECKED, report, len(rows)): ...`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from steelyard.stage import Report

READ, COLUMNS, CHECKED = "rows read", "columns read", "rows checked"
COMPARED, KEPT, BOOKED = "rows compared", "rows kept", "lines booked"
EVERY = 5000  # of them: a word to the screen costs more than a row
T = TypeVar("T")


def told(
    each: Iterable[T], what: str, report: Report, total: int | None, start: int = 0
) -> Iterator[tuple[int, T]]:
    """As `enumerate`; tells now and then how many were taken, and at the end."""
    n = start
    for n, one in enumerate(each, start):
        if (n - start) % EVERY == 0:
            report(what, n - start, total)
        yield n, one
    if total:
        report(what, total, total)


class Told(list[T]):
    """A list that tells how far whoever goes through it is."""

    def __init__(self, each: Iterable[T], what: str, report: Report) -> None:
        super().__init__(each)
        self._what, self._report = what, report

    def __iter__(self) -> Iterator[T]:
        return (one for _, one in told(super().__iter__(), self._what, self._report, len(self)))

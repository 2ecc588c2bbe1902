"""Slices of latency: sixteen to a millisecond up to a second, one above. Knows no table.

Whole numbers that grow with the latency, exact on every database: all are products of powers of two.
Example: `bounds(slice_of(28.53))` is (28.5, 28.5625) where `slice_of` is asked of a database
"""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa

from steelyard.store.functions import whole_of

_FINE = 16  # slices of a millisecond
_FINE_TO_MS = 1024
_BEHIND = _FINE_TO_MS * (_FINE - 1)
_BELOW = -1  # of a clock that was set back meanwhile


def slice_of(latency_ms: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """The slice of a latency, asked of the database."""
    return sa.case(
        (latency_ms < 0, _BELOW),
        (latency_ms < _FINE_TO_MS, whole_of(latency_ms * _FINE)),
        else_=whole_of(latency_ms) + _BEHIND,
    )


def number_of(latency_ms: float) -> int:
    """The same of a number that is at hand."""
    if latency_ms < 0:
        return _BELOW
    if latency_ms < _FINE_TO_MS:
        return math.floor(latency_ms * _FINE)
    return math.floor(latency_ms) + _BEHIND


def bounds(number: int) -> tuple[float, float]:
    """[from, to) in milliseconds."""
    if number == _BELOW:
        return -math.inf, 0.0
    if number < _FINE_TO_MS * _FINE:
        return number / _FINE, (number + 1) / _FINE
    return float(number - _BEHIND), float(number - _BEHIND + 1)

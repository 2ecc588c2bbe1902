"""Ranks of numbers. By hand: `scipy.stats` takes longer to import than most of what asks for a rank.

Knows no store. Example: `ranks(np.array([3.0, 1.0, 3.0]))` is [2.5, 1.0, 2.5]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def ranks(values: Array) -> Array:
    """[n] from one on; equal ones share the mean of theirs."""
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[at])

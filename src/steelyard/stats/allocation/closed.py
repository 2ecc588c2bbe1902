"""The best amounts where they can be written down: what a solver is compared with. Knows no solver.

For channels whose response is b (1 - exp(-s / k)) the best spends at a price mu of money are k log(v b / (k mu)),
and mu is where they use up the budget. Example: `saturating_split([900.0, 400.0], [50.0, 80.0], budget=100.0)[1]`
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
_HALVINGS = 200


def saturating_split(worth: ArrayLike, scale: ArrayLike, *, budget: float) -> tuple[Array, float]:
    """Spends [J] and the price of money: what the last unit returns, 1 where the budget is not used up.

    `worth` [J] is the money that a channel brings at most, `scale` [J] the spend that brings 63 % of it.
    """
    most, k = (np.asarray(a, dtype=np.float64) for a in (worth, scale))
    if np.any(most <= 0) or np.any(k <= 0) or not budget >= 0:
        raise ValueError("expected channels that bring something, and a budget")

    def spends(price: float) -> Array:
        return np.asarray(k * np.log(np.maximum(1.0, most / (k * price))))

    if float(spends(1.0).sum()) <= budget:
        return spends(1.0), 1.0
    low, high = 0.0, math.log(float((most / k).max()))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if float(spends(math.exp(middle)).sum()) > budget else (low, middle)
        )
    price = math.exp((low + high) / 2)
    return spends(price), price


def power_amount(worth: float, scale: float, exponent: float, *, price: float = 1.0) -> float:
    """How many labels are best where a quality of 1 is worth so much money, n of them leave an error of
    scale x n ** -exponent, and each costs `price` with the price of money in it."""
    if min(worth, scale, exponent, price) <= 0:
        raise ValueError("expected a worth, a scale, an exponent and a price above 0")
    return float((worth * scale * exponent / price) ** (1 / (1 + exponent)))

"""Regions: some get the channel or lose it, the others tell what would have been. Knows no map.

The treated are drawn among the sets that history follows best; a weighted mean of the other regions
stands for each set (synthetic control, Abadie, Diamond & Hainmueller 2010, with levels taken out as
in Doudchenko & Imbens 2016). Example: `design_regions(history, names, treat=4, length=15, seed=0)`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from steelyard.reason import Reason
from steelyard.stats.designs.readout import POWER, Lift, invert, read

REGIONS_MIN, SETS_MIN = 8, 40
LOOKED_AT, KEPT = 400, 200  # sets of regions; one of those kept is drawn
WINDOWS = 3
SUM_WEIGHT = 1e3  # holds the weights' sum at one within the least squares
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RegionDesign:
    """All that the readout needs: the set that was drawn, and those that could have been."""

    regions: tuple[str, ...]
    sets: tuple[tuple[int, ...], ...]
    drawn: int
    length: int
    seed: int
    smallest_lift: float  # detected with 80 % power at 5 %
    lost_outcome: float  # of the treated regions during the test, at just that lift

    @property
    def treated(self) -> tuple[str, ...]:
        """Names of the regions that were drawn."""
        return tuple(self.regions[i] for i in self.sets[self.drawn])

    def readout(self, outcome: ArrayLike) -> Lift:
        """Lift in the treated regions, from [T, R] with the test in the last `length` periods.

        ValueError for another number of regions, or an outcome that is not above zero.
        """
        y = _logs(outcome)
        if y.shape[1] != len(self.regions) or len(y) <= 2 * self.length:
            raise ValueError("expected the regions of the design, and a history before the test")
        contrasts = _contrasts(y[: -self.length], self.sets)
        placebos = contrasts @ _changes(y, self.length)
        treated = np.isin(np.arange(y.shape[1]), self.sets[self.drawn])
        carried = contrasts @ treated
        return read(float(placebos[self.drawn]), placebos, carried, n=y.size)


def design_regions(
    history: ArrayLike,
    regions: Sequence[str],
    *,
    treat: int,
    length: int,
    seed: int,
    lift_wanted: float = float("inf"),
    treated: Sequence[str] | None = None,
) -> RegionDesign | Reason:
    """`treat` of the regions for `length` periods, from the history [T, R] of their outcome.

    `treated` names regions that were chosen by hand: then the test takes them for drawn among all
    sets of their number. A reason where regions or periods are too few, or history is too noisy.
    """
    y, names = _logs(history), tuple(regions)
    if y.shape[1] != len(names) or not 0 < treat < len(names) or length < 1:
        raise ValueError("expected a name for each region, and fewer treated than there are")
    if len(names) < REGIONS_MIN or comb(len(names), treat) < SETS_MIN:
        return Reason("design.few_regions", {"regions": len(names), "needed": REGIONS_MIN})
    if len(y) < (WINDOWS + 2) * length:
        needed = (WINDOWS + 2) * length
        return Reason("design.short_history", {"periods": len(y), "needed": needed})
    rng = np.random.default_rng(seed)
    by_hand = None if treated is None else tuple(sorted(names.index(name) for name in treated))
    sets = _sets(y, treat, rng, by_hand)
    drawn = int(rng.integers(len(sets))) if by_hand is None else sets.index(by_hand)
    smallest = _smallest_lift(y, sets, length)
    if smallest > lift_wanted:
        return Reason(
            "design.too_noisy", {"smallest": smallest, "wanted": lift_wanted, "periods": length}
        )
    sold = float(np.exp(y[:, list(sets[drawn])]).mean(axis=0).sum()) * length
    lost = sold * smallest / (1 + smallest)
    return RegionDesign(names, sets, drawn, length, seed, smallest, lost)


def _logs(outcome: ArrayLike) -> _Floats:
    y = np.asarray(outcome, dtype=np.float64)
    if y.ndim != 2 or not np.all(np.isfinite(y)) or not np.all(y > 0):
        raise ValueError("expected an outcome above zero of every region in every period")
    return np.asarray(np.log(y))


def _sets(
    y: _Floats, treat: int, rng: np.random.Generator, by_hand: tuple[int, ...] | None
) -> tuple[tuple[int, ...], ...]:
    """Sets that could be drawn: those that the other regions follow best, unless one is given."""
    n = y.shape[1]
    found = {tuple(sorted(rng.choice(n, treat, replace=False).tolist())) for _ in range(LOOKED_AT)}
    if by_hand is not None:
        return tuple(sorted(found | {by_hand}))
    candidates = tuple(sorted(found))
    gaps = y @ _contrasts(y, candidates).T
    order = np.argsort(gaps.std(axis=0), kind="stable")
    kept = max(SETS_MIN, min(KEPT, len(candidates) // 2))
    return tuple(candidates[i] for i in sorted(order[:kept]))


def _contrasts(before: _Floats, sets: Sequence[tuple[int, ...]]) -> _Floats:
    """Weights [S, R]: the mean of the treated less the control that follows it before the test."""
    level = before - before.mean(axis=0)
    rows = np.zeros((len(sets), before.shape[1]))
    for row, chosen in zip(rows, sets, strict=True):
        others = np.setdiff1d(np.arange(before.shape[1]), chosen)
        target = level[:, list(chosen)].mean(axis=1)
        sum_row = np.full((1, len(others)), SUM_WEIGHT)
        weights, _ = nnls(
            np.concatenate([level[:, others], sum_row]), np.append(target, SUM_WEIGHT)
        )
        row[list(chosen)], row[others] = 1 / len(chosen), -weights / weights.sum()
    return rows


def _changes(y: _Floats, length: int) -> _Floats:
    """Mean of the last periods less that of those before, of each region [R]."""
    return np.asarray(y[-length:].mean(axis=0) - y[:-length].mean(axis=0))


def _smallest_lift(y: _Floats, sets: Sequence[tuple[int, ...]], length: int) -> float:
    """Detected with 80 % power: the test is held on past windows without one, as if each set had
    been drawn, and its inversion says how large an effect each would have needed."""
    ends = []
    for back in range(WINDOWS):
        past = y[: len(y) - back * length]
        contrasts = _contrasts(past[:-length], sets)
        placebos = contrasts @ _changes(past, length)
        for chosen, estimate in zip(sets[::4], placebos[::4], strict=True):
            carried = contrasts[:, list(chosen)].sum(axis=1)
            ends.append(-invert(float(estimate), placebos, carried)[0])
    return float(np.expm1(np.quantile(ends, POWER)))

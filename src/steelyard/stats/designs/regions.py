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
        y = _positive(outcome)
        if y.shape[1] != len(self.regions) or len(y) <= 2 * self.length:
            raise ValueError("expected the regions of the design, and a history before the test")
        contrasts = _contrasts(y[: -self.length], self.sets)
        placebos, carried = _placebos(y, self.length, self.sets, contrasts, self.drawn)
        return read(float(placebos[self.drawn]), placebos, carried, n=y.size, lift=_lift)


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

    `treated` names regions that were chosen by hand: then the test takes them for drawn among the
    sets that history follows as well. A reason where regions or periods are too few, or history is too noisy.
    """
    y, names = _positive(history), tuple(regions)
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
    sold = float(y[:, list(sets[drawn])].mean(axis=0).sum()) * length
    lost = sold * smallest / (1 + smallest)
    return RegionDesign(names, sets, drawn, length, seed, smallest, lost)


def _positive(outcome: ArrayLike) -> _Floats:
    y = np.asarray(outcome, dtype=np.float64)
    if y.ndim != 2 or not np.all(np.isfinite(y)) or not np.all(y > 0):
        raise ValueError("expected an outcome above zero of every region in every period")
    return y


def _sets(
    y: _Floats, treat: int, rng: np.random.Generator, by_hand: tuple[int, ...] | None
) -> tuple[tuple[int, ...], ...]:
    """Sets that could be drawn: those that the other regions follow best, or as well as the given."""
    n = y.shape[1]
    found = {tuple(sorted(rng.choice(n, treat, replace=False).tolist())) for _ in range(LOOKED_AT)}
    candidates = tuple(sorted(found | ({by_hand} if by_hand else set())))
    gaps = (y @ _contrasts(y, candidates).T).std(axis=0) / _bases(y, candidates)
    apart = np.log(gaps + 1e-12)
    if by_hand is not None:
        apart = np.abs(apart - apart[candidates.index(by_hand)])
    order = np.argsort(apart, kind="stable")
    kept = max(SETS_MIN, min(KEPT, len(candidates) // 2))
    return tuple(candidates[i] for i in sorted(order[:kept]))


def _contrasts(before: _Floats, sets: Sequence[tuple[int, ...]]) -> _Floats:
    """Weights [S, R]: the mean of the treated less the control that follows it before the test."""
    level = (before - before.mean(axis=0)) / before.std()
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


def _bases(y: _Floats, sets: Sequence[tuple[int, ...]]) -> _Floats:
    """Mean outcome of a region of each set [S]: what makes sets of unlike size comparable."""
    means = y.mean(axis=0)
    return np.array([means[list(chosen)].mean() for chosen in sets])


def _placebos(
    y: _Floats, length: int, sets: Sequence[tuple[int, ...]], contrasts: _Floats, drawn: int
) -> tuple[_Floats, _Floats]:
    """Of each set [S]: its change against its control, and what it would carry of an effect there,
    both as shares of what the treated sold during the test."""
    before, after = y[:-length].mean(axis=0), y[-length:].mean(axis=0)
    bases = _bases(y[:-length], sets)
    treated = np.isin(np.arange(y.shape[1]), sets[drawn])
    carried = contrasts @ (after * treated) / bases
    placebos = contrasts @ (after - before) / bases / carried[drawn]
    # a small set with the largest treated region in it would carry more than all of the effect
    return placebos, np.clip(carried / carried[drawn], -1.0, 1.0)


def _lift(share: _Floats) -> _Floats:
    """From a share of what was sold with the effect to one of what would have been without."""
    below = np.minimum(share, 1 - 1e-12)
    lift = np.where(np.isinf(below), -1.0, below / np.where(np.isinf(below), 1.0, 1 - below))
    return np.where(share >= 1, np.inf, lift)


def _smallest_lift(y: _Floats, sets: Sequence[tuple[int, ...]], length: int) -> float:
    """Detected with 80 % power: the test is held on past windows without one, as if each set had
    been drawn, and its inversion says how large an effect each would have needed."""
    ends = []
    for back in range(WINDOWS):
        past = y[: len(y) - back * length]
        contrasts = _contrasts(past[:-length], sets)
        for drawn in range(0, len(sets), 4):
            placebos, carried = _placebos(past, length, sets, contrasts, drawn)
            ends.append(-invert(float(placebos[drawn]), placebos, carried)[0])
    return float(np.quantile(ends, POWER))

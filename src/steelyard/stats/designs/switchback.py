"""Switchback: one channel on and off in turn, in pairs of blocks whose order is drawn. Knows no calendar.

Each pair is on-off or off-on by a fair coin (Bojinov, Simchi-Levi & Zhao 2023, "Design and analysis
of switchback experiments"); the two blocks of a pair are neighbors, so season and trend are nearly
theirs alike. Example: `design_switchback(sales, spend, lift_wanted=0.1, seed=0).on`
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.stats.designs.readout import POWER, Lift, reach, read

PAIRS_MIN, PAIRS_MAX = 6, 26  # with five pairs no outcome is rarer than 5 %
FLIPS, SIMULATED = 1000, 200
MEMORY_MAX, MEMORIES = 0.7, 15  # of an effect, left a period later: what weeks of ads have at most
_Floats = NDArray[np.float64]
_Signs = NDArray[np.int64]


@dataclass(frozen=True)
class Switchback:
    """All that the readout needs. `first_on` [pairs] says which block of a pair is on, `block` and
    `washout` are in periods: so many at the start of a block are left out of the comparison."""

    first_on: tuple[bool, ...]
    block: int
    washout: int
    seed: int
    smallest_lift: float  # detected with 80 % power at 5 %
    lost_outcome: float  # in the periods without it, if the channel brings just that lift
    spend_saved: float

    @property
    def on(self) -> NDArray[np.bool_]:
        """Whether the channel is on, by period."""
        halves = np.array([[first, not first] for first in self.first_on])
        return np.repeat(halves.reshape(-1), self.block)

    def readout(self, outcome: ArrayLike) -> Lift:
        """Lift of having the channel on, from the outcome of each period of the test.

        ValueError for another number of periods, or an outcome that is not above zero.
        """
        y = _positive(outcome)
        if len(y) != 2 * self.block * len(self.first_on):
            raise ValueError(f"expected {len(self.on)} periods, found {len(y)}")
        apart = _apart(y, self.block, self.washout)[:: 2 * self.block]
        differences = np.where(self.first_on, apart, -apart)
        signs = _signs(len(differences), self.seed)
        placebos, carried = signs @ differences / len(differences), signs.mean(axis=1)
        return read(float(differences.mean()), placebos, carried, n=len(y))

    def allowing(self, lift: Interval, *, memory_max: float = MEMORY_MAX) -> Interval:
        """What the channel brought in its periods on, relative, from the lift that was read between periods on and
        off: wide enough for any share of an effect up to `memory_max` that is left a period later.

        What is left stands in periods off too, and builds up in those on; of periods on, off and all on, kept or
        left out, the steady part of an effect is a1, a0 and a: lift = (a1 - a0) x / (1 + a0 x), and a x was brought.
        """
        ends = []
        for memory in np.linspace(0.0, memory_max, MEMORIES):
            on, off, whole = self._steady(float(memory))
            for end in (lift.low, lift.high):
                rest = on - off - end * off if np.isfinite(end) else 0.0
                ends.append(whole * end / rest if rest > 0 else np.inf * np.sign(end))
        low, high = min(lift.low, *ends), max(lift.high, *ends)
        return Interval(lift.value, max(-1.0, float(low)), float(high), lift.n)

    def _steady(self, memory: float) -> tuple[float, float, float]:
        """Of an effect that stood for ever, the part in kept periods on, in kept ones off, and in all on."""
        part, parts = 0.0, []
        for on in self.on:
            part = memory * part + (1 - memory) * float(on)
            parts.append(part)
        level, on = np.array(parts), self.on
        kept = np.arange(len(on)) % self.block >= self.washout
        return (
            float(level[on & kept].mean()),
            float(level[~on & kept].mean()),
            float(level[on].mean()),
        )


def design_switchback(
    outcome: ArrayLike,
    spend: ArrayLike,
    *,
    lift_wanted: float,
    seed: int,
    block: int = 2,
    washout: int = 0,
    pairs_max: int = PAIRS_MAX,
) -> Switchback | Reason:
    """The shortest design that detects `lift_wanted`, from the history of outcome and spend by period.

    A reason where the channel spends nothing, the history is short, or it is too noisy.
    """
    y, spent = _positive(outcome), np.asarray(spend, dtype=np.float64)
    if len(spent) != len(y) or not 0 <= washout < block or not lift_wanted > 0:
        raise ValueError("expected a spend for each outcome, washout < block, a lift above zero")
    needed = 2 * block * PAIRS_MIN
    if len(y) < needed:
        return Reason("design.short_history", {"periods": len(y), "needed": needed})
    if not np.any(spent > 0):
        return Reason("design.no_spend", {"periods": len(y)})
    pairs = PAIRS_MIN + bisect_left(
        range(PAIRS_MIN, pairs_max + 1),
        -lift_wanted,
        key=lambda n: -_smallest_lift(y, block, washout, n, seed),
    )
    smallest = _smallest_lift(y, block, washout, min(pairs, pairs_max), seed)
    if pairs > pairs_max:
        return Reason(
            "design.too_noisy",
            {"smallest": smallest, "wanted": lift_wanted, "periods": 2 * block * pairs_max},
        )
    first = tuple(bool(c) for c in np.random.default_rng(seed).random(pairs) < 0.5)
    off = pairs * block
    lost = off * float(y.mean()) * smallest / (1 + smallest)
    return Switchback(first, block, washout, seed, smallest, lost, off * float(spent.mean()))


def _positive(outcome: ArrayLike) -> _Floats:
    y = np.asarray(outcome, dtype=np.float64)
    if y.ndim != 1 or not np.all(np.isfinite(y)) or not np.all(y > 0):
        raise ValueError(
            "expected an outcome above zero in every period: join periods that have none"
        )
    return y


def _apart(y: _Floats, block: int, washout: int) -> _Floats:
    """Log of a block minus that of the next, for a pair that begins at each period."""
    means = np.array([y[i + washout : i + block].mean() for i in range(len(y) - block + 1)])
    return np.asarray(np.log(means[: len(means) - block]) - np.log(means[block:]))


def _signs(pairs: int, seed: int) -> _Signs:
    """Every assignment [A, pairs] as signs against the one that was drawn, or many of them."""
    if 2**pairs <= FLIPS:
        bits = (np.arange(2**pairs)[:, None] >> np.arange(pairs)) & 1
        return 1 - 2 * bits
    drawn = 1 - 2 * np.random.default_rng([seed, pairs]).integers(0, 2, (FLIPS - 1, pairs))
    return np.concatenate([np.ones((1, pairs), dtype=np.int64), drawn])


def _smallest_lift(y: _Floats, block: int, washout: int, pairs: int, seed: int) -> float:
    """Detected with 80 % power: pairs are simulated with the spread that those of history have, and
    the readout's own test says how large an effect each would have needed."""
    history = _apart(y, block, washout)
    freedom = len(y) // (2 * block)  # pairs that do not overlap: what tells the spread
    rng = np.random.default_rng([seed, pairs])
    spread = np.sqrt(np.mean(history**2) * freedom / rng.chisquare(freedom, SIMULATED))
    signs = _signs(pairs, seed)
    simulated = rng.normal(size=(pairs, SIMULATED)) * spread
    estimates, placebos = simulated.mean(axis=0), signs @ simulated / pairs
    needed = reach(estimates, placebos, signs.mean(axis=1), -1.0) - estimates
    return float(np.expm1(np.quantile(needed, POWER)))

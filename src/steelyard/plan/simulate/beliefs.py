"""What is believed of a simulated company after rows of evidence. Knows no truth.

Example: `believed(SETTINGS["recommender"], rows, seed=0)["conversion"].mean()`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import ndtri

from steelyard.plan.simulate.kinds import CHANNELS, Array, Believed, Setting
from steelyard.stats.posterior import draws as posterior

DRAWS = 512
# parameters that only rows of a group tell of, together
TOGETHER = {
    "curve": ("floor", "above", "exponent"),
    "hours": ("hours_gain", "hours_spend"),
    **{f"channel_{j}": (f"reach_{j}", f"spend_{j}") for j in range(CHANNELS)},
}


@dataclass(frozen=True)
class Row:
    """One figure with its standard error: of a group at so many times the labels of the start, or at so much money;
    or of one parameter, in its normal scale."""

    of: str
    at: float
    value: float
    error: float


def believed(
    setting: Setting, rows: Sequence[Row], *, seed: int = 0, n: int = DRAWS
) -> dict[str, Array]:
    """Draws [n] of every parameter."""
    found: dict[str, Array] = {}
    for at, (group, names) in enumerate(TOGETHER.items()):
        own = [row for row in rows if row.of == group]
        prior = [setting.beliefs[name] for name in names]
        z = posterior(
            [b.mean for b in prior],
            [b.deviation for b in prior],
            partial(_log_likelihood, group, own, prior),
            n=n,
            seed=seed * 31 + at,
        )
        found |= _named(names, prior, z)
    rng = np.random.default_rng([seed, 5])
    for name, b in setting.beliefs.items():
        if name not in found:
            found[name] = b.of(_normal(b, [row for row in rows if row.of == name], rng, n))
    return found


def _normal(b: Believed, rows: Sequence[Row], rng: np.random.Generator, n: int) -> Array:
    """A normal belief and normal readings: exact, one draw in each of n parts of the same weight."""
    precision = b.deviation**-2 + sum(row.error**-2 for row in rows)
    mean = (b.mean * b.deviation**-2 + sum(row.value * row.error**-2 for row in rows)) / precision
    even = ndtri((rng.permutation(n) + rng.random(n)) / n)
    return np.asarray(mean + precision**-0.5 * even)


def _log_likelihood(group: str, rows: Sequence[Row], prior: Sequence[Believed], z: Array) -> Array:
    said = _named(TOGETHER[group], prior, z)
    total = np.zeros(len(z))
    for row in rows:
        total -= 0.5 * ((expected(group, said, row.at) - row.value) / row.error) ** 2
    return total


def _named(names: Sequence[str], prior: Sequence[Believed], z: Array) -> dict[str, Array]:
    return {name: b.of(z[:, i]) for i, (name, b) in enumerate(zip(names, prior, strict=True))}


def expected(group: str, said: Mapping[str, Array], at: float) -> Array:
    """What a row of a group would read without its error."""
    if group == "curve":
        return 1 - error(said, at)
    if group == "hours":
        return saturating(said["hours_gain"], said["hours_spend"], at)[0]
    j = group.removeprefix("channel_")
    return saturating(said[f"reach_{j}"], said[f"spend_{j}"], at)[0]


def error(said: Mapping[str, Array], times: float) -> Array:
    """Share of wrong answers [M] at so many times the labels of the start."""
    return np.asarray(said["floor"] + said["above"] * times ** -said["exponent"])


def saturating(most: Array, scale: Array, money: float) -> tuple[Array, Array]:
    """Response and slope [M]: 1 - exp(-money / scale) of the most."""
    left = np.exp(-money / scale)
    return most * (1 - left), most / scale * left


def hill(most: Array, scale: Array, money: float) -> tuple[Array, Array]:
    """S-shaped, of the same top and about the same middle: a truth that nobody here believes in."""
    power, x = 1.8, max(money, 1e-9) / (0.7 * scale)
    share = x**power / (1 + x**power)
    return most * share, most * power / max(money, 1e-9) * share * (1 - share)

"""How spend becomes effect: carry-over and saturation, vectorised over draws. Knows no money.

Spend is a multiple of the channel's own mean, so one prior fits every currency. A parameter is
`middle + spread * z` behind a link, and z is standard normal a priori: what the data say shows as
how far z has moved. Example: `ADSTOCKS["geometric"].weights(np.array([[0.5]]), lags=3)`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]
# what overflows in tanh or a power is saturated long before
_FLOOR = 1e-12


@dataclass(frozen=True)
class Parameter:
    """A number of a curve: `link(middle + spread * z)`, z standard normal before any data."""

    name: str
    link: Callable[[Any], Any]
    middle: float
    spread: float

    def value(self, z: Array) -> Array:
        """The number itself, of any shape."""
        return np.asarray(self.link(self.middle + self.spread * z), dtype=np.float64)


@dataclass(frozen=True)
class Adstock:
    """`shares`(values [..., P], lags) -> how much of a spend works now and in later periods, before
    it is made to sum to one, [..., lags]."""

    parameters: tuple[Parameter, ...]
    shares: Callable[[Array, int], Array]

    def weights(self, values: Array, *, lags: int) -> Array:
        """Normalised: a steady spend has itself as its adstock (Jin et al. 2017, eq. 1)."""
        shares = self.shares(values, lags)
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Saturation:
    """`level`(x, values [..., P]) in [0, 1] and its derivative by x; x is [..., any]."""

    parameters: tuple[Parameter, ...]
    level: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]


def lagged(spend: Array, *, lags: int, before: float) -> Array:
    """[lags, T]: row l is the spend of l periods ago, and `before` where the series had not begun."""
    padded = np.concatenate([np.full(lags - 1, before), spend])
    return np.stack([padded[lags - 1 - lag : len(padded) - lag] for lag in range(lags)])


def _geometric(values: Array, lags: int) -> Array:
    return np.asarray(values[..., :1] ** np.arange(lags))


def _delayed(values: Array, lags: int) -> Array:
    """Jin et al. (2017), eq. 3: the effect peaks `delay` periods after the spend."""
    away = (np.arange(lags) - values[..., 1:2]) ** 2
    # the nearest lag has share one: far from zero, so that the sum never vanishes
    nearest = away - away.min(axis=-1, keepdims=True)
    return np.asarray(np.maximum(values[..., :1], _FLOOR) ** nearest)


def _tanh(x: Array, values: Array) -> Array:
    return np.tanh(values[..., :1] * x / 2)


def _tanh_slope(x: Array, values: Array) -> Array:
    rate = values[..., :1] / 2
    return np.asarray(rate * (1 - np.tanh(rate * x) ** 2))


def _hill(x: Array, values: Array) -> Array:
    """Jin et al. (2017), eq. 4: half of the effect is reached at `half`."""
    half, power = values[..., :1], values[..., 1:2]
    return np.asarray(expit(power * np.log(np.maximum(x, _FLOOR) / half)))


def _hill_slope(x: Array, values: Array) -> Array:
    level = _hill(x, values)
    return np.asarray(values[..., 1:2] * level * (1 - level) / np.maximum(x, _FLOOR))


_RETENTION = Parameter("retention", expit, -0.6, 1.0)

ADSTOCKS = {
    "geometric": Adstock((_RETENTION,), _geometric),
    "delayed": Adstock((_RETENTION, Parameter("delay", np.exp, 0.0, 0.7)), _delayed),
}
SATURATIONS = {
    "tanh": Saturation((Parameter("saturation", np.exp, 0.4, 0.9),), _tanh, _tanh_slope),
    "hill": Saturation(
        (Parameter("half", np.exp, 0.0, 0.8), Parameter("power", np.exp, 0.2, 0.35)),
        _hill,
        _hill_slope,
    ),
}

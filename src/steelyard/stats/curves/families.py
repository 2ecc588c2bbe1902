"""The families a learning curve may be of, each with its prior. Knows no points and no noise.

A family is a shape: it grows with t, the logarithm of labels by today's, and what stands before it and
behind it, level and rise, is common to all (`fit.py`). That several families are needed, and none wins everywhere,
is the finding of Viering & Loog 2023, "The shape of learning curves: a review", and of the data base of Mohr,
Viering, Loog & van Rijn 2022, "LCDB 1.0"; to mix them by what the points say of each is Domhan, Springenberg & Hutter 2015,
"Speeding up automatic hyperparameter optimization of deep neural networks by extrapolation of learning curves".
Example: `FAMILIES[0].shape(np.array([[0.5]]), np.array([0.0]))`
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]
PARAMETERS = 4  # of the family that has most; others leave the rest at zero
FAR = 30.0  # t where what levels off has done so
REACH = float(np.log(4.0))  # t up to which what never levels off must stay between 0 and 1


@dataclass(frozen=True)
class Family:
    """`prior(rng, count, first)` draws parameters [count, 4], `first` being the t of the smallest part;
    `shape` of parameters [m, 4] and t [q] is [m, q] and grows with t. Up to `far` a curve of the
    family lies between 0 and 1."""

    name: str
    prior: Callable[[np.random.Generator, int, float], Array]
    shape: Callable[[Array, Array], Array]
    far: float = FAR


def rises(family: Family, parameters: Array, t: Array, first: float) -> Array:
    """The shape so scaled that it is -1 at the smallest part and 0 today, [m, q]: how it goes on is then
    what parts the families, and not how much they have risen."""
    seen = family.shape(parameters, np.array([first, 0.0]))
    return np.asarray(
        (family.shape(parameters, t) - seen[:, 1:]) / (seen[:, 1:] - seen[:, :1] + 1e-12)
    )


def _exponents(rng: np.random.Generator, count: int) -> Array:
    """Of the error above its floor. Hestness et al. 2017, "Deep learning scaling is predictable,
    empirically", measured 0.07 to 0.35 without a floor; with one they are larger, and theory ends at
    0.5 to 1. Half of these lie between 0.25 and 0.64, of twenty one outside 0.1 to 1.6. (Two sets of bench/curves.py moved the middle from 0.5.)"""
    return np.exp(rng.normal(np.log(0.4), 0.7, count))


def _power_prior(rng: np.random.Generator, count: int, first: float) -> Array:
    return _columns(_exponents(rng, count))


def _power(parameters: Array, t: Array) -> Array:
    """-n**-c: Hestness et al. 2017, eq. 1, with an irreducible term."""
    return np.asarray(-np.exp(-parameters[:, :1] * t))


def _broken_prior(rng: np.random.Generator, count: int, first: float) -> Array:
    """Both exponents as of a power law; the break from just below the smallest part to as far ahead as
    four times today's labels, since one that nobody saw yet may come."""
    before, behind = _exponents(rng, count), _exponents(rng, count)
    place = rng.uniform(first - np.log(2.0), REACH, count)
    return _columns(before, behind, place, np.exp(rng.normal(np.log(0.3), 0.5, count)))


def _broken(parameters: Array, t: Array) -> Array:
    """A power law whose exponent changes once: Caballero, Gupta, Rish & Krueger 2023, "Broken neural scaling
    laws", eq. 1 with one break."""
    before, behind, place, width = (parameters[:, k : k + 1] for k in range(4))
    bend = (behind - before) * width * np.logaddexp(0.0, (t - place) / width)
    return np.asarray(-np.exp(-before * t - bend))


def _logarithm_prior(rng: np.random.Generator, count: int, first: float) -> Array:
    return _columns(np.zeros(count))


def _logarithm(parameters: Array, t: Array) -> Array:
    """log(n), which fits many curves that were not followed to their end: Gu, Hu & Liu 2001, "Modelling
    classification performance for large data sets"; `log2` in LCDB."""
    return np.asarray(np.broadcast_to(t, (len(parameters), len(t))))


def _sigmoid_prior(rng: np.random.Generator, count: int, first: float) -> Array:
    """The turning point lies behind as a rule, and at most at three times today's labels: points that
    have not yet risen say nothing of how far they will."""
    place = np.minimum(rng.normal(-1.0, 1.0, count), 1.0)
    return _columns(place, np.exp(rng.normal(np.log(0.7), 0.4, count)))


def _sigmoid(parameters: Array, t: Array) -> Array:
    """A slow start, a rise and a plateau in log n, as where there are many labels and few examples of
    each; Morgan, Mercer & Flodin 1975, "General model for nutritional responses", `mmf4` in LCDB."""
    return np.asarray(expit((t - parameters[:, :1]) / parameters[:, 1:2]))


def _columns(*columns: Array) -> Array:
    drawn = np.zeros((len(columns[0]), PARAMETERS))
    drawn[:, : len(columns)] = np.stack(columns, axis=1)
    return drawn


FAMILIES = (
    Family("power", _power_prior, _power),
    Family("broken_power", _broken_prior, _broken),
    Family("logarithm", _logarithm_prior, _logarithm, far=REACH),
    Family("sigmoid", _sigmoid_prior, _sigmoid),
)

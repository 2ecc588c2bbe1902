"""Whether a fitted mix makes series like the one it was fitted to. Knows no money.

Posterior predictive checks on realised residuals (Gelman, Meng & Stern 1996, section 2.2).
Example: `misfits(checked(model, curves, seed=0))`
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from steelyard.reason import Reason
from steelyard.stats.mix.mix import Check, Curves
from steelyard.stats.mix.model import Model

Array = NDArray[np.float64]
DRAWS = 200
UNLIKELY = 0.01


def _memory(noise: Array, fitted: Array) -> Array:
    return np.asarray((noise[:, 1:] * noise[:, :-1]).mean(axis=1))


def _outlier(noise: Array, fitted: Array) -> Array:
    return np.asarray(np.abs(noise).max(axis=1))


def _widening(noise: Array, fitted: Array) -> Array:
    away = fitted - fitted.mean(axis=1, keepdims=True)
    return np.asarray((np.abs(noise) * away).mean(axis=1) / away.std(axis=1))


# name -> figure of residuals in units of the noise and of fitted values, both [D, T]
FIGURES: dict[str, Callable[[Array, Array], Array]] = {
    "memory": _memory,
    "outlier": _outlier,
    "widening": _widening,
}


def checked(model: Model, curves: Curves, *, seed: int) -> tuple[Check, ...]:
    """Of residuals: whether one remembers the last, whether one is far out, whether they grow
    with what was fitted."""
    at = np.linspace(0, len(curves.noise) - 1, min(DRAWS, len(curves.noise))).astype(int)
    fitted = curves.phi[at] @ model.seen.T
    for j, channel in enumerate(model.channels):
        column = model.column(channel, curves.z[at, j])[:, : len(model.outcome)]
        fitted = fitted + curves.beta[at, j, None] * column
    noise = (model.outcome - fitted) / curves.noise[at, None]
    again = np.random.default_rng([seed, 2]).standard_normal(noise.shape)
    return tuple(
        Check(name, float(np.mean(figure(again, fitted) >= figure(noise, fitted))))
        for name, figure in FIGURES.items()
    )


def misfits(checks: tuple[Check, ...]) -> tuple[Reason, ...]:
    """Those that fail, each as a reason."""
    return tuple(
        Reason("mix.misfit", {"check": check.name, "p": check.p})
        for check in checks
        if min(check.p, 1 - check.p) < UNLIKELY
    )

"""A fitted marketing mix: what each channel brought, brings at any spend, and how sure that is.

Knows no sampler. Figures are in the outcome's unit; a response is that of one period at a steady
spend. Every interval has the confidence of the settings. Example: `mix.contributions()["tv"].low`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import UserError
from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.stats.mix.design import base_of
from steelyard.stats.mix.diagnostics import Convergence
from steelyard.stats.mix.model import Model, channel_of
from steelyard.stats.mix.series import Series
from steelyard.stats.mix.split import Split, best_split

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """Draws of a fit: `z` [D, J, P], `beta` [D, J] and `noise` [D] as in the model, `phi` [D, p]."""

    z: Array
    beta: Array
    noise: Array
    phi: Array


@dataclass(frozen=True)
class Check:
    """A posterior predictive check: the share of replicated series whose figure is at least that of
    the residuals. Near 0 or 1 the model does not make series like this one."""

    name: str
    p: float


@dataclass(frozen=True)
class Mix:
    """What `fit` returns. `not_measured` says why its figures may not be used as measured: chains
    that disagree; None where they may. `not_identified` is what the series cannot tell."""

    series: Series
    model: Model
    curves: Curves
    convergence: Convergence
    checks: tuple[Check, ...]
    not_measured: Reason | None
    not_identified: tuple[Reason, ...]
    misfits: tuple[Reason, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """Those that have a curve; the others are among what is not identified."""
        return tuple(channel.name for channel in self.model.channels)

    @property
    def levers(self) -> tuple[str, ...]:
        """Channels that a budget can be put into: one that takes up demand is none."""
        return tuple(name for name in self.channels if name not in self.series.captures)

    def contributions(self) -> dict[str, Interval]:
        """What each channel brought over all periods."""
        return {name: self.interval(self.brought(name).sum(axis=1)) for name in self.channels}

    def roi(self) -> dict[str, Interval]:
        """What each unit spent brought, over all periods."""
        spent = {name: float(self.series.array("spend", name).sum()) for name in self.channels}
        return {
            name: self.interval(self.brought(name).sum(axis=1) / spent[name])
            for name in self.channels
        }

    def brought(self, name: str) -> Array:
        """Draws [D, T] of what a channel brought in each period."""
        at = self._at(name)
        column = self.model.column(self.model.channels[at], self.curves.z[:, at])
        effect = self.curves.beta[:, at, None] * self.model.scale
        return self.series.in_time(effect * column[:, : len(self.series.periods)])

    def base(self) -> Array:
        """Draws [D, T] of what came without any spend."""
        return np.asarray(self.curves.phi @ self.model.base.columns.T * self.model.scale)

    def response(self, name: str, spend: ArrayLike) -> Array:
        """Draws [D, S] of what a steady spend [S] of a channel brings a period."""
        at, x = self._at(name), np.atleast_1d(np.asarray(spend, dtype=np.float64))
        level, _, effect = self._shape(at, x)
        return np.asarray(effect * level)

    def marginal(self, name: str, spend: ArrayLike) -> Array:
        """Draws [D, S] of what one more unit of a steady spend [S] brings."""
        at, x = self._at(name), np.atleast_1d(np.asarray(spend, dtype=np.float64))
        _, slope, effect = self._shape(at, x)
        return np.asarray(effect * slope / self.model.channels[at].mean)

    def drawn(self, name: str, n: int) -> tuple[float, Array, Array]:
        """At most n draws, evenly among all: the mean spend that the shape counts in, parameters of the saturation
        [n, P], and what it brings at most [n] a period, so that a response is `effect * level(spend / mean)`."""
        at = self._at(name)
        kept = np.unique(np.linspace(0, len(self.curves.beta) - 1, n).astype(int))
        _, _, effect = self._shape(at, np.ones(1))
        values = self.model.curve(self.curves.z[:, at])[1]
        return self.model.channels[at].mean, values[kept], effect[kept, 0]

    def interval(self, draws: Array) -> Interval:
        """Mean and central interval of draws [D]."""
        tail = (1 - self.model.settings.confidence) / 2
        low, high = np.quantile(draws, [tail, 1 - tail])
        return Interval(float(draws.mean()), float(low), float(high), len(self.series.periods))

    def split(
        self, budget: float, bounds: Mapping[str, tuple[float, float]] | None = None
    ) -> Split:
        """The split of a period's budget over the levers that brings most on average over the
        draws."""
        if self.not_measured is not None or not self.levers:
            raise UserError(
                "mix.split",
                "a fit whose chains agree, with at least one lever",
                f"R-hat {self.convergence.rhat:.3f}, {len(self.levers)} levers",
                "sample longer (settings.sweeps), or settle what is not identified",
            )
        curves = {
            name: (lambda x, name=name: self.response(name, x).mean(axis=0)) for name in self.levers
        }
        return best_split(curves, budget=budget, bounds=bounds)

    def forecast(
        self,
        spend: Mapping[str, ArrayLike],
        *,
        controls: Mapping[str, ArrayLike] | None = None,
        captures: Mapping[str, ArrayLike] | None = None,
        seed: int,
    ) -> Array:
        """Draws [D, H] of the outcome of the H periods behind the series, given their spend."""
        known = len(self.series.periods)
        longer = self.series.longer(spend, controls=controls or {}, captures=captures or {})
        base = base_of(longer, self.model.settings, known=known)
        mean = self.curves.phi @ base.columns[known:].T
        for at, name in enumerate(self.channels):
            mean_spend = self.model.channels[at].mean
            channel = channel_of(longer, self.model.settings, name, mean_spend, self.model.scale)
            column = self.model.column(channel, self.curves.z[:, at])[:, : len(longer.periods)]
            mean = mean + self.curves.beta[:, at, None] * longer.in_time(column)[:, known:]
        noise = np.random.default_rng(seed).normal(0, 1, mean.shape) * self.curves.noise[:, None]
        return np.asarray((mean + noise) * self.model.scale)

    def _at(self, name: str) -> int:
        if name not in self.channels:
            raise UserError("mix", f"a channel with a curve, of {list(self.channels)}", f"'{name}'")
        return self.channels.index(name)

    def _shape(self, at: int, spend: Array) -> tuple[Array, Array, Array]:
        """Level and slope [D, S] at a steady spend, and the effect [D, 1] that both are times."""
        values = self.model.curve(self.curves.z[:, at])[1]
        shape = self.model.settings.shape
        x = np.broadcast_to(spend / self.model.channels[at].mean, (len(values), len(spend)))
        at_mean = shape.level(np.ones((len(values), 1)), values)
        effect = self.curves.beta[:, at, None] * self.model.scale / at_mean
        return shape.level(x, values), shape.slope(x, values), effect

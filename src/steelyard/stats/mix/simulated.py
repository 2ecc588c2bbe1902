"""A company whose market is known: weekly spend, orders, and what each channel truly brought.

Knows no fit. Spend follows the season, as real budgets do, so that a naive regression gives the
channels what the season brought. Example: `company(seed=0).contributions["tv"]`
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from steelyard.stats.mix.series import Series
from steelyard.stats.mix.transforms import ADSTOCKS, SATURATIONS, lagged

Array = NDArray[np.float64]
NAMES = ("tv", "search", "social", "print", "radio", "video", "mail", "outdoor")
LAGS = 8
START = date(2023, 1, 2)


@dataclass(frozen=True)
class Company:
    """A series with its truth: `contributions` of each channel over all periods, and the curve
    that each channel has, as (retention, saturation at mean spend, effect)."""

    series: Series
    contributions: dict[str, float]
    curves: dict[str, tuple[float, float, float]]

    def response(self, spend: dict[str, float]) -> float:
        """What steady spend a period brings a period, over all channels."""
        return sum(float(self.effect(name, np.array([s]))[0]) for name, s in spend.items())

    def effect(self, name: str, spend: Array) -> Array:
        """What steady `spend` [any] of one channel brings a period."""
        _, rate, effect = self.curves[name]
        mean = float(self.series.array("spend", name).mean())
        level = SATURATIONS["tanh"].level(spend / mean, np.array([rate]))
        return np.asarray(effect * level)

    def lift(self, name: str, first: date, last: date, change: float) -> float:
        """What `change` more spend a period from `first` to `last` would have brought by `last`."""
        window = np.array([first <= day <= last for day in self.series.periods])
        spend = self.series.array("spend", name)
        with_it = _made(spend + change * window, float(spend.mean()), self.curves[name])
        without = _made(spend, float(spend.mean()), self.curves[name])
        return float((with_it - without)[window].sum())


def company(
    *, seed: int, periods: int = 150, channels: int = 3, noise: float = 0.05, season: float = 0.5
) -> Company:
    """A company of its own for each seed; `noise` is a share of the base, `season` how much of the
    spend's rise and fall is that of the demand."""
    rng = np.random.default_rng(seed)
    week = np.arange(periods)
    wave = np.sin(2 * np.pi * (week / 52.18 + rng.random()))
    base = 1000 * (1 + 0.15 * wave + rng.uniform(-0.1, 0.2) * week / periods)
    outcome = base + rng.normal(0, noise * 1000, periods)
    spend, brought, curves = {}, {}, {}
    for name in NAMES[:channels]:
        spend[name] = _spend(rng, wave, season)
        mean = float(spend[name].mean())
        retention, rate = rng.uniform(0.1, 0.7), rng.uniform(0.7, 3.0)
        effect = 1000 * rng.uniform(0.1, 0.4)
        curves[name] = (float(retention), float(rate), float(effect))
        made = _made(spend[name], mean, curves[name])
        brought[name] = float(made.sum())
        outcome = outcome + made
    days = [START + timedelta(weeks=int(w)) for w in week]
    series = Series(days, outcome, spend, before=dict.fromkeys(spend, 0.0))
    return Company(series, brought, curves)


def _made(spend: Array, mean: float, curve: tuple[float, float, float]) -> Array:
    """What a channel brought in each period [T]."""
    retention, rate, effect = curve
    weights = ADSTOCKS["geometric"].weights(np.array([retention]), lags=LAGS)
    adstock = weights @ lagged(spend / mean, lags=LAGS, before=0.0)
    return np.asarray(effect * SATURATIONS["tanh"].level(adstock, np.array([rate])))


def _spend(rng: np.random.Generator, wave: Array, season: float) -> Array:
    """Follows the season, wanders for weeks at a time, and rests now and then."""
    wander = np.zeros(len(wave))
    shock = rng.normal(0, 0.35, len(wave))
    for t in range(1, len(wave)):
        wander[t] = 0.6 * wander[t - 1] + shock[t]
    level = rng.uniform(20, 100) * np.exp(season * wave + wander)
    return np.where(rng.random(len(wave)) < 0.1, 0.0, level)

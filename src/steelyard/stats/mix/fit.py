"""Fitting a marketing mix, and scoring it on periods that it has not seen. Knows no file.

Example: `fit(series, Settings(holidays=("CN",)), seed=0).contributions()`
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from steelyard.errors import UserError
from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.stats.bootstrap import bootstrap
from steelyard.stats.mix.checks import checked, misfits
from steelyard.stats.mix.diagnostics import Convergence, convergence
from steelyard.stats.mix.identify import (
    beyond,
    cannot_fit,
    faint,
    shared,
    traded,
    unmoved,
    with_any_test,
    with_test,
)
from steelyard.stats.mix.mix import Curves, Mix
from steelyard.stats.mix.model import Model, model_of
from steelyard.stats.mix.sampler import Draws, sample
from steelyard.stats.mix.series import Series
from steelyard.stats.mix.settings import Settings

Array = NDArray[np.float64]
# periods of a season: what a naive forecast repeats; a year of years is the last one
SEASON = {"day": 364, "week": 52, "month": 12, "quarter": 4, "year": 1}


def fit(series: Series, settings: Settings | None = None, *, seed: int) -> Mix:
    """Draws of every curve and what follows from them. Channels that the series cannot say anything
    of get no curve and are told; UserError where none is left, or the base alone is too much."""
    settings = settings or Settings()
    unfitted = cannot_fit(series)
    fitted = tuple(name for name in series.channels if name not in unfitted)
    if not fitted:
        raise UserError(
            "series.spend",
            "a channel whose spend changes",
            f"none of {list(series.channels)}",
            "change a spend for some weeks, or run a lift test",
        )
    model = model_of(series, settings, fitted)
    room = len(model.outcome) - len(model.base.names) - 2 * len(fitted)
    if room < len(fitted):
        raise UserError(
            "series.periods",
            f"more periods than {len(model.base.names)} columns of the base and three a channel",
            str(len(model.outcome)),
            "give a longer history, fewer controls or holidays, or a smaller settings.harmonics",
        )
    draws = sample(model, seed=seed)
    convergent = _convergence(model, draws)
    curves = _curves(model, draws, np.random.default_rng([seed, 1]))
    checks = checked(model, curves, seed=seed)
    mix = Mix(
        series, model, curves, convergent, checks, disagreement(convergent), (), misfits(checks)
    )
    told = (*map(with_any_test, unfitted.values()), *_not_told(mix))
    return replace(mix, not_identified=told)


def disagreement(found: Convergence) -> Reason | None:
    """Why a fit may not be used as measured; None where its chains agree."""
    if found.holds:
        return None
    ess = min(found.ess_bulk, found.ess_tail)
    return Reason("mix.not_converged", {"rhat": found.rhat, "ess": int(ess)})


def _convergence(model: Model, draws: Draws) -> Convergence:
    """Of every parameter, of the noise, and of what each channel brought."""
    k, n = draws.noise.shape
    thin = max(1, n // 250)
    brought = np.empty((k, len(range(0, n, thin)), len(model.channels)))
    for j, channel in enumerate(model.channels):
        z = draws.z[:, ::thin, j]
        columns = model.column(channel, z.reshape(-1, z.shape[2]))[:, : len(model.outcome)]
        brought[:, :, j] = draws.beta[:, ::thin, j] * columns.sum(axis=1).reshape(k, -1)
    all_ = np.concatenate([draws.z.reshape(k, n, -1), draws.beta, draws.noise[..., None]], axis=2)
    one, other = convergence(all_), convergence(brought)
    return Convergence(
        max(one.rhat, other.rhat),
        min(one.ess_bulk, other.ess_bulk),
        min(one.ess_tail, other.ess_tail),
    )


def _curves(model: Model, draws: Draws, rng: np.random.Generator) -> Curves:
    """Evenly spaced draws of all chains, each with a draw of the base that was integrated out."""
    k, n = draws.noise.shape
    each = max(1, model.settings.draws // k)
    at = np.unique(np.linspace(0, n - 1, each).astype(int))
    z = draws.z[:, at].reshape(-1, *draws.z.shape[2:])
    beta, noise = draws.beta[:, at].reshape(len(z), -1), draws.noise[:, at].reshape(-1)
    left = np.broadcast_to(model.outcome, (len(z), len(model.outcome)))
    for j, channel in enumerate(model.channels):
        column = model.column(channel, z[:, j])[:, : len(model.outcome)]
        left = left - beta[:, j, None] * column
    white = rng.standard_normal((len(z), len(model.base.names))) * noise[:, None]
    phi = solve_triangular(model.triangle.T, (left @ model.half.T + white).T, lower=False).T
    return Curves(z, beta, noise, np.asarray(phi))


def _not_told(mix: Mix) -> tuple[Reason, ...]:
    """One reason a channel, of all that cannot be told of it."""
    model, names = mix.model, mix.channels
    brought = [mix.brought(name) for name in names]
    totals = np.stack([each.sum(axis=1) for each in brought], axis=1)
    columns = np.stack([each.mean(axis=0)[mix.series.seen] for each in brought])
    parameters = tuple(p.name for p in model.parameters)
    found = [
        *shared(names, columns, model.half),
        *traded(names, totals),
        *faint(names, totals, mix.contributions()),
        *beyond(names, totals, _sold(mix), (1 - model.settings.confidence) / 2),
        *unmoved(names, parameters, mix.curves.z),
    ]
    sd = totals.std(axis=0) / len(mix.series.periods)
    return tuple(
        with_test(of_it, name, float(sd[at]))
        for at, name in enumerate(names)
        if (of_it := [reason for reason in found if reason.numbers["channel"] == name])
    )


def _sold(mix: Mix) -> float:
    """The outcome of all periods: of those whose own is not known, what the fit makes of them."""
    seen = mix.series.seen
    made = sum((mix.brought(name) for name in mix.channels), mix.base()).mean(axis=0)
    return float(np.where(seen, mix.series.array("outcome"), made).sum())


@dataclass(frozen=True)
class Score:
    """Forecasts of periods that a fit had not seen: mean absolute errors, the error `saved` against the
    seasonal naive forecast with its interval, and the share of outcomes inside the forecasts' own."""

    error: float
    naive_error: float
    saved: Interval
    covered: float

    @property
    def ratio(self) -> float:
        """Below 1 where the fit forecasts better."""
        return self.error / self.naive_error


def leave_future_out(
    series: Series,
    settings: Settings | None = None,
    *,
    horizon: int,
    folds: int = 3,
    seed: int,
) -> Score:
    """Fits on what came before and forecasts `horizon` periods, given their spend and controls, from
    each of `folds` origins at the end of the series (Buerkner et al. 2020, with exact refits).

    The naive forecast is the outcome of the same period a season ago, or the last one known.
    """
    errors, naive, inside = [], [], []
    for fold in range(folds, 0, -1):
        origin = len(series.periods) - fold * horizon
        mix = fit(series.first(origin), settings, seed=seed + fold)
        to_come = slice(origin, origin + horizon)
        drawn = mix.forecast(
            {name: series.array("spend", name)[to_come] for name in series.channels},
            controls={name: series.array("controls", name)[to_come] for name in series.controls},
            captures={name: series.array("captures", name)[to_come] for name in series.captures},
            seed=seed,
        )
        truth = series.array("outcome")[to_come]
        tail = (1 - mix.model.settings.confidence) / 2
        low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
        seen = series.seen[to_come]
        errors.append(np.abs(drawn.mean(axis=0) - truth)[seen])
        naive.append(np.abs(_naive(series, origin, horizon) - truth)[seen])
        inside.append(((low <= truth) & (truth <= high))[seen])
    error, other = np.concatenate(errors), np.concatenate(naive)
    if not len(error):
        raise UserError("series.unknown", "an outcome in the last periods", "none")
    saved = bootstrap(other - error, seed=seed)
    return Score(
        float(error.mean()), float(other.mean()), saved, float(np.concatenate(inside).mean())
    )


def _naive(series: Series, origin: int, horizon: int) -> Array:
    """What was a season ago; the last known where there is no season behind, or its outcome is not known."""
    known, seen = series.array("outcome")[:origin], series.seen[:origin]
    last, season = known[seen][-1], SEASON[series.step]
    if season > origin:
        return np.full(horizon, last)
    return np.resize(np.where(seen, known, last)[origin - season :], horizon)

"""The marketing mix of a product: fitted to what is booked, kept as a fact, and told with how sure each figure is.

The same series and the same settings are fitted once. Knows no screen.
Example: `fitted(store, file.spec.market, file.spec.money.currency)["channels"][0]["roi"]`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from steelyard.errors import UserError
from steelyard.market.controls import controls_of, demand_of
from steelyard.market.grounds import command, doubts, evidence, gone, rows_of, told, with_command
from steelyard.market.keeping import FIT, LIFT, keep, kept, plain
from steelyard.market.series import Array, History, history, regions
from steelyard.reason import Reason
from steelyard.spec.market import Market
from steelyard.stats.mix import LiftTest, Mix, Series, Settings, fit, leave_future_out
from steelyard.stats.mix.series import PERIODS_MIN
from steelyard.store import Store

FORM = 3  # of what is kept: another one is fitted again
SEED = 0
LONGER = 4  # times as many sweeps for chains that do not agree
RECENT = {"week": 4, "day": 28}  # periods that say what a channel spends today
HORIZON, FOLDS = {"week": 4, "day": 14}, 3
GRID, BEYOND = 41, 1.3  # spends of a curve, up to so many times the largest one seen
DRAWN = 200  # draws of a curve that are kept for the plan


def fitted(
    store: Store,
    market: Market,
    currency: str,
    *,
    settings: Settings | None = None,
    tests: bool = True,
    again: bool = False,
    keeps: bool = True,
) -> dict[str, Any]:
    """The fit of what is booked, kept or new (`again` even where it is kept), and a new one is kept if it `keeps`; `tests` says whether lifts that were
    measured are rows of it. UserError where the series is too short or the channels never changed."""
    chosen = settings or settings_of(market)
    past = history(store, market.mix.outcome, period=market.mix.period)
    _refuse_short(past)
    series = _series(store, past, market, tests=tests)
    named = past.sha256(_given(series, chosen))
    known = next((one for one in kept(store, FIT) if one.body["series"]["sha256"] == named), None)
    if known is not None and not again:
        return known.body | {"made": known.created, "fresh": False}
    mix = _until_agreed(series, chosen)
    said = _forecast(series, chosen, past)
    body: dict[str, Any] = plain(
        _body(mix, past, currency, named, chosen, said["forecast"])
        | {"not_identified": _not_identified(store, mix, market.mix.outcome)}
        | said
    )
    if known is None and keeps:
        last = past.periods[-1].isoformat()
        keep(store, FIT, named, day=last, channel="", body=body)
    return body | {"made": store.clock.now(), "fresh": True}


def _series(store: Store, past: History, market: Market, *, tests: bool) -> Series:
    return Series(
        past.periods,
        past.outcome,
        past.spend,
        controls=controls_of(store, past, market.mix.controls),
        lift_tests=list(_lifts(store, past)) if tests else [],
        captures=demand_of(store, past, market.channels),
        unknown=past.gaps.missing,
    )


def _given(series: Series, settings: Settings) -> dict[str, Any]:
    """What a fit hangs on beside outcome and spend."""
    columns = {
        kind: {name: series.array(kind, name).tolist() for name in getattr(series, kind)}
        for kind in ("controls", "captures")
    }
    lifts = [str(test) for test in series.lift_tests]
    unknown = [day.isoformat() for day in series.unknown]
    return {
        "form": FORM,
        "settings": asdict(settings),
        "lifts": lifts,
        "unknown": unknown,
        **columns,
    }


def _until_agreed(series: Series, settings: Settings) -> Mix:
    """Chains that do not agree are given more sweeps once."""
    mix = fit(series, settings, seed=SEED)
    if mix.not_measured is None:
        return mix
    more = replace(settings, warm_up=LONGER * settings.warm_up, sweeps=LONGER * settings.sweeps)
    return fit(series, more, seed=SEED)


def settings_of(market: Market) -> Settings:
    """What the product file says of the fit."""
    mix = market.mix
    return Settings(adstock=mix.adstock, saturation=mix.saturation, holidays=mix.holidays)


def _refuse_short(past: History) -> None:
    known = len(past.periods) - len(past.gaps.missing)
    if known >= PERIODS_MIN:
        return
    name = next(iter(past.spend))
    raise UserError(
        "market fit",
        f"at least {PERIODS_MIN} {past.period}s in which both {past.of} and spend are booked",
        str(known),
        f"so few tell a season from no ad: run a test instead, steelyard market test {name}",
    )


def _lifts(store: Store, past: History) -> Iterator[LiftTest]:
    """Tests by region whose weeks the series holds. Weeks that were switched on and off are in the series as they
    were, so they say what they can without a row that would count them twice."""
    for one in kept(store, LIFT):
        body, row = one.body, one.body["row"]
        first, last = (date.fromisoformat(body[name]) for name in ("first", "last"))
        inside = past.periods[0] <= first and last < past.periods[-1] + _step(past)
        if row is None or body["outcome"] != past.of or not inside or past.period != "week":
            continue
        window = np.array([first <= day <= last for day in past.periods])
        least = float(past.channel(one.channel)[window].min())
        change = max(row["change"], -least)
        if change == 0:
            continue
        part = change / row["change"]
        yield LiftTest(
            channel=one.channel,
            first=first,
            last=last,
            change=change,
            lift=row["lift"] * part,
            se=row["se"] * part,
        )


def _step(past: History) -> timedelta:
    return past.periods[1] - past.periods[0]


def _body(
    mix: Mix,
    past: History,
    currency: str,
    named: str,
    settings: Settings,
    forecast: dict[str, Any] | None,
) -> dict[str, Any]:
    doubted = doubts(mix, forecast)
    return {
        "form": FORM,
        "outcome": past.of,
        "period": past.period,
        "currency": currency,
        "settings": asdict(settings),
        "sweeps": mix.model.settings.sweeps,
        "series": {
            "sha256": named,
            "first": past.periods[0].isoformat(),
            "last": past.periods[-1].isoformat(),
            "periods": len(past.periods),
            "missing": [day.isoformat() for day in past.gaps.missing],
            "empty": [day.isoformat() for day in past.gaps.empty],
            "rows": rows_of(past),
        },
        "channels": [_channel(mix, past, name, doubted=bool(doubted)) for name in past.spend],
        "contributions": _over_time(mix, past),
        "curves": {name: _curve(mix, past, name) for name in mix.channels},
        "diagnostics": {
            "rhat": mix.convergence.rhat,
            "ess": min(mix.convergence.ess_bulk, mix.convergence.ess_tail),
            "checks": [{"name": check.name, "p": check.p} for check in mix.checks],
        },
        "not_measured": mix.not_measured and mix.not_measured.to_json(),
        "misfits": [reason.to_json() for reason in doubted],
        "notes": [reason.to_json() for reason in gone(past)],
        "lift_tests": [
            {"channel": t.channel, "first": t.first.isoformat(), "last": t.last.isoformat()}
            for t in mix.series.lift_tests
        ],
    }


def _not_identified(store: Store, mix: Mix, of: str) -> list[dict[str, Any]]:
    """With the test of each that can be had now: tests are made of weeks, whatever the fit is of."""
    found = list(told(mix))
    if not found:
        return []
    weeks = history(store, of)
    by_region = regions(store, weeks)
    commands = {name: command(weeks, by_region, name) for name, _ in found}
    return [
        {"channel": name, "reason": with_command(reason, commands[name]).to_json()}
        for name, reason in found
    ]


def _channel(mix: Mix, past: History, name: str, *, doubted: bool) -> dict[str, Any]:
    """What a channel brought, brings for each unit, and would for the next one; with what each figure rests on."""
    spend = past.channel(name)
    today = float(spend[-RECENT[past.period] :].mean())
    sure, curve = evidence(mix, name, silent=today == 0, doubted=doubted)
    said = {
        "channel": name,
        "spent": float(spend.sum()),
        "spend_today": today,
        "captures": name in mix.series.captures,
        "evidence": sure,
        "rows": rows_of(past, name),
    }
    if name not in mix.channels:
        return said | {"brought": None, "roi": None, "marginal": None}
    return said | {
        "brought": _three(mix.contributions()[name]),
        "roi": _three(mix.roi()[name]),
        "marginal": _three(mix.interval(mix.marginal(name, [today])[:, 0])),
        "curve_evidence": curve,
    }


def _over_time(mix: Mix, past: History) -> dict[str, Any]:
    return {
        "periods": [day.isoformat() for day in past.periods],
        "outcome": [
            None if day in past.gaps.missing else sold
            for day, sold in zip(past.periods, past.outcome.tolist(), strict=True)
        ],
        "base": mix.base().mean(axis=0).tolist(),
        "channels": {name: _band(mix, mix.brought(name)) for name in mix.channels},
    }


def _curve(mix: Mix, past: History, name: str) -> dict[str, Any]:
    """Response and marginal return by a steady spend a period; measured up to the largest spend that was seen."""
    seen = float(past.channel(name).max())
    grid = np.linspace(0.0, seen * BEYOND, GRID)
    mean, values, effect = mix.drawn(name, DRAWN)
    return {
        "mean": mean,
        "values": values.tolist(),
        "effect": effect.tolist(),
        "spend": grid.tolist(),
        "seen": seen,
        "response": _band(mix, mix.response(name, grid)),
        "marginal": _band(mix, mix.marginal(name, np.maximum(grid, grid[1] / 2))),
    }


def _band(mix: Mix, draws: Array) -> dict[str, list[float]]:
    """Mean and central interval of draws [D, S]."""
    tail = (1 - mix.model.settings.confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return {"value": draws.mean(axis=0).tolist(), "low": low.tolist(), "high": high.tolist()}


def _forecast(series: Series, settings: Settings, past: History) -> dict[str, Any]:
    """Errors of forecasts of the last periods, each from a fit that had not seen them."""
    horizon = HORIZON[past.period]
    try:
        score = leave_future_out(series, settings, horizon=horizon, folds=FOLDS, seed=SEED)
    except UserError:  # the first of these fits has fewer periods, which may be too few for it
        return {"forecast": None, "no_forecast": _few(past).to_json()}
    return {
        "forecast": {
            "horizon": horizon,
            "folds": FOLDS,
            "error": score.error,
            "naive_error": score.naive_error,
            "saved": _three(score.saved),
            "covered": score.covered,
        },
        "no_forecast": None,
    }


def _few(past: History) -> Reason:
    return Reason("mix.no_forecast", {"periods": len(past.periods)})


def _three(interval: Any) -> list[float]:
    return [interval.value, interval.low, interval.high]

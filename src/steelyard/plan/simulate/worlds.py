"""A simulated company with its places for money, of draws of its parameters. Knows no evidence.

Example: `build(SETTINGS["recommender"], draws).places[0].name`
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from steelyard.plan.company import Arm, Company, Gain, Move, Place, Step
from steelyard.plan.simulate.beliefs import error, hill, saturating
from steelyard.plan.simulate.kinds import CHANNELS, Array, Setting

PERIODS = 12
DISCOUNT_A_YEAR = 0.10
LARGER, SMALLER = 2.5, 0.4  # times the cost of a request
DEARER, CHEAPER = 1.1, 0.9
MARGIN_SHARE = 0.7


@dataclass(frozen=True)
class State:
    """What was done already: labels in times those of the start, money in people's hours, and the steps that
    stand."""

    month: int = 0
    labels: float = 1.0
    hours: float = 0.0
    variant: str = "same_variant"
    page: bool = False
    price: str = "same_price"


@dataclass(frozen=True)
class World:
    """A company, where its money can go, and what it can do besides."""

    company: Company
    places: tuple[Place, ...]
    menus: tuple[tuple[Step, ...], ...]


def build(
    setting: Setting,
    p: Mapping[str, Array],
    *,
    state: State | None = None,
    periods: int = PERIODS,
    months: int = PERIODS,
    s_shaped: bool = False,
) -> World:
    """Over so many `periods`, channels being paid in the first `months`."""
    now = state or State()
    company = _company(setting, p, now, periods)
    at_once, paid = np.eye(periods)[0], (np.arange(periods) < months) / min(months, periods)
    shape = hill if s_shaped else saturating

    def labels(money: float) -> tuple[Array, Array]:
        a_unit = 1 / setting.label_price / setting.labels
        times = now.labels + money * a_unit
        gain = error(p, now.labels) - error(p, times)
        return gain, p["above"] * p["exponent"] * times ** (-p["exponent"] - 1) * a_unit

    def hours(money: float) -> tuple[Array, Array]:
        gain, slope = saturating(p["hours_gain"], p["hours_spend"], now.hours + money)
        return gain - saturating(p["hours_gain"], p["hours_spend"], now.hours)[0], slope

    def reached(j: int) -> Gain:
        span = min(months, periods)

        def gain(money: float) -> tuple[Array, Array]:
            visits, slope = shape(p[f"reach_{j}"], p[f"spend_{j}"], money / span)
            return visits, slope / span

        return gain

    places = (
        Place("labels", "technology", [Move("quality", labels, _from(1, periods))], at_once),
        Place("hours", "technology", [Move("quality", hours, _from(1, periods))], at_once),
        *(
            Place(
                f"channel_{j}",
                "market",
                [Move("visits", reached(j), (paid > 0).astype(np.float64))],
                paid,
            )
            for j in range(CHANNELS)
        ),
    )
    return World(company, places, _menus(setting, p, now, periods))


def _company(setting: Setting, p: Mapping[str, Array], now: State, periods: int) -> Company:
    months = now.month + np.arange(periods)
    gained = error(p, 1.0) - error(p, now.labels)
    gained = gained + saturating(p["hours_gain"], p["hours_spend"], now.hours)[0]
    return Company(
        visits=setting.visits * (1 + setting.season * np.sin(2 * np.pi * months / 12)),
        conversion=p["conversion"],
        worth=p["worth"],
        requests=np.full(periods, float(setting.requests)),
        requests_a_visit=setting.requests_a_visit,
        answer=setting.answer,
        cost=p["cost"],
        quality=np.clip(1 - error(p, 1.0) + gained, 0.0, 1.0),
        gained=np.minimum(gained, error(p, 1.0)),  # no answer is better than right
        quality_to_conversion=p["to_conversion"],
        quality_to_worth=p["to_worth"],
        price_to_conversion=p["to_price"],
        margin_share=MARGIN_SHARE,
        discount=(1 + DISCOUNT_A_YEAR) ** (-1 / 12),
    )


def _menus(
    setting: Setting, p: Mapping[str, Array], now: State, periods: int
) -> tuple[tuple[Step, ...], ...]:
    always, m = np.ones(periods), len(p["worth"])

    def steady(driver: str, value: Array | float, ramp: Array = always) -> Move:
        fixed = np.broadcast_to(np.asarray(value, dtype=np.float64), (m,))
        return Move(driver, lambda _: (fixed, np.zeros(m)), ramp)  # type: ignore[arg-type]

    def variant(name: str, times: float) -> Step:
        return Step(
            name, "technology", [steady("quality", p[name]), steady("serving", math.log(times))]
        )

    def price(name: str, times: float) -> Step:
        return Step(name, "market", [steady("price", math.log(times))])

    page = [steady("conversion", p["page"], always if now.page else _from(1, periods))]
    pages = (
        (Step("page", "market", page),)  # it stands, and is paid
        if now.page
        else (Step("no_page", "market"), Step("page", "market", page, setting.page))
    )
    return (
        (
            Step("same_variant", "technology"),
            variant("larger", LARGER),
            variant("smaller", SMALLER),
        ),
        pages,
        (Step("same_price", "market"), price("dearer", DEARER), price("cheaper", CHEAPER)),
    )


def only(world: World, arm: Arm) -> World:
    """The same company, whose money may go into technology or into the market alone."""
    places = tuple(place for place in world.places if place.arm == arm)
    menus = tuple(menu if menu[0].arm == arm else menu[:1] for menu in world.menus)
    return World(world.company, places, menus)


def _from(period: int, periods: int) -> Array:
    return (np.arange(periods) >= period).astype(np.float64)

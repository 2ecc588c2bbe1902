"""Three kinds of company, and what each believes of itself before any evidence. Knows no truth.

Figures are those of small companies, made up for trying a planner on; none is anybody's. Visits and requests are those
of a month. Example: `SETTINGS["recommender"].beliefs["conversion"].mean`
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Array = NDArray[np.float64]
Kind = Literal["service_desk", "opinion_monitor", "recommender"]
Scale = Literal["log", "logit", "plain"]
KINDS: tuple[Kind, ...] = ("service_desk", "opinion_monitor", "recommender")
CHANNELS = 3


@dataclass(frozen=True)
class Believed:
    """A parameter before any evidence, normal in its scale."""

    mean: float
    deviation: float
    scale: Scale = "plain"

    def of(self, z: Array) -> Array:
        """From the normal scale to the parameter's own."""
        if self.scale == "log":
            return np.exp(z)
        return np.asarray(expit(z)) if self.scale == "logit" else z

    def normal(self, value: Array) -> Array:
        """Back again."""
        if self.scale == "log":
            return np.log(value)
        return np.asarray(logit(value)) if self.scale == "logit" else value


def _log(value: float, deviation: float) -> Believed:
    return Believed(math.log(value), deviation, "log")


def _logit(value: float, deviation: float) -> Believed:
    return Believed(math.log(value / (1 - value)), deviation, "logit")


@dataclass(frozen=True)
class Setting:
    """What is known of a kind of company, and what is believed of it. `answer` is the money between the worst answer
    and the best, `page` what a launch page costs, `season` how far visits swing over a year."""

    visits: float
    requests: float
    requests_a_visit: float
    answer: float
    labels: int
    label_price: float
    page: float
    budget: float
    season: float
    beliefs: Mapping[str, Believed]


def _beliefs(
    *,
    conversion: float,
    worth: float,
    cost: float,
    reach: float,
    spend: float,
    to_conversion: float,
    to_worth: float,
) -> dict[str, Believed]:
    channels: dict[str, Believed] = {}
    for j, part in enumerate((1.0, 0.6, 0.4)):
        channels[f"reach_{j}"] = _log(reach * part, 0.5)  # visits that it brings at most
        channels[f"spend_{j}"] = _log(spend * (0.4 + 0.6 * part), 0.5)  # money for 63 % of them
    return channels | {
        "floor": _logit(0.06, 0.5),  # errors that no label removes
        "above": _log(0.08, 0.5),  # errors above it with the labels of today
        "exponent": _log(0.35, 0.35),  # Hestness et al. 2017: 0.07 to 0.35 and more, by task
        "conversion": _logit(conversion, 0.3),
        "worth": _log(worth, 0.35),
        "cost": _log(cost, 0.25),
        "to_conversion": Believed(to_conversion, to_conversion),  # log odds by a point of quality
        "to_worth": Believed(to_worth, to_worth),
        # a price that is not far from the best one has an elasticity of -1 / margin share (Lerner)
        "to_price": Believed(-1.43, 0.6),
        "page": Believed(0.08, 0.10),
        "larger": Believed(0.015, 0.012),  # quality of a larger and of a smaller variant
        "smaller": Believed(-0.006, 0.006),
        "hours_gain": _log(0.02, 0.5),  # quality that people's hours add at most
        "hours_spend": _log(spend * 2, 0.4),
    }


SETTINGS: dict[Kind, Setting] = {
    # answers save people's time; customers are few and large
    "service_desk": Setting(
        visits=1500,
        requests=400_000,
        requests_a_visit=20,
        answer=0.06,
        labels=2000,
        label_price=0.3,
        page=1500,
        budget=36_000,
        season=0.05,
        beliefs=_beliefs(
            conversion=0.015,
            worth=900,
            cost=0.0012,
            reach=700,
            spend=900,
            to_conversion=0.01,
            to_worth=0.006,
        ),
    ),
    # subscriptions, which better answers keep
    "opinion_monitor": Setting(
        visits=4000,
        requests=150_000,
        requests_a_visit=5,
        answer=0.01,
        labels=3000,
        label_price=0.4,
        page=1200,
        budget=35_000,
        season=0.15,
        beliefs=_beliefs(
            conversion=0.02,
            worth=240,
            cost=0.0009,
            reach=2500,
            spend=800,
            to_conversion=0.012,
            to_worth=0.02,
        ),
    ),
    # many visits that buy little, and buy more where what is shown is right
    "recommender": Setting(
        visits=60_000,
        requests=300_000,
        requests_a_visit=4,
        answer=0.0,
        labels=8000,
        label_price=0.1,
        page=2500,
        budget=30_000,
        season=0.25,
        beliefs=_beliefs(
            conversion=0.03,
            worth=9,
            cost=0.0002,
            reach=30_000,
            spend=1200,
            to_conversion=0.02,
            to_worth=0.01,
        ),
    ),
}

"""The lever of people's hours on the model: quality that an hour brought, by the trainings of the past. Knows no ledger.

What each training gained above what its labels explain is regressed through the origin on the hours since the one before it;
two neighbors share a point, so their errors do too. Example: `offer(Outlook.of(facts)).on_request[0].code`
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from steelyard.plan.around import Trained
from steelyard.plan.company import Move, Place
from steelyard.plan.levers import EXTRAPOLATED, Lever
from steelyard.plan.offers import Offer, Offered
from steelyard.plan.outlook import Outlook, middle, normal
from steelyard.reason import Reason
from steelyard.stats import LearningCurve
from steelyard.terms import LANGUAGES, term

Array = NDArray[np.float64]
NAME = "hours"
LEAST = 3  # trainings with hours before them: with fewer no line has an error
BEYOND = 1.5  # of the most hours between two trainings: further nothing was seen
SURE = 1e-4  # an error of nothing would be the only one that counts


@dataclass(frozen=True)
class Rate:
    """Quality that an hour brings, its standard error with so many degrees of freedom, the trainings it is of, and the most
    hours before one of them."""

    value: float
    error: float
    freedom: int
    n: int
    most: float


def offer(outlook: Outlook) -> Offer:
    """A place for hours where enough trainings tell of them; else what books them."""
    facts, around = outlook.facts, outlook.facts.around
    if around.hour_price is None or around.hour_price <= 0:
        return Offer(on_request=[Reason("hours.no_price", {"file": facts.file})])
    if around.hours == 0:
        return Offer(on_request=[Reason("hours.no_time", {"file": facts.file})])
    if facts.measure == "worth":
        return Offer(on_request=[Reason("hours.by_table")])
    found = rate(around.trained, facts.curve)
    if found is None:
        n = sum(one.hours > 0 for one in around.trained[1:])
        return Offer(
            unknown=[Reason("hours.too_few", {"n": n, "least": LEAST, "file": facts.file})]
        )
    return Offer([_Hours(outlook, found, around.hour_price).offered()])


def rate(trained: Sequence[Trained], curve: LearningCurve | None) -> Rate | None:
    """None with fewer than `LEAST` trainings before which somebody worked, or without a curve that says what labels did."""
    pairs = list(itertools.pairwise(trained))
    hours = np.array([after.hours for _, after in pairs])
    if curve is None or int((hours > 0).sum()) < LEAST:
        return None
    gains = np.array([_above_labels(before, after, curve) for before, after in pairs])
    errors = np.array([max(one.error, SURE) ** 2 + _run(curve) ** 2 for one in trained])
    covariance = np.diag(errors[:-1] + errors[1:])
    shared = np.diag(-errors[1:-1], 1)  # a training that was luckily good makes the next gain small
    inverse = np.linalg.inv(covariance + shared + shared.T)
    precision = float(hours @ inverse @ hours)
    value = float(hours @ inverse @ gains) / precision
    left, freedom = gains - value * hours, len(pairs) - 1
    misfit = (
        float(left @ inverse @ left) / freedom
    )  # hours are worth more in some months than in others
    error = float(np.sqrt(max(1.0, misfit) / precision))
    return Rate(value, error, freedom, int((hours > 0).sum()), float(hours.max()))


def _above_labels(before: Trained, after: Trained, curve: LearningCurve) -> float:
    by_labels = curve.draws(max(1, after.labels)).mean() - curve.draws(max(1, before.labels)).mean()
    return float(after.quality - before.quality - by_labels)


def _run(curve: LearningCurve) -> float:
    """By how much a training differs from one to another, everything else alike."""
    return float(curve.beliefs.deviation.mean())


@dataclass(frozen=True)
class _Hours:
    """Hours until the next turn; what they bring comes with the training at its end."""

    outlook: Outlook
    rate: Rate
    price: float

    @property
    def room(self) -> float:
        said = self.outlook.facts.around.hours
        seen = BEYOND * self.rate.most
        return seen if said is None else min(said, seen)

    def offered(self) -> Offered:
        months, turn = self.outlook.months, self.outlook.turn
        paid = np.clip(turn - np.arange(months), 0.0, 1.0)
        ramp = self.outlook.ramp(self.outlook.facts.days, fades=True)
        place = Place(
            NAME,
            "technology",
            [Move("quality", self._gain, ramp)],
            np.asarray(paid / paid.sum()),
            most=self.room * self.price,
        )
        en, zh = (term("option", NAME, language) for language in LANGUAGES)
        rows = {"account": "people.hours"}
        return Offered(place, EXTRAPOLATED, self._told, self._do, (en, zh), rows=rows)

    def _gain(self, money: float) -> tuple[Array, Array]:
        """[M] along a line, whose slope is drawn from Student's t."""
        drawn = stdtrit(self.rate.freedom, ndtr(normal(NAME)))
        slope = (self.rate.value + self.rate.error * drawn) / self.price
        return np.asarray(slope * money), np.asarray(slope)

    def _told(self, money: float) -> Reason:
        facts = self.outlook.facts
        return Reason(
            "hours.bring",
            {
                "hours": money / self.price,
                "gain": middle(100 * self._gain(money)[0]),
                "measure": facts.measure,
                "n": self.rate.n,
            },
        )

    def _do(self, money: float) -> Reason:
        facts = self.outlook.facts
        return Reason(
            "do.hours",
            {
                "hours": money / self.price,
                "money": money,
                "currency": facts.currency,
                "file": facts.file,
            },
        )


LEVER = Lever(NAME, offer=offer)

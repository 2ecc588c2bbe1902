"""The lever of labels: quality by amount, along the learning curve, and a batch to look at it. Knows no ledger.

Example: `offer(Outlook.of(facts)).places[0].place.most`
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from steelyard.plan.company import Move, Place, Step
from steelyard.plan.doing import buy_labels
from steelyard.plan.facts import PlanFacts
from steelyard.plan.levers import EXTRAPOLATED, Lever
from steelyard.plan.looks import Look
from steelyard.plan.offers import Offer, Offered, OfferedLook, OfferedStep
from steelyard.plan.outlook import MONTH, Outlook, resampled
from steelyard.reason import Reason
from steelyard.stats import LearningCurve

Array = NDArray[np.float64]
GRID = 17  # numbers of labels at which the curve is drawn
DAYS = 7.0  # until bought labels are labelled, trained on and live
BATCH = 0.25  # of today's labels, of a batch that is bought to see the curve better
NAME = "labels"


def offer(outlook: Outlook) -> Offer:
    """Nothing where there is no curve, no pool or no price."""
    facts = outlook.facts
    room = facts.labels_pool - facts.labels_bought
    if facts.curve is None:
        return Offer(unknown=[Reason("labels.no_curve")])
    if room < 1:
        return Offer(unknown=[Reason("labels.none_left")])
    labels = _Labels(outlook, facts.curve, room)
    if facts.label_price <= 0:
        return Offer(menu=[labels.all_of_them()])
    return Offer([labels.offered()], looks=[labels.look()])


@dataclass(frozen=True)
class _Labels:
    """The curve from today's labels to the end of the pool."""

    outlook: Outlook
    curve: LearningCurve
    room: int

    @cached_property
    def today(self) -> int:
        return max(1, self.outlook.facts.labels_bought)

    @cached_property
    def shape(self) -> PchipInterpolator:
        """Logarithm of labels -> quality [M]."""
        numbers = np.unique(np.geomspace(self.today, self.today + self.room, GRID).astype(int))
        drawn = np.stack([self.curve.draws(int(n)) for n in numbers])
        return PchipInterpolator(np.log(numbers), resampled(drawn.T, NAME).T)

    @cached_property
    def _slope(self) -> PchipInterpolator:
        return self.shape.derivative()

    def gain(self, money: float) -> tuple[Array, Array]:
        """Quality [M] above today's, expected over trainings, and of a unit more."""
        price = self.outlook.facts.label_price
        labels = self.today + min(self.room, max(0.0, money / price))
        return self._rise(labels), self._slope(math.log(labels)) / labels / price

    def _rise(self, labels: float) -> Array:
        return np.asarray(self.shape(math.log(labels)) - self.shape(math.log(self.today)))

    def all_of_them(self) -> OfferedStep:
        """Labels that cost nothing: all that the pool holds, for the price of a training."""
        training = self._training()
        moved = training.moves[0].gain(0.0)[0] + self._rise(self.today + self.room)
        move = replace(training.moves[0], gain=lambda _: (moved, np.zeros(len(moved))))
        step = Step(NAME, "technology", [move], training.cost)
        return OfferedStep(step, EXTRAPOLATED, self._for(self.room), self._buy(self.room))

    def offered(self) -> Offered:
        facts, at_once = self.outlook.facts, np.eye(self.outlook.months)[0]
        place = Place(
            NAME,
            "technology",
            [Move("quality", self.gain, self.outlook.ramp(DAYS))],
            at_once,
            most=self.room * facts.label_price,
        )
        return Offered(place, EXTRAPOLATED, self._told, self._do, once=self._training())

    def _training(self) -> Step:
        """The next training: its cost, its luck against that of today's model, and what it must first make good."""
        facts = self.outlook.facts
        more = self.today + max(1, min(self.room, self.today // 2))
        one = self.curve.gain_draws(self.today, more)
        luck = one - (self.curve.draws(more) - self.curve.draws(self.today))
        moved = resampled(luck, NAME) - facts.behind
        none = np.zeros(len(moved))
        move = Move("quality", lambda _: (moved, none), self.outlook.ramp(DAYS))
        return Step("training", "technology", [move], facts.retrain_cost)

    def _more(self, money: float) -> int:
        return min(self.room, int(money / self.outlook.facts.label_price + 1e-9))

    def _told(self, money: float) -> Reason:
        return self._for(self._more(money))

    def _do(self, money: float) -> Reason:
        return self._buy(self._more(money))

    def _cost(self, more: int) -> float:
        """Labels and the training after them."""
        return more * self.outlook.facts.label_price + self.outlook.facts.retrain_cost

    def _for(self, more: int) -> Reason:
        facts = self.outlook.facts
        gain = self.curve.gain(self.today, self.today + more, confidence=0.8)
        figures = (gain.value, gain.low, gain.high)
        told = gain_reason(facts, more, self.today + more, self._cost(more), figures)
        if facts.behind > 0:
            told = Reason(
                "labels.gain_behind",
                {"gain": told, "behind": facts.behind, "live": facts.live.name},
            )
        if self.curve.misfit is None:
            return told
        return Reason("labels.misfit", {"gain": told, "misfit": self.curve.misfit})

    def _buy(self, more: int) -> Reason:
        facts = self.outlook.facts
        return buy_labels(facts, facts.labels_bought + more, money=self._cost(more))

    def look(self) -> OfferedLook:
        """A batch, after which the curve has one more point."""
        last = self.curve.points[-1]
        more = max(1, min(self.room, int(self.today * BATCH)))
        reads = resampled(self.curve.draws(self.today + more), NAME)
        noise = float(self.curve.beliefs.deviation.mean())
        error, cost = math.hypot(last.se, noise), self._cost(more)
        look = Look("batch of labels", "technology", reads, error, cost, DAYS / MONTH)
        named, because = Reason("named.batch"), Reason("look.batch", {"more": more})
        return OfferedLook(look, named, because, self._buy(more))


def gain_reason(
    facts: PlanFacts, more: int, total: int, spend: float, gain: tuple[float, float, float]
) -> Reason:
    if facts.measure == "accuracy":
        return Reason(
            "labels.gain",
            {
                "more": more,
                "total": total,
                "spend": spend,
                "currency": facts.currency,
                "gain": gain,
            },
        )
    return Reason(
        "labels.gain_of",
        {
            "more": more,
            "total": total,
            "spend": spend,
            "currency": facts.currency,
            "measure": facts.measure,
            "gain": gain,
        },
    )


LEVER = Lever("labels", offer=offer)

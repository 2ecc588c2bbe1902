"""The lever of labels: quality by amount, along the learning curve, and a batch to look at it. Knows no ledger.

Example: `offer(Outlook.of(facts)).places[0].place.most`
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

from steelyard.plan.company import Move, Place, Step
from steelyard.plan.doing import buy_labels
from steelyard.plan.facts import PlanFacts
from steelyard.plan.levers import EXTRAPOLATED, Lever
from steelyard.plan.looks import Look
from steelyard.plan.offers import Offer, Offered, OfferedLook, OfferedStep
from steelyard.plan.outlook import DRAWS, MONTH, Outlook, resampled
from steelyard.reason import Reason
from steelyard.stats import LearningCurve
from steelyard.terms import LANGUAGES, term

Array = NDArray[np.float64]
GRID = 17  # numbers of labels at which the curve is drawn
DAYS = 7.0  # until bought labels are labelled, trained on and live
BATCH = 0.25  # of today's labels, of a batch that is bought to see the curve better
NEW = 0.1  # of today's labels: so many new ones make a training mostly another one
SURE = 1e-3  # a hold-out tells no smaller difference for certain
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
        """Quality [M] that users meet more of after so much money, and of a unit more: none without any."""
        price = self.outlook.facts.label_price
        if money <= 0:
            return np.zeros(DRAWS), np.zeros(DRAWS)
        gained, slope = self._released(self.today + min(self.room, money / price))
        return gained, slope / price

    @cached_property
    def luck(self) -> Array:
        """[M] of a training on other labels against that of today's model."""
        more = self.today + max(1, min(self.room, self.today // 2))
        one = self.curve.gain_draws(self.today, more)
        rise = self.curve.draws(more) - self.curve.draws(self.today)
        return resampled(one - rise, NAME)

    def _released(self, labels: float) -> tuple[Array, Array]:
        """What comes of a training on so many labels [M], and of one label more: it is released where the hold-out
        shows it better, which it does with an error, so a worse one mostly stays where it is. A training on nearly the
        same labels is nearly the same model, so its luck comes with the labels that are new."""
        old = math.exp(-(labels / self.today - 1) / NEW)
        rise = self.shape(math.log(labels)) - self.shape(math.log(self.today))
        better = rise + (1 - old) * self.luck - self.outlook.facts.behind
        slope = self._slope(math.log(labels)) / labels + old * self.luck / (NEW * self.today)
        z = better / max(self.curve.points[-1].se, SURE)  # all answers right: no error was seen
        falls = ndtr(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
        return better * ndtr(z), falls * slope

    def all_of_them(self) -> OfferedStep:
        """Labels that cost nothing: all that the pool holds, for the price of a training."""
        moved, none = self._released(self.today + self.room)[0], np.zeros(DRAWS)
        move = Move("quality", lambda _: (moved, none), self.outlook.ramp(DAYS, fades=True))
        step = Step(NAME, "technology", [move], self.outlook.facts.retrain_cost)
        en, zh = (term("option", NAME, language) for language in LANGUAGES)
        return OfferedStep(step, EXTRAPOLATED, self._for(self.room), self._buy(self.room), (en, zh))

    def offered(self) -> Offered:
        facts, at_once = self.outlook.facts, np.eye(self.outlook.months)[0]
        place = Place(
            NAME,
            "technology",
            [Move("quality", self.gain, self.outlook.ramp(DAYS, fades=True))],
            at_once,
            most=self.room * facts.label_price,
        )
        training = Step("training", "technology", (), facts.retrain_cost)
        return Offered(
            place,
            EXTRAPOLATED,
            self._told,
            self._do,
            once=training,
            least=facts.label_price,
            rows={"points of the curve": len(self.curve.points)},
            taken_for=_lasting(facts),
        )

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


def _lasting(facts: PlanFacts) -> Reason:
    """How long what new labels gain is taken to last."""
    if facts.fading is None:
        return Reason("chain.lasts", {"file": facts.file})
    return Reason("chain.fades", {"half": facts.fading})


LEVER = Lever("labels", offer=offer)

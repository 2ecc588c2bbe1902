"""The lever of channels: what more spend until the next turn brings, by the mix, by a price of customers, or not at all.

Knows no books. Example: `LEVER.offer(Outlook.of(facts)).places[0].place.name`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from steelyard.plan.company import Driver, Move, Place, Profits
from steelyard.plan.levers import ASSUMED, Lever
from steelyard.plan.looks import Look
from steelyard.plan.market import Curve, Market, OfChannel
from steelyard.plan.offers import Offer, Offered, OfferedLook
from steelyard.plan.outlook import DRAWS, MONTH, Outlook, middle, normal, one_of, resampled
from steelyard.reason import Reason
from steelyard.stats.mix.transforms import SATURATIONS

Array = NDArray[np.float64]
OTHERS = {
    "labels",
    "quality",
    "cost",
    "worth",
    "conversion",
}  # beliefs that are drawn by these names
BEYOND = 1.5  # of the largest spend that was seen, or of today's: further no curve is believed
# Of customers that an ad is credited with, how many would not have come by themselves: tracking credits an ad with up
# to three times what an experiment finds (Gordon, Zettelmeyer, Bhargava & Chapsky 2019, Marketing Science 38).
CREDIT, CREDIT_SPREAD = 0.0, 0.8  # log odds: a half, from a fifth to four fifths
# Spend for 63 % of what a channel can bring, in today's spends: a channel in use stands near its bend.
BEND, BEND_SPREAD = 1.5, 0.7
# Of a test in weeks on and off: its error is a share of what the channel brings.
TEST_WEEKS, TEST_ERROR = 8, 0.2


def offer(outlook: Outlook) -> Offer:
    """A place for each channel that is booked and takes up no demand."""
    market = outlook.facts.market
    if outlook.facts.books_in:
        books, currency = outlook.facts.books_in, outlook.facts.currency
        return Offer(
            unknown=[Reason("channels.other_currency", {"books": books, "currency": currency})]
        )
    if outlook.facts.damaged:
        return Offer(unknown=[Reason("channels.damaged", {"file": outlook.facts.file})])
    if market is None or not market.channels:
        return Offer(unknown=[Reason("channels.not_booked", {"file": outlook.facts.file})])
    channels = [one for one in market.channels if not one.captures]
    why = {one.channel: _unknown(one, market) for one in channels}
    made = [_Channel(one, outlook) for one in channels if why[one.channel] is None]
    unknown = [
        Reason("channels.unknown", {"channel": name, "because": because})
        for name, because in why.items()
        if because is not None
    ]
    looks = [look for one in made for look in one.looks()]
    return Offer([one.offered() for one in made], looks=looks, unknown=unknown)


def _unknown(one: OfChannel, market: Market) -> Reason | None:
    """Why it is not known what more money in a channel brings; None where it is."""
    if one.curve is not None and one.curve.of == "sales":
        kept = market.kept_of_sales
        return None if kept is not None and kept.value > 0 else Reason("channels.no_margin", {})
    if market.worth is None:
        return market.why or Reason("channels.no_worth", {})
    if one.curve is not None:
        return None
    if one.spend <= 0:
        return Reason("channels.paused", {})
    return Reason("channels.won_nobody", {}) if one.cost is None else None


@dataclass(frozen=True)
class _Channel:
    """A channel and what its money brings."""

    of: OfChannel
    outlook: Outlook

    @property
    def usual(self) -> float:
        """Spend until the next turn as it is."""
        return self.of.spend * self.outlook.facts.days

    def offered(self) -> Offered:
        facts, curve = self.outlook.facts, self.of.curve
        most = BEYOND * self.usual
        if curve is not None:
            most = max(most, BEYOND * curve.seen / curve.days * facts.days)
        paid = self._paid()
        driver: Driver = "money" if self.sells else "visits"
        place = Place(
            self.of.channel,
            "market",
            [Move(driver, self._gain, paid)],
            paid,
            most=max(0.0, most - self.usual),
            least=-self._movable,
        )
        called = (self.of.channel, self.of.channel)
        return Offered(place, self._evidence, self._told, self._do, called)

    @property
    def _evidence(self) -> str:
        return self.of.evidence if self.of.curve is not None else ASSUMED

    @property
    def _movable(self) -> float:
        """What may be taken away until the next turn: nothing where it is only assumed what that would cost."""
        return 0.0 if self._evidence == ASSUMED else self.outlook.facts.change * self.usual

    def _paid(self) -> Array:
        """[T] shares of the months until the next turn."""
        months, turn = self.outlook.months, self.outlook.turn
        share = np.clip(turn - np.arange(months), 0.0, 1.0)
        return np.asarray(share / share.sum())

    def _gain(self, money: float) -> tuple[Array, Array]:
        after, slope = self.brings(self.usual + money)
        return after - self._today, slope

    @cached_property
    def _today(self) -> Array:
        return self.brings(self.usual)[0]

    @property
    def sells(self) -> bool:
        """Whether its curve is of sales: what is left of them is money, whoever paid it."""
        return self.of.curve is not None and self.of.curve.of == "sales"

    def brings(self, money: float) -> tuple[Array, Array]:
        """Visits [M] of a spend until the next turn, and of one unit more; of a curve of sales money."""
        curve = self.of.curve
        return self._by_curve(curve, money) if curve is not None else self._by_cost(money)

    @property
    def _order(self) -> str:
        """A channel that is called as another belief is has an order of its own."""
        name = self.of.channel
        return f"channel {name}" if name in OTHERS else name

    @cached_property
    def _drawn(self) -> tuple[Array, Array]:
        """Parameters of the shape [M, P], and what it brings at most in a period [M]."""
        curve = self.of.curve
        assert curve is not None
        values = resampled(np.array(curve.values), self._order)  # both in one order
        return values, resampled(np.array(curve.effect), self._order) * self._unit(curve.of)

    def _by_curve(self, curve: Curve, money: float) -> tuple[Array, Array]:
        shape = SATURATIONS[curve.shape]
        values, effect = self._drawn
        times = self.outlook.facts.days / curve.days
        x = np.full((DRAWS, 1), money / times / curve.mean)
        level, slope = shape.level(x, values)[:, 0], shape.slope(x, values)[:, 0]
        return effect * level * times, effect * slope / curve.mean

    def _unit(self, of: str) -> Array | float:
        """[M] of what a curve counts, in visits, or in money that is left of sales."""
        if of == "visits":
            return 1.0
        if of == "conversions":
            return np.asarray(1 / self.outlook.company.conversion)
        market = self.outlook.facts.market
        kept = None if market is None else market.kept_of_sales
        return 0.0 if kept is None else kept.value

    def _by_cost(self, money: float) -> tuple[Array, Array]:
        """As many customers as it won for what it cost, less those that would have come; the bend is assumed."""
        cost, name = self.of.cost, self.of.channel
        assert cost is not None
        credit = expit(CREDIT + CREDIT_SPREAD * normal(f"{name} credit"))
        won = self.usual * one_of(cost, f"{name} cost") * credit
        bend = self.usual * BEND * np.exp(BEND_SPREAD * normal(f"{name} bend"))
        most = won / -np.expm1(-self.usual / bend) / self.outlook.company.conversion
        left = np.exp(-money / bend)
        return most * (1 - left), most / bend * left

    def _told(self, money: float) -> Reason:
        if money < 0:
            return self._told_of_less(-money)
        facts, gain = self.outlook.facts, self._gain(money)[0]
        drawn = gain if self.sells else gain * self.outlook.company.conversion
        brought = middle(drawn)
        if self.sells:
            return Reason(
                "channels.sells",
                {
                    "channel": self.of.channel,
                    "money": money,
                    "currency": facts.currency,
                    "left": brought,
                },
            )
        return Reason(
            "channels.brings",
            {
                "channel": self.of.channel,
                "money": money,
                "currency": facts.currency,
                "customers": brought,
                "worth": float(self.outlook.company.worth.mean()),
            },
        )

    def _told_of_less(self, money: float) -> Reason:
        """What is missed where so much is taken away."""
        currency, returns = self.outlook.facts.currency, middle(self._returned(money))
        missed = -self._gain(-money)[0]
        if self.sells:
            return Reason(
                "channels.less",
                {
                    "channel": self.of.channel,
                    "money": money,
                    "currency": currency,
                    "left": middle(missed),
                    "returns": returns,
                },
            )
        return Reason(
            "channels.fewer",
            {
                "channel": self.of.channel,
                "money": money,
                "currency": currency,
                "customers": middle(missed * self.outlook.company.conversion),
                "returns": returns,
            },
        )

    def _returned(self, money: float) -> Array:
        """[M] of each unit of the last so much that is spent today, what comes back within the horizon."""
        company, place = self.outlook.company, self.offered().place
        less = Profits.of(company, [place], [-money]).profit - Profits.of(company, (), []).profit
        return 1 - less / (money * float(place.paid @ company.discounts))

    def _do(self, money: float) -> Reason:
        facts = self.outlook.facts
        code = "do.spend_more" if money >= 0 else "do.spend_less"
        return Reason(
            code,
            {
                "channel": self.of.channel,
                "money": abs(money),
                "currency": facts.currency,
                "a_day": abs(money) / facts.days,
                "now": self.of.spend,
            },
        )

    def looks(self) -> Iterator[OfferedLook]:
        """A test in weeks on and off: it costs what half of them would have brought, less the spend."""
        company, brought = self.outlook.company, self._today
        won = brought if self.sells else brought * company.conversion
        counts = self.of.curve is not None and self.of.curve.of == "visits"
        reads = brought if counts else won  # in the unit that a test counts
        if not reads.std() > 0:
            return
        returns = float((won if self.sells else won * company.worth).mean())
        lost = (returns - self.usual) * 7 / self.outlook.facts.days * TEST_WEEKS / 2
        look = Look(
            f"test of {self.of.channel}",
            "market",
            reads,
            TEST_ERROR * float(abs(reads).mean()),
            max(0.0, lost),
            TEST_WEEKS * 7 / MONTH,
        )
        name = self.of.channel
        yield OfferedLook(
            look,
            Reason("named.lift", {"channel": name}),
            Reason("look.lift", {"channel": name, "weeks": TEST_WEEKS}),
            Reason("do.lift_test", {"channel": name, "weeks": TEST_WEEKS}),
        )


LEVER = Lever("channels", offer=offer)

"""Which beliefs move the answer most: each at either end of its interval, all others as they are. Knows no lever by name.

The amounts stay those of the plan, so that a bar is what a wrong belief would cost or bring; where all that a place takes would
bring more there, that place is named. Example: `tornado(weighed)["rows"][0]["swing"]`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from steelyard.plan.company import Array, Company, Move, Place, Profits, Step
from steelyard.plan.offers import Called
from steelyard.plan.options import apart, offers
from steelyard.plan.outlook import TAIL
from steelyard.plan.weigh import HAIR, LEAST, Weighed
from steelyard.reason import Reason
from steelyard.words import spoken

SHOWN = 10
# Of figures that a person wrote down, which have no interval: a fifth less and a quarter more.
LESS, MORE = 0.8, 1.25


@dataclass(frozen=True)
class Things:
    """Money in places, and the steps beside it."""

    places: Sequence[Place]
    amounts: Array
    steps: Sequence[Step]

    def profit(self, company: Company) -> Array:
        """[M]."""
        return Profits.of(company, self.places, self.amounts, self.steps).profit


World = tuple[Company, Callable[[Things], Things]]


@dataclass(frozen=True)
class End:
    """A belief at a value: the profit of the plan, and where it would be better, with how much; `more` is by how much
    more, as a cautious owner counts."""

    at: float
    profit: float
    better: str = ""
    best: float = 0.0
    more: float = 0.0


@dataclass(frozen=True)
class Belief:
    """What is `assumed` has no interval of its own."""

    name: str
    said: Reason
    unit: str
    low: End
    high: End
    assumed: bool = False

    @property
    def swing(self) -> float:
        return max(abs(self.high.profit - self.low.profit), self.low.more, self.high.more)

    def to_json(self, called: Mapping[str, Called]) -> dict[str, Any]:
        return {
            "belief": self.name,
            "unit": self.unit,
            "assumed": self.assumed,
            "swing": self.swing,
            "low": _end(self.low, called),
            "high": _end(self.high, called),
            **spoken("said", self.said),
        }


def _end(end: End, called: Mapping[str, Called]) -> dict[str, Any]:
    body = {"at": end.at, "profit": end.profit}
    if not end.better:
        return body
    names = called.get(end.better)
    named = {} if names is None else {"called": list(names)}
    return body | {"better": {"name": end.better, "profit": end.best, **named}}


def tornado(weighed: Weighed) -> dict[str, Any]:
    """`rows`, the one that moves most first, about the `profit` of the plan."""
    asked = Asked(weighed)
    hair = max(HAIR * weighed.question.budget, 1e-9)
    rows = sorted((one for one in asked.beliefs() if one.swing > hair), key=lambda one: -one.swing)
    called = {one.place.name: one.called for one in weighed.places}
    return {
        "profit": float(weighed.gain.mean()),
        "rows": [one.to_json(called) for one in rows[:SHOWN]],
    }


@dataclass(frozen=True)
class Asked:
    """One plan, and what it could be instead."""

    weighed: Weighed

    @property
    def company(self) -> Company:
        return self.weighed.outlook.company

    @cached_property
    def plan(self) -> Things:
        places = [one.place for one in self.weighed.places]
        return Things(places, self.weighed.amounts, self.weighed.split.steps)

    @cached_property
    def others(self) -> dict[str, Things]:
        """As much in one place as it takes, and the rest as the plan has it."""
        found, plan, budget = {}, self.plan, self.weighed.question.budget
        placed, freed = np.maximum(plan.amounts, 0.0), self.weighed.freed
        for at, one in enumerate(self.weighed.places):
            once = [] if one.once is None or one.once in plan.steps else [one.once]
            room = budget + freed - sum(step.cost for step in (*plan.steps, *once))
            money = min(one.place.most, room)
            if money > plan.amounts[at] and one.place.moves:
                left = float(placed.sum() - placed[at])  # what is taken away stays so
                part = min(1.0, (room - money) / left if left > 0 else 1.0)
                amounts = np.where(plan.amounts > 0, plan.amounts * part, plan.amounts)
                amounts[at] = money
                found[one.place.name] = Things(plan.places, amounts, (*plan.steps, *once))
        return found

    def beliefs(self) -> Iterator[Belief]:
        yield from self._of_company()
        yield from self._conversion()
        yield from self._written()
        yield from self._of_places()
        yield from self._of_steps()

    def _at(self, value: float, world: World) -> End:
        company, changed = world
        own, none = changed(self.plan).profit(company), Profits.of(company, (), []).profit
        profits = {name: changed(one).profit(company) for name, one in self.others.items()}
        more = {name: self._value(profit) - self._value(own) for name, profit in profits.items()}
        better = max(more, key=lambda name: more[name], default="")
        gain = float((own - none).mean())
        if not better or more[better] <= max(LEAST * self.weighed.question.budget, 1e-9):
            return End(value, gain)
        return End(value, gain, better, float((profits[better] - none).mean()), more[better])

    def _value(self, profit: Array) -> float:
        """The mean and the worst tenth, as the plan weighs them."""
        caution, worst = self.weighed.question.caution, np.sort(profit)[: max(1, len(profit) // 10)]
        return float((1 - caution) * profit.mean() + caution * worst.mean())

    def _between(
        self, name: str, said: Reason, unit: str, values: Array, world: Callable[[float], World]
    ) -> Iterator[Belief]:
        low, high = (float(end) for end in np.quantile(values, [TAIL, 1 - TAIL]))
        if high > low:
            yield Belief(name, said, unit, self._at(low, world(low)), self._at(high, world(high)))

    def _of_company(self) -> Iterator[Belief]:
        """What is believed of the company whatever is done."""
        c = self.company
        cost, price = Reason("belief.cost"), Reason("belief.price_to_conversion")
        drawn = (
            ("worth", "money", 1.0, Reason("belief.worth")),
            ("quality", "share", 1.0, Reason("belief.quality")),
            ("cost", "cost", 1000.0, cost),
            ("quality_to_conversion", "effect", 1.0, Reason("belief.quality_to_conversion")),
            ("quality_to_worth", "effect", 1.0, Reason("belief.quality_to_worth")),
            ("price_to_conversion", "effect", 0.01, price),
        )
        for name, unit, times, said in drawn:

            def at(value: float, name: str = name, times: float = times) -> World:
                held: dict[str, Any] = {name: np.full_like(c.worth, value / times)}
                return replace(c, **held), _same

            yield from self._between(name, said, unit, times * getattr(c, name), at)

    def _conversion(self) -> Iterator[Belief]:
        """A channel that is known by its customers brings as many whatever conversion is, so levers are asked again."""
        outlook, c = self.weighed.outlook, self.company

        def at(value: float) -> World:
            company = replace(c, conversion=np.full_like(c.conversion, value))
            offered = apart(offers(replace(outlook, company=company), self.weighed.among))
            anew = {one.place.name: one.place for each in offered.values() for one in each.places}
            return company, lambda things: replace(
                things, places=[anew.get(place.name, place) for place in things.places]
            )

        if c.visits.any():
            said = Reason("belief.conversion")
            yield from self._between("conversion", said, "share", c.conversion, at)

    def _written(self) -> Iterator[Belief]:
        """What somebody wrote down and nobody measured."""
        c = self.company
        figures = (
            ("answer", c.answer, "small", Reason("belief.answer")),
            ("requests", float(c.requests.mean()), "count", Reason("belief.requests")),
        )
        for name, now, unit, said in figures:
            ends = []
            for times in (LESS, MORE):
                held: dict[str, Any] = {name: getattr(c, name) * times}
                ends.append(self._at(now * times, (replace(c, **held), _same)))
            yield Belief(name, said, unit, ends[0], ends[1], assumed=True)

    def _of_places(self) -> Iterator[Belief]:
        """What each brings, at the money that the plan has there, or else could have."""
        for at, one in enumerate(self.weighed.places):
            place, other = one.place, self.others.get(one.place.name)
            money = float(self.plan.amounts[at]) or (0.0 if other is None else other.amounts[at])
            if not money or not place.moves:
                continue
            ends = [
                self._at(_quantile(place.moves[0], money, q), (self.company, _placed(at, q)))
                for q in (TAIL, 1 - TAIL)
            ]
            said = Reason("belief.place", {"name": _name(one.called, place.name)})
            yield Belief(place.name, said, place.moves[0].driver, ends[0], ends[1])

    def _of_steps(self) -> Iterator[Belief]:
        for step in self.plan.steps:
            if step.moves:
                ends = [
                    self._at(
                        _quantile(step.moves[0], step.cost, q), (self.company, _stepped(step, q))
                    )
                    for q in (TAIL, 1 - TAIL)
                ]
                said = Reason("belief.step", {"name": step.name})
                yield Belief(step.name, said, step.moves[0].driver, ends[0], ends[1])


def _same(things: Things) -> Things:
    return things


def _placed(at: int, q: float) -> Callable[[Things], Things]:
    """One place that brings what it does at one end of the draws, at whatever money is there."""

    def changed(things: Things) -> Things:
        place, places = things.places[at], list(things.places)
        places[at] = replace(place, moves=_held(place.moves, float(things.amounts[at]), q))
        return replace(things, places=places)

    return changed


def _stepped(step: Step, q: float) -> Callable[[Things], Things]:
    def changed(things: Things) -> Things:
        held = replace(step, moves=_held(step.moves, step.cost, q))
        return replace(things, steps=[held if one is step else one for one in things.steps])

    return changed


def _held(moves: Sequence[Move], money: float, q: float) -> list[Move]:
    """Each at one of its ends in every draw."""

    def held(move: Move) -> Move:
        drawn = move.gain(money)[0]
        fixed, none = np.full_like(drawn, np.quantile(drawn, q)), np.zeros_like(drawn)
        return replace(move, gain=lambda _: (fixed, none))

    return [held(move) for move in moves]


def _quantile(move: Move, money: float, q: float) -> float:
    return float(np.quantile(move.gain(money)[0], q))


def _name(called: Called, name: str) -> Reason:
    if called is None:
        return Reason("split.option", {"option": name})
    return Reason("told", {"en": called[0], "zh": called[1]})

"""The next unit of money, divided over all that every lever offers, and what that rests on. Knows no lever by name.

Example: `weigh(Outlook.of(facts)).split.spend`
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import Arm, Profits, Step
from steelyard.plan.levers import ASSUMED, Lever, Option, levers
from steelyard.plan.looks import Worth, divisions, ranked
from steelyard.plan.offers import Offer, Offered, OfferedLook, OfferedStep
from steelyard.plan.options import answered, apart, offers, steps
from steelyard.plan.outlook import Outlook
from steelyard.plan.split import COMBINATIONS_MAX, Question, Split, movable, split
from steelyard.stats.allocation import within

Array = NDArray[np.float64]
log = logging.getLogger("steelyard.levers")
ARMS: tuple[Arm, ...] = get_args(Arm)
LEAST = 0.005  # of the budget, or of what may be moved where there is none: less than this in a place is nothing
HAIR = 1e-6  # of the budget: two plans that differ by less are the same


@dataclass(frozen=True)
class Weighed:
    """The best split of all that was offered, and that of each side alone."""

    outlook: Outlook
    question: Question
    offers: dict[str, Offer]
    options: list[Option]  # of levers that offer nothing to divide
    split: Split
    alone: dict[Arm, Split]
    unit: float = 0.0  # the budget before it was held to the cash that there is
    among: Sequence[Lever] = ()  # all that were asked

    @cached_property
    def places(self) -> list[Offered]:
        return [place for offer in self.offers.values() for place in offer.places]

    @cached_property
    def steps(self) -> list[OfferedStep]:
        return [step for offer in self.offers.values() for step in offer.menu]

    @cached_property
    def amounts(self) -> Array:
        """[d] money in each place that was offered."""
        return np.array([self.split.spend.get(one.place.name, 0.0) for one in self.places])

    @cached_property
    def nothing(self) -> Profits:
        """Where everything stays as it is."""
        return Profits.of(self.outlook.company, (), [], ())

    @cached_property
    def least_cash(self) -> Array:
        """[M] the least cash of any month, with the split."""
        made = self.split
        return Profits.of(
            self.outlook.company, made.places, made.amounts, made.steps, with_cash=True
        ).cash

    @property
    def gain(self) -> Array:
        """[M] profit of the split above that of doing nothing."""
        return self.split.profit - self.nothing.profit

    @cached_property
    def next(self) -> Array:
        """[M, d] what a unit more in each place would bring, itself taken off. Where something has to be paid once and
        is not, a unit of as much as could go there, with that."""
        places = [one.place for one in self.places]
        made = Profits.of(self.outlook.company, places, self.amounts, self.split.steps)
        slopes = made.slopes.copy()
        for at, one in enumerate(self.places):
            if one.once is not None and one.once not in self.split.steps:
                money = self.question.budget + self.freed or movable(places)
                most = min(one.place.most, max(0.0, money - one.once.cost))
                amounts = self.amounts.copy()
                amounts[at] = most
                steps = (*self.split.steps, one.once)
                whole = Profits.of(self.outlook.company, places, amounts, steps).profit
                slopes[:, at] = (whole - made.profit) / max(most + one.once.cost, 1e-9)
        return slopes

    @property
    def best(self) -> tuple[Array, float]:
        """How likely the next unit returns most in each place [d], and how likely it is best kept."""
        d = len(self.places)
        full = [
            x >= one.place.most * (1 - LEAST)
            for x, one in zip(self.amounts, self.places, strict=True)
        ]
        room = np.where(np.array(full, dtype=bool), -np.inf, self.next)
        first = np.column_stack([room, np.zeros(len(room))]).argmax(axis=1)
        shares = np.bincount(first, minlength=d + 1) / len(first)
        return shares[:d], float(shares[d])

    @property
    def taken(self) -> list[OfferedStep]:
        return [one for one in self.steps if one.step in self.split.steps]

    @property
    def freed(self) -> float:
        """What is taken away where it is spent today."""
        return sum(self.split.taken_from(arm) for arm in ARMS)

    @property
    def kept(self) -> float:
        """Of the budget and of what is freed."""
        spent = sum(self.split.spend.values())
        return max(0.0, self.question.budget - spent)

    @cached_property
    def looks(self) -> list[tuple[OfferedLook, Worth]]:
        """What could be measured, the best first. A step that is only assumed counts among what a look may lead to
        where the look is of it: no other one makes it a step that is advised, or is worth less because of it."""
        groups: dict[tuple[str, ...], dict[str, OfferedLook]] = {}
        for offer in self.offers.values():
            for one in offer.looks:
                groups.setdefault(one.opens, {})[one.look.name] = one
        told: list[tuple[OfferedLook, Worth]] = []
        for opens, offered in groups.items():
            menus = [
                [_as_is(name), *(s.step for s in steps)]
                for name, offer in self.offers.items()
                if (steps := [s for s in offer.menu if _may_be_taken(s, opens)])
            ]
            worths = ranked(
                [one.look for one in offered.values()],
                divisions(self.outlook.company, menus, self._with_all(menus), self.question),
                periods=self.outlook.months,
                shadow=max(0.0, self.split.solved.shadow),
            )
            told += [(offered[worth.look.name], worth) for worth in worths]
        return sorted(told, key=lambda one: -one[1].net)

    def _with_all(self, menus: Sequence[Sequence[Step]]) -> Split:
        """The split with every place in it, and one step of each menu."""
        by_name = {step.name: step for step in self.split.steps}
        chosen = tuple(next((s for s in menu if s.name in by_name), menu[0]) for menu in menus)
        rest = tuple(
            s for s in self.split.steps if s.name not in {s.name for m in menus for s in m}
        )
        made = self.split
        places = tuple(one.place for one in self.places)
        return Split(
            places, (*chosen, *rest), self.amounts, made.profit, self.next, made.value, made.solved
        )


def weigh(
    outlook: Outlook, *, among: Iterable[Lever] | None = None, budget: float | None = None
) -> Weighed:
    """Of all levers that are registered, or of `among`; the budget is the unit of the facts where none is said."""
    facts, asked = outlook.facts, list(levers() if among is None else among)
    money = facts.unit if budget is None else budget
    if facts.cash is not None:
        money = min(money, max(0.0, facts.cash))  # paid before anything comes in
    question = Question(money, caution=facts.caution, ruin=facts.ruin)
    answers = answered(replace(facts, unit=money), asked)
    whole = {n: Offer(menu=made) for n, found in answers.items() if (made := steps(outlook, found))}
    whole = apart(offers(outlook, asked) | whole)
    best = _best(outlook, whole, question)
    alone = {arm: _best(outlook, _only(whole, arm), question) for arm in ARMS}
    # a start may miss what a side alone finds
    best = max(_held([best, *alone.values()]), key=lambda one: one.value)
    options = [option for found in answers.values() for option in found]
    unit = facts.unit if budget is None else budget
    return Weighed(outlook, question, whole, options, best, alone, unit, asked)


def _only(offers: dict[str, Offer], arm: Arm) -> dict[str, Offer]:
    """Where the budget alone is placed: what is spent today stays where it is, or the side from which money is taken
    would be the better one for that."""
    return {
        name: Offer(
            [
                replace(one, place=replace(one.place, least=0.0))
                for one in offer.places
                if one.place.arm == arm
            ],
            [one for one in offer.menu if one.step.arm == arm],
        )
        for name, offer in offers.items()
    }


def _may_be_taken(one: OfferedStep, opens: Sequence[str]) -> bool:
    return one.evidence != ASSUMED or one.step.name in opens


def _as_is(name: str) -> Step:
    return Step(f"{name}: as it is", "technology")


def _best(outlook: Outlook, offers: dict[str, Offer], question: Question) -> Split:
    """Over every choice of the places that cost something once: with and without them."""
    places = [one for offer in offers.values() for one in offer.places]
    menus = [
        [_as_is(name), *(s.step for s in offer.menu if s.evidence != ASSUMED)]
        for name, offer in offers.items()
        if any(s.evidence != ASSUMED for s in offer.menu)
    ]
    menus = _that_can_be_combined(outlook, menus)
    once = [one for one in places if one.once is not None]
    made = []
    for chosen in itertools.product([False, True], repeat=len(once)):
        named = {
            one.place.name: max(one.least, LEAST * question.budget)
            for one, yes in zip(once, chosen, strict=True)
            if yes
        }
        open_ = [one for one in places if one.once is None or one.place.name in named]
        firsts = [one.once for one in open_ if one.once is not None]
        money = question.budget + movable([one.place for one in open_])
        if sum(step.cost for step in firsts) > money:
            continue
        found = split(
            outlook.company,
            [one.place for one in open_],
            [*menus, *([step] for step in firsts)],
            question,
        )
        if all(found.spend[name] >= least for name, least in named.items()):
            made.append(_tidied(outlook, found, question))
    made = _held(made)
    top = max(one.value for one in made) - HAIR * max(question.budget, 1.0)
    # the first, which pays for nothing once, where the others are no better
    return next(one for one in made if one.value >= top)


def _held(made: Sequence[Split]) -> list[Split]:
    """Those that break no limit; where all do, the first, with which cash lasts longest."""
    return [one for one in made if one.solved.residual < np.inf] or list(made[:1])


def _that_can_be_combined(outlook: Outlook, menus: list[list[Step]]) -> list[list[Step]]:
    """Without the steps that bring least alone, where there are too many to look at every combination."""
    count = math.prod(len(menu) for menu in menus)
    if count <= COMBINATIONS_MAX:
        return menus

    def brings(step: Step) -> float:
        return float(Profits.of(outlook.company, (), [], (step,)).profit.mean())

    last = min((step for menu in menus for step in menu[1:]), key=brings)
    log.warning("step.left_out name=%s because=%d combinations", last.name, count)
    fewer = [[step for step in menu if step is not last] for menu in menus]
    return _that_can_be_combined(outlook, [menu for menu in fewer if len(menu) > 1])


def _tidied(outlook: Outlook, made: Split, question: Question) -> Split:
    """Without amounts that are next to nothing."""
    dust = LEAST * (question.budget or movable(made.places))
    small = np.abs(made.amounts) < dust
    if not (small & (made.amounts != 0)).any():
        return made
    amounts = np.where(small, 0.0, made.amounts)
    left = question.budget - sum(step.cost for step in made.steps)
    # what is no longer taken away is not there to be placed
    amounts = within(amounts, np.minimum(amounts, 0.0), amounts, left)
    profits = Profits.of(outlook.company, made.places, amounts, made.steps)
    return Split(
        made.places, made.steps, amounts, profits.profit, profits.slopes, made.value, made.solved
    )

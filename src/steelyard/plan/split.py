"""Where an amount of money goes: every combination of steps, and the best amounts beside it. Knows no ledger.

Example: `split(company, places, menus, Question(5000.0)).spend["labels"]`
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import Arm, Company, Place, Profits, Step
from steelyard.stats.allocation import Limit, Problem, Risk, Solved, best, within
from steelyard.stats.allocation.risk import threshold

Array = NDArray[np.float64]
LOOKED_AT = 5  # combinations that are solved from every start
COMBINATIONS_MAX = 240
RUIN = 0.05  # how likely cash may fall below zero at most
SOFT = 0.1  # of the deviation of the least cash: how softly its draws are counted


@dataclass(frozen=True)
class Question:
    """What is asked: so much money, so much caution, and how likely cash may run out."""

    budget: float
    caution: float = 0.25
    ruin: float = RUIN

    def __post_init__(self) -> None:
        if not 0 <= self.budget < np.inf:
            raise ValueError(f"expected a budget of 0 or more, found {self.budget:g}")
        if not 0 <= self.caution <= 1 or not 0 < self.ruin < 1:
            raise ValueError(
                f"expected a caution from 0 to 1 and a chance of ruin between 0 and 1, found {self.caution:g}, {self.ruin:g}"
            )


@dataclass(frozen=True)
class Split:
    """Money by place, below zero where it is taken away, the steps beside it, draws of the profit and how well it is
    solved."""

    places: tuple[Place, ...]
    steps: tuple[Step, ...]
    amounts: Array
    profit: Array
    slopes: Array
    value: float
    solved: Solved

    @property
    def spend(self) -> dict[str, float]:
        money = dict(zip((p.name for p in self.places), self.amounts.tolist(), strict=True))
        return money | {step.name: step.cost for step in self.steps}

    def of_arm(self, arm: Arm) -> float:
        """What is put there."""
        own = sum(x for x in self._on(arm) if x > 0)
        return own + sum(step.cost for step in self.steps if step.arm == arm)

    def taken_from(self, arm: Arm) -> float:
        """What is taken away there, of what is spent today."""
        return sum(-x for x in self._on(arm) if x < 0)

    def _on(self, arm: Arm) -> list[float]:
        amounts = zip(self.places, self.amounts.tolist(), strict=True)
        return [x for place, x in amounts if place.arm == arm]


def movable(places: Sequence[Place]) -> float:
    """What may be taken away in all."""
    return sum(max(0.0, -place.least) for place in places)


def split(
    company: Company, places: Sequence[Place], menus: Sequence[Sequence[Step]], question: Question
) -> Split:
    """The best of all: of each menu one step is taken, the first of which is to leave things as they are."""
    money = question.budget + movable(places)
    choices = [c for c in _combined(menus) if sum(s.cost for s in c) <= money]
    _check(places, menus, choices)
    made = _profits(company, places, np.zeros(len(places)), choices[0])
    plain = made.profit
    if not np.isfinite(plain).all():
        raise ValueError("expected beliefs that are finite numbers")
    risk = Risk(question.caution, scale=max(float(plain.std()), 1e-3 * question.budget, 1e-9))
    width = max(
        SOFT * float(made.cash.std()) if np.isfinite(company.cash) else 0.0,
        1e-4 * question.budget,
        1e-9,
    )
    ask = _Asked(company, tuple(places), question, risk, width)
    usual = ask.greedy(choices[0])
    able = [steps for steps in choices if ask.lasts(usual, steps)] or choices
    ranked = sorted(able, key=lambda steps: -ask.worth(usual, steps))
    # every combination at amounts of one; the best of them with amounts of their own
    solved = [ask.solve(steps, [usual]) for steps in ranked[:LOOKED_AT]]
    if all(one.solved.residual == np.inf for one in solved):
        return ask.lasting(solved)
    return max(solved, key=lambda one: (one.solved.residual < np.inf, one.value))


def _check(
    places: Sequence[Place], menus: Sequence[Sequence[Step]], choices: Sequence[tuple[Step, ...]]
) -> None:
    if any(not menu for menu in menus):
        raise ValueError(
            "expected a step in each menu, the first of which leaves things as they are"
        )
    if not choices:
        raise ValueError("expected a first step of each menu that the budget can pay")
    names = [place.name for place in places] + [step.name for menu in menus for step in menu]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"expected a name for each place and step, found {sorted(twice)} twice")


def _combined(menus: Sequence[Sequence[Step]]) -> list[tuple[Step, ...]]:
    count = int(np.prod([len(menu) for menu in menus])) if menus else 1
    if count > COMBINATIONS_MAX:
        raise ValueError(f"expected at most {COMBINATIONS_MAX} combinations, found {count}")
    return [tuple(combination) for combination in itertools.product(*menus)]


def _profits(
    company: Company, places: Sequence[Place], amounts: Array, steps: Sequence[Step]
) -> Profits:
    return Profits.of(company, places, amounts, steps, with_cash=bool(np.isfinite(company.cash)))


@dataclass(frozen=True)
class _Asked:
    """One question to one company."""

    company: Company
    places: tuple[Place, ...]
    question: Question
    risk: Risk
    width: float  # how softly draws of the cash are counted; as it is while a solver runs

    def worth(self, amounts: Array, steps: Sequence[Step]) -> float:
        """With as much of the amounts as the steps leave."""
        least, most = self._bounds(steps)
        part = within(amounts, least, most, self._left(steps))
        return self.risk.of(_profits(self.company, self.places, part, steps).profit)[0]

    def lasts(self, amounts: Array, steps: Sequence[Step]) -> bool:
        """Whether cash does, with these amounts, with none, or with all taken away that may be."""
        if not np.isfinite(self.company.cash):
            return True
        tried = (0 * amounts, amounts, self._bounds(steps)[0])
        return max(self._solvent(x, steps)[0] for x in tried) >= 0

    def greedy(self, steps: Sequence[Step]) -> Array:
        return best(self._problem(steps), quick=True).spend

    def solve(self, steps: tuple[Step, ...], starts: Sequence[Array]) -> Split:
        solved = best(self._problem(steps), starts=starts)
        made = _profits(self.company, self.places, solved.spend, steps)
        return Split(
            self.places, steps, solved.spend, made.profit, made.slopes, solved.value, solved
        )

    def lasting(self, broken: Sequence[Split]) -> Split:
        """Where cash runs out whatever is done: what it lasts with longest, of what was found, of nothing and of all
        taken away that may be. It is no solution."""
        tried = [
            (self._solvent(x, one.steps)[0], one, x)
            for one in broken
            for x in (0 * one.amounts, self._bounds(one.steps)[0], one.amounts)
        ]
        _, one, amounts = max(tried, key=lambda each: each[0])
        made = _profits(self.company, self.places, amounts, one.steps)
        value = self.risk.of(made.profit)[0]
        solved = replace(one.solved, spend=amounts, value=value)
        return Split(self.places, one.steps, amounts, made.profit, made.slopes, value, solved)

    def _left(self, steps: Sequence[Step]) -> float:
        return self.question.budget - sum(step.cost for step in steps)

    def _solvent(self, amounts: Array, steps: Sequence[Step]) -> tuple[float, Array]:
        """The least cash that so many draws stay above, and its gradient."""
        made = _profits(self.company, self.places, amounts, steps)
        at = threshold(made.cash, self.question.ruin, self.width)
        near = 1 / np.cosh((made.cash - at) / (2 * self.width)) ** 2
        return at, near @ made.cash_slopes / near.sum()

    def _problem(self, steps: Sequence[Step]) -> Problem:
        def value(amounts: Array) -> tuple[float, Array]:
            made = _profits(self.company, self.places, amounts, steps)
            worth, weights = self.risk.of(made.profit)
            return worth, weights @ made.slopes

        least, most = self._bounds(steps)
        limits = (
            [Limit("cash", lambda x: self._solvent(x, steps))]
            if np.isfinite(self.company.cash)
            else []
        )
        return Problem(value, most, self._left(steps), lower=least, limits=limits)

    def _bounds(self, steps: Sequence[Step]) -> tuple[Array, Array]:
        """The least and the most of each place: with the others at their least no more than that is there."""
        least = np.array([min(0.0, place.least) for place in self.places], dtype=np.float64)
        most = np.array([place.most for place in self.places], dtype=np.float64)
        room = self._left(steps) - float(least.sum()) + least
        return least, np.clip(most, least, np.maximum(room, least))

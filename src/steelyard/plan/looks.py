"""What could be measured before money is placed, and what each would be worth. Knows no ledger.

A look reads one number with an error: a lift test the visits that a channel brings at a spend, a batch of labels the
quality with them. What it is worth is what the best division after it gains, while it can still be changed.
Example: `ranked(looks, profit, periods=12)[0].net`
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import Arm, Company, Profits, Step
from steelyard.plan.split import Question, Split, movable
from steelyard.stats.allocation import expected_value_of_sample, within

Array = NDArray[np.float64]
ORDERS = 4  # of shuffled readings
SHIFTS = (0.05, 0.2, 0.5)  # of the budget, moved between two places to see what else could be done


@dataclass(frozen=True)
class Look:
    """`reads` [M] is what it would tell of each draw without its error; it costs money and takes periods."""

    name: str
    arm: Arm
    reads: Array
    error: float
    cost: float
    periods: float


@dataclass(frozen=True)
class Worth:
    """What a look is expected to be worth, before and after its cost and its time."""

    look: Look
    gross: float
    net: float


def ranked(
    looks: Sequence[Look], profit: Array, *, periods: int, shadow: float = 0.0
) -> list[Worth]:
    """The best first; `profit` [M, D] are the divisions that could be chosen after it, and a unit of the money that
    it takes would have returned itself and `shadow`."""
    if not periods > 0:
        raise ValueError(f"expected a period or more, found {periods}")
    worths = []
    for look in looks:
        if not 0 <= look.error < np.inf:
            raise ValueError(
                f"expected an error of 0 or more of '{look.name}', found {look.error:g}"
            )
        variance = float(look.reads.var())
        told = variance / (variance + look.error**2) if variance > 0 else 0.0
        gross = expected_value_of_sample(profit, look.reads[:, None], told=told)
        # the same readings in another order tell nothing: what they seem to be worth is the luck of the draws
        lucky = [
            expected_value_of_sample(profit, look.reads[order][:, None], told=told)
            for order in _orders(len(look.reads))
        ]
        gross = max(0.0, gross - sum(lucky) / len(lucky))
        left = max(0.0, 1 - look.periods / periods)
        worths.append(Worth(look, gross, gross * left - look.cost * (1 + shadow)))
    return sorted(worths, key=lambda worth: -worth.net)


def _orders(n: int) -> list[NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    return [rng.permutation(n) for _ in range(ORDERS)]


def divisions(
    company: Company, menus: Sequence[Sequence[Step]], made: Split, question: Question
) -> Array:
    """Profit [M, D] of the best split, of it with another step, and of it with money moved between two places."""
    columns, money = [made.profit], question.budget + movable(made.places)
    for at, menu in enumerate(menus):
        for step in menu:
            steps = (*made.steps[:at], step, *made.steps[at + 1 :])
            if step is not made.steps[at] and sum(s.cost for s in steps) <= money:
                columns.append(_scaled(company, made, steps, question.budget))
    budget = question.budget - sum(step.cost for step in made.steps)
    columns += [
        Profits.of(company, made.places, moved, made.steps).profit for moved in _moved(made, budget)
    ]
    return np.stack(columns, axis=1)


def _scaled(company: Company, made: Split, steps: Sequence[Step], budget: float) -> Array:
    """With as much of the amounts as other steps leave."""
    left = budget - sum(step.cost for step in steps)
    least = np.array([min(0.0, place.least) for place in made.places], dtype=np.float64)
    part = within(made.amounts, least, np.maximum(made.amounts, least), left)
    return Profits.of(company, made.places, part, steps).profit


def _moved(made: Split, budget: float) -> Iterator[Array]:
    """Amounts with a share of the money moved from one place, or from what is kept, to another."""
    kept, size = budget - float(made.amounts.sum()), budget + movable(made.places)
    for target, source in itertools.permutations(range(-1, len(made.places)), 2):
        for share in SHIFTS:
            there = kept if source < 0 else float(made.amounts[source]) - made.places[source].least
            room = np.inf if target < 0 else made.places[target].most - float(made.amounts[target])
            part = min(share * size, there, room)
            if part <= 1e-9 * size:
                continue
            moved = made.amounts.copy()
            for at, sign in ((target, 1), (source, -1)):
                if at >= 0:
                    moved[at] += sign * part
            yield moved

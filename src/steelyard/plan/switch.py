"""Which belief would have to move, and to what, before the other side is the better place for the money. Knows no words.

Both sides stand at the amounts that are best today, so that each shift costs a look and no search.
Example: `switches(weighed)[0].factor`
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from steelyard.plan.company import Arm, Company, Move, Place, Profits, Step
from steelyard.plan.split import Split
from steelyard.plan.weigh import Weighed

Array = NDArray[np.float64]
FARTHEST = 30.0  # times what is believed
ROUNDS = 40
SHOWN = 4


@dataclass(frozen=True)
class Switch:
    """`belief` at `at` instead of `now` makes both sides equal; `factor` is their ratio, None where what is believed is
    about zero. `of` is the side that it speaks of."""

    belief: str
    now: float
    at: float
    factor: float | None
    of: str = ""


Moves = Callable[[Place | Step], Sequence[Move]]
Changed = Callable[[float], tuple[Company, Moves]]
Gap = Callable[[Company, Moves], float]


def switches(weighed: Weighed) -> list[Switch]:
    """The nearest first; none where one side is better whatever is believed."""
    gap = _gap(weighed)
    found = [
        one for name, now, change in _beliefs(weighed) for one in _found(name, now, change, gap)
    ]
    found += _points(weighed, gap)
    return sorted(found, key=_far)[:SHOWN]


def _far(one: Switch) -> float:
    return abs(math.log(one.factor)) if one.factor else math.log(FARTHEST)


def _gap(weighed: Weighed) -> Gap:
    """What the better side brings above the other, under other beliefs."""
    first, second = better(weighed)

    def gap(company: Company, moves: Moves) -> float:
        a, b = (
            float(_profit(company, weighed.alone[arm], moves).mean()) for arm in (first, second)
        )
        return a - b

    return gap


def better(weighed: Weighed) -> tuple[Arm, Arm]:
    """The side that brings more alone, on average, and the other."""
    technology, market = (
        float(weighed.alone[arm].profit.mean()) for arm in ("technology", "market")
    )
    return ("technology", "market") if technology >= market else ("market", "technology")


def _profit(company: Company, made: Split, moves: Moves) -> Array:
    places = [replace(place, moves=moves(place)) for place in made.places]
    steps = [replace(step, moves=moves(step)) for step in made.steps]
    return Profits.of(company, places, made.amounts, steps).profit


def _beliefs(weighed: Weighed) -> Iterator[tuple[tuple[str, str], float, Changed]]:
    """(name and place, what is believed, how a factor of it changes the company or the moves)."""
    company = weighed.outlook.company

    def same(thing: Place | Step) -> Sequence[Move]:
        return thing.moves

    if company.visits.any():
        yield (
            ("worth", ""),
            float(company.worth.mean()),
            lambda f: (replace(company, worth=company.worth * f), same),
        )
    if company.answer:
        yield (
            ("answer", ""),
            company.answer,
            lambda f: (replace(company, answer=company.answer * f), same),
        )
    if company.requests.any():
        a_month = float(company.requests.mean())
        yield (
            ("requests", ""),
            a_month,
            lambda f: (replace(company, requests=company.requests * f), same),
        )
    for arm, made in weighed.alone.items():
        if made.amounts.any() or any(step.moves for step in made.steps):
            gained = float((made.profit - weighed.nothing.profit).mean())
            yield ("gain", arm), gained, _scaled(company, arm)


def _scaled(company: Company, arm: Arm) -> Changed:
    """All that one side brings."""

    def change(factor: float) -> tuple[Company, Moves]:
        def moves(thing: Place | Step) -> Sequence[Move]:
            if thing.arm != arm:
                return thing.moves
            return [_times(move, factor) for move in thing.moves]

        return company, moves

    return change


def _times(move: Move, factor: float) -> Move:
    def gain(money: float) -> tuple[Array, Array]:
        value, slope = move.gain(money)
        return value * factor, slope * factor

    return replace(move, gain=gain)


def _found(
    name: tuple[str, str],
    now: float,
    change: Changed,
    gap: Gap,
) -> Iterator[Switch]:
    for far in (FARTHEST, 1 / FARTHEST):
        root = _root(lambda log: gap(*change(math.exp(log))), 0.0, math.log(far))
        if root is not None:
            factor = math.exp(root)
            yield Switch(name[0], now, now * factor, factor, name[1])


def _points(
    weighed: Weighed,
    gap: Gap,
) -> Iterator[Switch]:
    """What a point of quality does to conversion: it may be about zero, so it is moved and not multiplied."""
    company = weighed.outlook.company
    drawn, spread = company.quality_to_conversion, float(company.quality_to_conversion.std())
    if not company.visits.any() or not spread > 0:
        return
    now = float(drawn.mean())

    def at(value: float) -> float:
        moved = replace(company, quality_to_conversion=drawn + (value - now))
        return gap(moved, lambda thing: thing.moves)

    for end in (now - 6 * spread, now + 6 * spread):
        root = _root(at, now, end)
        if root is not None:
            factor = root / now if now * root > 0 else None
            yield Switch("quality_to_conversion", now, root, factor)


def _root(f: Callable[[float], float], start: float, end: float) -> float | None:
    """Where f crosses zero between two ends, by halving; None where it does not."""
    a, b = f(start), f(end)
    if not np.isfinite(b) or a == 0 or a * b > 0:
        return None
    low, high = start, end
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        if f(middle) * a > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2

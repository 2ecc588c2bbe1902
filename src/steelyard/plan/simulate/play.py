"""A company played month by month: its plan is acted on, seen with noise, and made again. Knows no ledger.

Example: `played(Simulated.of("recommender", 1), planner(), months=12).profit`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from steelyard.plan.company import Arm, Profits
from steelyard.plan.looks import divisions, ranked
from steelyard.plan.simulate.beliefs import Row
from steelyard.plan.simulate.companies import Simulated
from steelyard.plan.simulate.kinds import CHANNELS, Array
from steelyard.plan.simulate.trials import MORE_LABELS, found, looks
from steelyard.plan.simulate.worlds import PERIODS, State, World, only
from steelyard.plan.split import Question, Split, split

TEST = "test "  # before the name of what is tested
TESTS_A_MONTH = 2
READING = 0.15  # error of what a month's spend is seen to bring, as a share
Manager = Callable[["Situation"], Mapping[str, float]]  # -> money and steps by name


@dataclass(frozen=True)
class Situation:
    """What a manager sees at the beginning of a month."""

    sim: Simulated
    state: State
    rows: tuple[Row, ...]
    months_left: int
    budget: float  # for all of these

    def world(self, parameters: Mapping[str, Array] | None = None) -> World:
        left = self.months_left
        return self.sim.world(parameters, state=self.state, periods=left, months=left)


@dataclass(frozen=True)
class Played:
    """Profit of each month, and what was done in it."""

    profit: tuple[float, ...]
    spent: tuple[Mapping[str, float], ...]
    rows: tuple[Row, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Month:
    """What a month brought in truth, and what was done in it."""

    profit: float
    spent: Mapping[str, float]


def months_of(
    sim: Simulated, manager: Manager, *, months: int = PERIODS, budget: float | None = None
) -> Iterator[tuple[Month, tuple[Row, ...]]]:
    """Month by month, with the rows that are known at its end. There is one budget for all of them; what is not
    spent in one is there in the next."""
    left = sim.budget() if budget is None else budget
    rng = np.random.default_rng([sim.seed, 23])
    state, rows = State(), tuple(sim.evidence("cold"))
    for month in range(months):
        state = replace(state, month=month)
        spend = dict(manager(Situation(sim, state, rows, months - month, left)))
        profit = _month(sim, state, spend)
        left -= sum(spend.values())
        state = _after(sim, state, spend)
        rows = (*rows, *_seen(sim, state, spend, rng), *_tested(sim, state, spend, rng))
        yield Month(profit, spend), rows


def played(
    sim: Simulated, manager: Manager, *, months: int = PERIODS, budget: float | None = None
) -> Played:
    made = list(months_of(sim, manager, months=months, budget=budget))
    return Played(
        tuple(month.profit for month, _ in made),
        tuple(month.spent for month, _ in made),
        made[-1][1],
    )


def _month(sim: Simulated, state: State, spend: Mapping[str, float]) -> float:
    """Profit of one month in truth. What works only from the next month on is there when that begins."""
    world = sim.world(state=state, periods=1, months=1)
    # of labels and hours nothing is there yet
    places = [replace(p, moves=[m for m in p.moves if m.driver == "visits"]) for p in world.places]
    amounts = [spend.get(place.name, 0.0) for place in places]
    steps = []
    for menu in world.menus:
        for step in menu:
            if step.name in spend:
                new = step.name == "page" and not state.page
                steps.append(replace(step, moves=()) if new else step)
    made = Profits.of(world.company, places, amounts, steps).profit[0]
    return float(made) - sum(money for name, money in spend.items() if name.startswith(TEST))


def _after(sim: Simulated, state: State, spend: Mapping[str, float]) -> State:
    setting = sim.setting
    named = [n for n in ("same_variant", "larger", "smaller") if n in spend]
    return replace(
        state,
        labels=state.labels
        + spend.get("labels", 0.0) / setting.label_price / setting.labels
        + (MORE_LABELS if f"{TEST}curve" in spend else 0.0),  # those of the test are labels too
        hours=state.hours + spend.get("hours", 0.0),
        page=state.page or "page" in spend,
        variant=named[0] if named else state.variant,
    )


def _seen(
    sim: Simulated, state: State, spend: Mapping[str, float], rng: np.random.Generator
) -> list[Row]:
    """What a month tells by itself: of each channel that cost something, of labels that were bought, of customers."""
    rows = [
        sim.seen(rng, f"channel_{j}", spend[f"channel_{j}"], READING)
        for j in range(CHANNELS)
        if spend.get(f"channel_{j}", 0.0) > 0.01 * sim.usual(f"spend_{j}")
    ]
    if spend.get("labels", 0.0) > 0:
        rows.append(sim.seen(rng, "curve", state.labels, 0.012))
    return [*rows, sim.seen(rng, "conversion", 0.0, 0.15), sim.seen(rng, "worth", 0.0, 0.2)]


def _tested(
    sim: Simulated, state: State, spend: Mapping[str, float], rng: np.random.Generator
) -> list[Row]:
    names = [name.removeprefix(TEST) for name in spend if name.startswith(TEST)]
    return [found(sim, name, rng, labels=state.labels) for name in names]


def planner(caution: float = 0.25) -> Manager:
    """Plans all the months that are left each month, and acts on the first."""

    def decide(now: Situation) -> Mapping[str, float]:
        world = now.world(now.sim.believed(now.rows, seed=now.state.month))
        return _of_this_month(world, Question(max(0.0, now.budget), caution))

    return decide


def knows_the_truth(now: Situation) -> Mapping[str, float]:
    return _of_this_month(now.world(), Question(max(0.0, now.budget), 0.0))


def measuring(caution: float = 0.25) -> Manager:
    """The same, and makes the tests that are worth more than they cost."""

    def decide(now: Situation) -> Mapping[str, float]:
        p = now.sim.believed(now.rows, seed=now.state.month)
        world, question = now.world(p), Question(max(0.0, now.budget), caution)
        made = split(world.company, world.places, world.menus, question)
        profit = divisions(world.company, world.menus, made, question)
        could = looks(now.sim, p, labels=now.state.labels)
        worths = ranked(could, profit, periods=now.months_left, shadow=made.solved.shadow)
        tests = [worth.look for worth in worths if worth.net > 0]
        if not tests or now.months_left < 2:
            return first_month(made)
        spend = {f"{TEST}{test.name}": test.cost for test in tests[:TESTS_A_MONTH]}
        left = replace(question, budget=question.budget - sum(spend.values()))
        if left.budget <= 0:
            return first_month(made)
        # what lasts is not done in the month in which it is tested
        menus = [
            menu[:1]
            if any(f"{TEST}{step.name}" in spend and step.cost > 0 for step in menu)
            else menu
            for menu in world.menus
        ]
        return first_month(split(world.company, world.places, menus, left)) | spend

    return decide


def _of_this_month(world: World, question: Question) -> dict[str, float]:
    return first_month(split(world.company, world.places, world.menus, question))


def first_month(made: Split) -> dict[str, float]:
    """What of a split is paid at once, and the steps beside it."""
    first = [float(x * place.paid[0]) for place, x in zip(made.places, made.amounts, strict=True)]
    money = dict(zip((place.name for place in made.places), first, strict=True))
    return money | {step.name: step.cost for step in made.steps}


def equal_parts(now: Situation) -> Mapping[str, float]:
    """To every place."""
    return _evenly(now.world(), now)


def all_in(arm: Arm) -> Manager:
    """Equal parts to every place of one side."""
    return lambda now: _evenly(only(now.world(), arm), now)


def _evenly(world: World, now: Situation) -> dict[str, float]:
    each = now.budget / now.months_left / len(world.places)
    return {place.name: each for place in world.places}

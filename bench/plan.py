"""The planner on companies whose truth is known: what its advice loses, and whether its intervals hold.

    python bench/plan.py [--companies 200] [--closed 60] [--looks 200]

Companies of three kinds are drawn from what each kind believes before any evidence. `regret` is the share of the profit
of a plan that knows the truth. `cold` is what a first turn measures by itself; `some` and `full` add experiments,
lift tests and price tests. Misspecified truths are planned as if they were not. In a closed loop a plan is acted on for a
period, seen with noise, and made again.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from common import machine, save

from steelyard.plan.company import Arm
from steelyard.plan.looks import divisions, ranked
from steelyard.plan.simulate import KINDS, Level, Shape, Simulated, World
from steelyard.plan.simulate.play import (
    all_in,
    equal_parts,
    knows_the_truth,
    measuring,
    planner,
    played,
)
from steelyard.plan.simulate.trials import found, looks
from steelyard.plan.simulate.worlds import only
from steelyard.plan.split import Question, Split, split

LEVELS: tuple[Level, ...] = ("cold", "some", "full")
ARMS: tuple[Arm, ...] = ("market", "technology")
SHAPES: tuple[Shape, ...] = ("hill", "drift", "shock", "lost_exposures")


def planned(world: World, question: Question) -> Split:
    return split(world.company, world.places, world.menus, question)


def plainly(world: World) -> World:
    """Labels and channels alone: no price, page, variant or people's hours."""
    places = tuple(place for place in world.places if place.name != "hours")
    return World(world.company, places, tuple(menu[:1] for menu in world.menus))


def whole(world: World) -> World:
    return world


def of_level(
    level: Level,
    companies: int,
    shape: Shape = "as_believed",
    cut: Callable[[World], World] = whole,
) -> dict[str, Any]:
    lost: dict[str, list[float]] = defaultdict(list)
    covered, beaten, seconds, residuals = [], [], [], []
    for seed in range(companies):
        sim = Simulated.of(KINDS[seed % 3], seed, shape=shape)
        question = Question(sim.budget())
        oracle = planned(cut(sim.world()), Question(question.budget, caution=0.0))
        best = sim.profit(oracle.spend)
        world = cut(sim.world(sim.believed(sim.evidence(level))))
        began = time.perf_counter()
        made = planned(world, question)
        seconds.append(time.perf_counter() - began)
        names = [place.name for place in world.places]
        plans = {
            "plan": made.spend,
            "equal_split": dict.fromkeys(names, question.budget / len(names)),
            "nothing": {},
        }
        if shape == "as_believed":
            plans |= {f"{arm}_only": planned(only(world, arm), question).spend for arm in ARMS}
        profit = {name: sim.profit(spend) for name, spend in plans.items()}
        for name, money in profit.items():
            lost[name].append((best - money) / abs(best))
        low, high = np.quantile(made.profit, [0.1, 0.9])
        covered.append(low <= profit["plan"] <= high)
        beaten.append(profit["plan"] >= max(profit["equal_split"], profit["nothing"]))
        residuals.append(made.solved.residual)
    return {
        "regret": {name: round(float(np.mean(each)), 4) for name, each in lost.items()},
        "regret_p90": round(float(np.quantile(lost["plan"], 0.9)), 4),
        "better_than_equal_and_nothing": round(float(np.mean(beaten)), 3),
        "cover_of_80_percent": round(float(np.mean(covered)), 3),
        "plan_s_median": round(float(np.median(seconds)), 2),
        "plan_s_most": round(max(seconds), 2),
        "not_solved": sum(residual > 1e-3 for residual in residuals),
    }


def closed(companies: int) -> dict[str, Any]:
    """Lost in so many months, as a share of the year's profit of a manager that knows the truth."""
    managers = {
        "knows_the_truth": knows_the_truth,
        "plan": planner(),
        "plan_that_measures": measuring(),
        "equal_parts": equal_parts,
        "market_only": all_in("market"),
        "technology_only": all_in("technology"),
    }
    made: dict[str, list[Any]] = defaultdict(list)
    for seed in range(companies):
        sim = Simulated.of(KINDS[seed % 3], 1000 + seed)
        for name, manager in managers.items():
            made[name].append(np.cumsum(played(sim, manager).profit))
        print(seed, {n: round(float(each[-1][-1])) for n, each in made.items()}, flush=True)
    best = np.array(made.pop("knows_the_truth"))
    lost = {n: ((best - np.array(m)) / best[:, -1:]).mean(axis=0) for n, m in made.items()}
    plain = (best - np.array(made["plan"]))[:, -1] / best[:, -1]
    tests = (best - np.array(made["plan_that_measures"]))[:, -1] / best[:, -1]
    gain = plain - tests
    return {
        "companies": companies,
        "lost_after_months_1_3_6_12": {
            n: [round(float(each[m - 1]), 4) for m in (1, 3, 6, 12)] for n, each in lost.items()
        },
        "measuring_saves": round(float(gain.mean()), 4),
        "measuring_saves_error": round(float(gain.std() / math.sqrt(len(gain))), 4),
    }


def by_information(seeds: int) -> dict[str, Any]:
    """One test before a cold plan, chosen by what it is expected to be worth, at random, or the worst; its cost is
    paid."""
    lost: dict[str, list[float]] = defaultdict(list)
    for seed in range(seeds):
        sim = Simulated.of(KINDS[seed % 3], 2000 + seed)
        question, rows = Question(sim.budget()), sim.evidence("cold")
        oracle = sim.profit(planned(sim.world(), Question(question.budget, caution=0.0)).spend)
        p = sim.believed(rows)
        world = sim.world(p)
        made = planned(world, question)
        could = looks(sim, p)
        profit = divisions(world.company, world.menus, made, question)
        order = ranked(could, profit, periods=10**9, shadow=made.solved.shadow)
        at = int(np.random.default_rng([seed, 3]).integers(len(order)))
        picks = {"best_by_information": order[0], "at_random": order[at], "worst": order[-1]}
        lost["no_test"].append((oracle - sim.profit(made.spend)) / oracle)
        for name, worth in picks.items():
            row = found(sim, worth.look.name, np.random.default_rng([seed, 4]))
            left = Question(max(1.0, question.budget - worth.look.cost))
            after = planned(sim.world(sim.believed([*rows, row])), left)
            profit_after = sim.profit(after.spend) - worth.look.cost
            lost[name].append((oracle - profit_after) / oracle)
    gap = np.array(lost["at_random"]) - np.array(lost["best_by_information"])
    return {
        "seeds": seeds,
        "regret": {name: round(float(np.mean(each)), 4) for name, each in lost.items()},
        "random_less_best": round(float(gap.mean()), 4),
        "its_standard_error": round(float(gap.std() / math.sqrt(len(gap))), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--closed", type=int, default=60)
    parser.add_argument("--looks", type=int, default=200)
    asked = parser.parse_args()
    state = machine()
    figures: dict[str, Any] = {}
    for level in LEVELS:
        figures[level] = of_level(level, asked.companies)
        print(level, figures[level], flush=True)
        alone = of_level(level, asked.companies, cut=plainly)
        figures[f"{level}_labels_and_channels_alone"] = alone
        print("labels and channels alone", alone, flush=True)
    for shape in SHAPES:
        figures[shape] = of_level("full", asked.companies, shape)
        print(shape, figures[shape], flush=True)
    figures["one_test_before_a_cold_plan"] = by_information(asked.looks)
    print(figures["one_test_before_a_cold_plan"], flush=True)
    figures["closed_loop"] = closed(asked.closed)
    options = f"--companies {asked.companies} --closed {asked.closed} --looks {asked.looks}"
    save("plan", f"python bench/plan.py {options}", figures, state)


if __name__ == "__main__":
    main()

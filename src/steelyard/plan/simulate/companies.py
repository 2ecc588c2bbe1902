"""Companies whose truth is drawn from what their kind believes, and what they leave as evidence.

Example: `company = Simulated.of("recommender", seed=1); company.world(company.believed(company.evidence("full")))`
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from steelyard.plan.company import Profits
from steelyard.plan.simulate.beliefs import DRAWS, TOGETHER, Row, believed, expected, hill
from steelyard.plan.simulate.kinds import CHANNELS, KINDS, SETTINGS, Array, Kind, Setting
from steelyard.plan.simulate.worlds import PERIODS, State, World, build

Level = Literal["cold", "some", "full"]
Shape = Literal["as_believed", "hill", "drift", "shock", "lost_exposures"]
LOST = 0.2  # of the visits of a channel that nobody counts
DRIFT, SHOCK = 0.7, 0.85  # visits after a year, and conversions, as shares of what they were


@dataclass(frozen=True)
class Simulated:
    """`truth` are its parameters, each an array of one; `shape` is in what they are not as everybody believes."""

    kind: Kind
    seed: int
    truth: Mapping[str, Array]
    shape: Shape = "as_believed"

    @classmethod
    def of(cls, kind: Kind, seed: int, *, shape: Shape = "as_believed") -> Simulated:
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        beliefs = SETTINGS[kind].beliefs
        truth = {n: b.of(rng.normal(b.mean, b.deviation, size=1)) for n, b in beliefs.items()}
        return cls(kind, seed, truth, shape)

    @property
    def setting(self) -> Setting:
        return SETTINGS[self.kind]

    def budget(self) -> float:
        """From a third of what is usual for its kind to three times that."""
        rng = np.random.default_rng([self.seed, 77])
        return float(self.setting.budget * math.exp(rng.uniform(-1.1, 1.1)))

    def evidence(self, level: Level) -> list[Row]:
        """`cold` is what a first turn measures by itself; `some` and `full` have tests and experiments besides."""
        rng = np.random.default_rng([self.seed, 11])
        shares = (0.06, 0.125, 0.25, 0.5, 1.0)[{"cold": 2, "some": 1, "full": 0}[level] :]
        points = {"cold": 0.012, "some": 0.010, "full": 0.005}[level]
        rows = [self.seen(rng, "curve", share, points) for share in shares]
        paired = 0.006 if level == "cold" else 0.003
        rows += [self.seen(rng, name, 0.0, paired) for name in ("larger", "smaller")]
        known = {"conversion": 0.15, "worth": 0.2, "cost": 0.1}
        rows += [self.seen(rng, name, 0.0, error) for name, error in known.items()]
        return rows if level == "cold" else [*rows, *self._tests(rng, 4 if level == "full" else 1)]

    def _tests(self, rng: np.random.Generator, times: int) -> list[Row]:
        rows = []
        for j in range(CHANNELS):
            usual, error = self.usual(f"spend_{j}"), 0.2 if times == 1 else 0.1
            rows += [
                self.seen(rng, f"channel_{j}", at * usual, error)
                for at in (0.6, 1.5, 0.3, 2.5)[:times]
            ]
        for name in ("to_conversion", "to_worth", "to_price", "page"):
            wide = self.setting.beliefs[name].deviation * (1.0 if times == 1 else 0.5)
            rows += [self.seen(rng, name, 0.0, wide) for _ in range(times)]
        usual = self.usual("hours_spend")
        return rows + [
            self.seen(rng, "hours", at * usual, 0.004) for at in (0.5, 1.5)[: times // 2]
        ]

    def usual(self, name: str) -> float:
        """The middle of what a kind believes of a parameter in logarithms."""
        return math.exp(self.setting.beliefs[name].mean)

    def seen(self, rng: np.random.Generator, of: str, at: float, error: float) -> Row:
        """A row of evidence; the error of a channel is a share of what it brings."""
        if of not in TOGETHER:
            b = self.setting.beliefs[of]
            return Row(of, at, float(b.normal(self.truth[of])[0] + rng.normal(0, error)), error)
        true = float(self.brings(of, at)[0])
        if of.startswith("channel"):
            j = of.removeprefix("channel_")
            error *= max(true, 0.05 * self.usual(f"reach_{j}"))
            true *= 1 - LOST if self.shape == "lost_exposures" else 1.0
        return Row(of, at, true + float(rng.normal(0, error)), error)

    def brings(self, group: str, at: float) -> Array:
        """What a group of parameters makes of labels or of money, in truth."""
        if self.shape == "hill" and group.startswith("channel"):
            j = group.removeprefix("channel_")
            return hill(self.truth[f"reach_{j}"], self.truth[f"spend_{j}"], at)[0]
        return expected(group, self.truth, at)

    def believed(self, rows: Sequence[Row], *, seed: int = 0, n: int = DRAWS) -> dict[str, Array]:
        return believed(self.setting, rows, seed=seed, n=n)

    def world(
        self,
        parameters: Mapping[str, Array] | None = None,
        *,
        state: State | None = None,
        periods: int = PERIODS,
        months: int = PERIODS,
    ) -> World:
        """As it is believed to be; without parameters, as it is."""
        true = parameters is None
        world = build(
            self.setting,
            self.truth if parameters is None else parameters,
            state=state,
            periods=periods,
            months=months,
            s_shaped=true and self.shape == "hill",
        )
        if not true or self.shape not in ("drift", "shock"):
            return world
        company, months_of = world.company, (state or State()).month + np.arange(periods)
        if self.shape == "drift":
            left = DRIFT ** (months_of / (PERIODS - 1))
            return replace(world, company=replace(company, visits=company.visits * left))
        return replace(world, company=replace(company, conversion=company.conversion * SHOCK))

    def profit(self, spend: Mapping[str, float]) -> float:
        """What is expected of amounts and steps by name, in truth."""
        world = self.world()
        amounts = [spend.get(place.name, 0.0) for place in world.places]
        steps = [step for menu in world.menus for step in menu if step.name in spend]
        return float(Profits.of(world.company, world.places, amounts, steps).profit[0])

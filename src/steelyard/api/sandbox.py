"""A simulated company played month by month by four managers: a planner, and three that do not plan.

Opens no terminal. Example: `list(sandbox("recommender", seed=1))[-1]["profit"]["plan"]`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steelyard.errors import UserError
from steelyard.near import near
from steelyard.plan.simulate import KINDS, PERIODS, Simulated
from steelyard.plan.simulate.play import Manager, all_in, equal_parts, measuring, months_of

MANAGERS: dict[str, Manager] = {
    "plan": measuring(),
    "equal_parts": equal_parts,
    "market_only": all_in("market"),
    "technology_only": all_in("technology"),
}
MONTHS_MAX = PERIODS


def sandbox(
    kind: str, *, seed: int = 1, months: int = PERIODS, budget: float | None = None
) -> Iterator[dict[str, Any]]:
    """After each month: `month`, `did` (money and steps of the planner in it), `profit` so far of each manager, and
    the `budget` for all months. UserError for a kind, a number of months or a budget that is none."""
    named = next((known for known in KINDS if known == kind), None)
    if named is None:
        raise UserError("--kind", f"one of {', '.join(KINDS)}", repr(kind), near(kind, KINDS))
    if not 2 <= months <= MONTHS_MAX:
        raise UserError("--months", f"2 to {MONTHS_MAX}", str(months))
    if budget is not None and not 0 < budget < float("inf"):
        raise UserError("--budget", "an amount above 0", f"{budget:g}")
    if seed < 0:
        raise UserError("--seed", "0 or more", str(seed))
    return _months(Simulated.of(named, seed), months, budget)


def _months(sim: Simulated, months: int, budget: float | None) -> Iterator[dict[str, Any]]:
    so_far = dict.fromkeys(MANAGERS, 0.0)
    games = [months_of(sim, m, months=months, budget=budget) for m in MANAGERS.values()]
    for at, made in enumerate(zip(*games, strict=True), start=1):
        played = dict(zip(MANAGERS, (month for month, _ in made), strict=True))
        so_far = {name: so_far[name] + month.profit for name, month in played.items()}
        yield {
            "month": at,
            "kind": sim.kind,
            "seed": sim.seed,
            "budget": sim.budget() if budget is None else budget,
            "did": {n: m for n, m in played["plan"].spent.items() if m >= 0.5 or _stands(n)},
            "profit": dict(so_far),
        }


def _stands(name: str) -> bool:
    """A step that costs nothing and changes something; money below half a unit is none."""
    return name in {"larger", "smaller", "dearer", "cheaper"}

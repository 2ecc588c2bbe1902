"""The plan as it would be now: of what a turn left, weighed again, without a step and without writing. Knows no market's books.

Example: `weigh(Outlook.of(facts_now(store, product, outputs))).split.spend`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from steelyard.plan.facts import PlanFacts
from steelyard.plan.left import PlanOf
from steelyard.spec import ProductFile
from steelyard.stage import Output, values
from steelyard.store import Store
from steelyard.taken import names_of, take
from steelyard.tasks import task_of
from steelyard.tasks.valuation import valuation_of


def plan_of(outputs: Mapping[str, Output]) -> PlanOf:
    """What the plan takes of the outputs of a turn; a step that a turn of before did not have left nothing."""
    taken = values(names_of(PlanOf), {"market": {}, **outputs})
    return take(PlanOf, taken.__getitem__)


def facts_now(store: Store, product: ProductFile, outputs: Mapping[str, Output]) -> PlanFacts:
    """What the planner knows now: the outputs are those of a turn, served figures those of today."""
    from steelyard.plan.run import facts_of

    valuation = valuation_of(task_of(product), product.spec.money)
    of = plan_of(outputs)
    live = next((r["variant"] for r in store.releases.current() if r["state"] == "live"), of.live)
    return facts_of(store, product, replace(of, replayed=live), valuation=valuation)


def planned(outputs: Mapping[str, Output]) -> Mapping[str, Any] | None:
    """The plan that a turn kept; None before one, and of an older version without a split."""
    plan = outputs.get("plan", {}).get("plan")
    return plan if plan and "split" in plan else None

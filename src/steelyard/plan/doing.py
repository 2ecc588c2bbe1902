"""What a person types to do what the plan says. Knows no figures' origin and no words.

Example: `buy_labels(facts, 1300, money=30.0).numbers["total"] == 1300`
"""

from __future__ import annotations

from steelyard.plan.facts import PlanFacts
from steelyard.reason import Reason

TRAINED = "torch_fp32"  # always among the candidates, whatever the product file names


def buy_labels(facts: PlanFacts, total: int, *, money: float) -> Reason:
    """Labels until there are `total`, for `money`."""
    return Reason(
        "do.buy_labels",
        {"file": facts.file, "total": total, "money": money, "currency": facts.currency},
    )


def try_variant(facts: PlanFacts, name: str, *, own: bool) -> Reason:
    """`own`: the chooser would take it where it stands alone; else only a person can."""
    if not own:
        return Reason("do.promote", {"file": facts.file, "name": name})
    variants = () if name == TRAINED else (name,)
    return Reason("do.build_variant", {"file": facts.file, "name": name, "variants": variants})


def measure_again(facts: PlanFacts) -> Reason:
    return Reason("do.measure_again", {"file": facts.file})


def keep(facts: PlanFacts) -> Reason:
    return Reason("do.keep", {"file": facts.file, "money": facts.unit, "currency": facts.currency})

"""The lever of a canary that is not decided yet: what it may bring, and what would decide. Knows no ledger.

It is free and decided by its own experiment, so it is beside what the money does. Example: `undecided(facts)[0].do`
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.plan.facts import PlanFacts
from steelyard.plan.levers import MEASURED, Lever, Option
from steelyard.reason import Reason


def undecided(facts: PlanFacts) -> Sequence[Option]:
    """None where no canary is open, or nobody has told anything of it."""
    open_ = facts.canary
    if open_ is None:
        return []
    net = open_.net_until_next_turn
    because = Reason("canary.undecided", {"name": facts.canary_name, "because": open_.because})
    do = Reason("do.finish_canary", {"file": facts.file})
    return [
        Option(
            "canary",
            0.0,
            net.value,
            net.value,
            net.low,
            net.high,
            MEASURED,
            because,
            do,
            aside=True,
        )
    ]


def _respond(facts: PlanFacts, money: float) -> Sequence[Option]:
    return undecided(facts)


LEVER = Lever("canary", _respond)

"""The levers of keeping the money, and of a market that nobody measured yet. Knows no ledger.

Example: `nothing(facts).net == 0.0`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from steelyard.plan.doing import keep, try_market
from steelyard.plan.facts import PlanFacts
from steelyard.plan.levers import ASSUMED, MEASURED, Lever, Option
from steelyard.reason import Reason

PROBE = 0.1  # share of the money for a first experiment


def nothing(facts: PlanFacts) -> Option:
    return Option(
        "nothing",
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        MEASURED,
        Reason("nothing.keep"),
        keep(facts),
        keeps=True,
    )


def market(facts: PlanFacts) -> Option:
    """No campaign was ever measured here, so no figure is given: only the experiment that would."""
    probe = facts.unit * PROBE
    why = Reason("market.no_evidence", {"money": probe, "currency": facts.currency})
    return Option("market", probe, None, None, None, None, ASSUMED, why, try_market(facts, probe))


def _keep(facts: PlanFacts, money: float) -> Sequence[Option]:
    return [nothing(replace(facts, unit=money))]


def _probe(facts: PlanFacts, money: float) -> Sequence[Option]:
    return [market(replace(facts, unit=money))]


NOTHING = Lever("nothing", _keep)
MARKET = Lever("market", _probe)

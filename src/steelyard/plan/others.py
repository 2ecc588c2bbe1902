"""The levers of keeping the money, and of a market that nobody measured yet. Knows no ledger.

Example: `nothing(facts).net == 0.0`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from steelyard.plan.doing import keep, try_market
from steelyard.plan.facts import PlanFacts, in_words
from steelyard.plan.levers import ASSUMED, MEASURED, Lever, Option

PROBE = 0.1  # share of the money for a first experiment


def nothing(facts: PlanFacts) -> Option:
    do = keep(facts.file, in_words(facts, facts.unit))
    return Option("nothing", 0.0, 0.0, 0.0, 0.0, 0.0, MEASURED, "keep the money", "保留这笔钱", do.en, do.zh, said=("keeping the money", "先不花这笔钱"), keeps=True)  # fmt: skip


def market(facts: PlanFacts) -> Option:
    """No campaign was ever measured here, so no figure is given: only the experiment that would."""
    probe = facts.unit * PROBE
    why = f"no evidence in the ledger: spend {probe:,.2f} {facts.currency} on one channel with a held-out group, and the next plan can tell"
    why_zh = f"账本中没有证据：先用 {probe:,.2f} {facts.currency} 在一个渠道做有对照组的试验，下次规划即可判断"
    do = try_market(in_words(facts, probe))
    return Option("market", probe, None, None, None, None, ASSUMED, why, why_zh, do.en, do.zh, said=("the market", "投向市场"))  # fmt: skip


def _keep(facts: PlanFacts, money: float) -> Sequence[Option]:
    return [nothing(replace(facts, unit=money))]


def _probe(facts: PlanFacts, money: float) -> Sequence[Option]:
    return [market(replace(facts, unit=money))]


NOTHING = Lever("nothing", _keep)
MARKET = Lever("market", _probe)

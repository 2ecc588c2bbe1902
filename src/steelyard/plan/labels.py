"""The lever of labels: what more of them return, read from the learning curve. Knows no ledger.

Example: `labels(facts).net`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from steelyard.plan.doing import Doing, buy_labels
from steelyard.plan.facts import PlanFacts, in_words
from steelyard.plan.levers import ASSUMED, EXTRAPOLATED, MEASURED, Lever, Option

PROBE = 0.1  # share of the money for a first experiment
SAID = ("more labels", "更多标注")


def respond(facts: PlanFacts, money: float) -> Sequence[Option]:
    return [labels(replace(facts, unit=money))]


def labels(facts: PlanFacts) -> Option:
    """More labels: gain read from the learning curve, never more than the pool still holds."""
    room = max(0, facts.labels_pool - facts.labels_bought)
    left = Decimal(str(facts.unit)) - Decimal(str(facts.retrain_cost))  # the unit pays for both
    price = Decimal(str(facts.label_price))
    affordable = int(left / price) if price else (room if left >= 0 else 0)
    more = max(0, min(room, affordable))
    if facts.curve is None or more == 0:
        if room == 0:
            why, why_zh = "the pool is empty", "标注池已空"
        elif more == 0:
            why, why_zh = "the unit buys no label", "这笔钱买不到一条标注"
        else:
            why, why_zh = "no learning curve was measured", "尚未测量学习曲线"
        if more == 0:  # known: no money goes in and nothing comes out
            return Option("labels", 0.0, 0.0, 0.0, 0.0, 0.0, MEASURED, why, why_zh)
        return Option("labels", 0.0, None, None, None, None, ASSUMED, why, why_zh)
    spend = more * facts.label_price + facts.retrain_cost
    # at the level of the variants' intervals, since the two are compared
    gain = facts.curve.gain(facts.labels_bought, facts.labels_bought + more, confidence=0.95)
    worth = facts.requests * facts.correct_answer
    # what the model must first make good is no gain to users, who are answered by the live variant
    value = (gain.value - facts.behind) * worth
    low, high = sorted((g - facts.behind) * worth for g in (gain.low, gain.high))
    total = facts.labels_bought + more
    numbers = f"{more:,} more labels of the data that are here ({total:,} in all) for {spend:,.2f} {facts.currency}: accuracy {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
    numbers_zh = f"为已有数据再取 {more:,} 条标注（共 {total:,} 条），花费 {spend:,.2f} {facts.currency}：准确率 {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
    if facts.behind > 0:
        numbers += f", of which {facts.behind:.4f} only reaches the live {facts.live.name}"
        numbers_zh += f"，其中 {facts.behind:.4f} 只够追上现行的 {facts.live.name_zh}"
    do = buy_labels(facts.file, total, in_words(facts, spend))
    return Option(
        "labels", spend, value, value - spend, low - spend, high - spend, EXTRAPOLATED,
        numbers, numbers_zh, do.en, do.zh, part=_part(facts), said=SAID,
    )  # fmt: skip


def _part(facts: PlanFacts) -> Doing | None:
    """Labels for a share of the unit: the next curve has one more measured point."""
    price = facts.label_price
    if price <= 0:
        return None
    room = max(0, facts.labels_pool - facts.labels_bought)
    more = min(room, max(1, int(facts.unit * PROBE / price)))
    return buy_labels(facts.file, facts.labels_bought + more, in_words(facts, more * price))


LEVER = Lever("labels", respond)

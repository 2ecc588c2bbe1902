"""Where the next unit of money may go, and what each place returns. Knows no ledger.

Every figure says whether it was measured, extrapolated or is only assumed.
Example: `allocate(facts).recommendation == "labels"`
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from steelyard.stats import LearningCurve

MEASURED, EXTRAPOLATED, ASSUMED = "measured", "extrapolated", "assumed"
PROBE = 0.1  # share of the unit for a first experiment where nothing is known


@dataclass(frozen=True)
class Priced:
    """A variant as a choice: `accuracy` with its interval, money per 1,000 requests."""

    variant: str
    name: str
    accuracy: float
    low: float
    high: float
    cost_per_1000: float


@dataclass(frozen=True)
class PlanFacts:
    """What the ledger knows; money in units of `currency`, `requests` until the next turn."""

    currency: str
    unit: float
    requests: int
    label_price: float
    correct_answer: float
    labels_bought: int
    labels_pool: int
    retrain_cost: float
    curve: LearningCurve | None
    live: Priced
    alternatives: Sequence[Priced] = ()
    behind: float = (
        0.0  # accuracy the trained model lacks to reach a live variant that is not its own
    )


@dataclass(frozen=True)
class Option:
    """`net` and its interval: value until the next turn, minus the money spent now.

    None where the ledger has no evidence: unknown is not zero.
    """

    name: str
    spend: float
    value: float | None
    net: float | None
    low: float | None
    high: float | None
    evidence: str
    because: str
    because_zh: str


@dataclass(frozen=True)
class Plan:
    """Every option, the best first, and what to do."""

    recommendation: str
    unit: float
    currency: str
    options: list[Option]
    because: str
    because_zh: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def allocate(facts: PlanFacts) -> Plan:
    """The largest net value among those whose whole interval is above zero; where there is none,
    an experiment with the most promising one; nothing when none promises anything."""
    found = [labels(facts), cheaper(facts), nothing(), market(facts)]
    options = sorted(found, key=lambda o: (o.net is None, -(o.net or 0.0), o.name != "nothing"))
    best = options[0]
    sure = next((o for o in options if o.low is not None and o.low > 0), None)
    if sure is best:
        what, why, why_zh = best.name, best.because, best.because_zh
    elif sure:
        what = sure.name
        why = f"{sure.because}; {best.name} may return more, but its interval holds zero: try a part of it"
        why_zh = f"{sure.because_zh}；{best.name} 可能回报更高，但区间包含零：可先小规模试验"
    elif best.name == "nothing":
        what, why, why_zh = "nothing", "no known option returns more than it costs", "已知选项都不能收回成本"  # fmt: skip
    else:
        what = f"an experiment first: {best.name}"
        why = f"{best.because}; the interval holds zero, so measure on a part before the whole unit"
        why_zh = f"{best.because_zh}；区间包含零，应先小规模试验"
    return Plan(what, facts.unit, facts.currency, options, why, why_zh)


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
    numbers = f"{more:,} more labels ({total:,} in all) for {spend:,.2f} {facts.currency}: accuracy {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
    numbers_zh = f"再买 {more:,} 条标注（共 {total:,} 条），花费 {spend:,.2f} {facts.currency}：准确率 {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
    if facts.behind > 0:
        numbers += f", of which {facts.behind:.4f} only reaches the live {facts.live.name}"
        numbers_zh += f"，其中 {facts.behind:.4f} 只够追上现行的 {facts.live.name}"
    return Option(
        "labels", spend, value, value - spend, low - spend, high - spend, EXTRAPOLATED,
        numbers, numbers_zh,
    )  # fmt: skip


def cheaper(facts: PlanFacts) -> Option:
    """The measured variant that saves most; it exists, so it costs nothing but what it loses."""
    found = [
        (other.cost_per_1000 < facts.live.cost_per_1000, _cheaper(facts, other))
        for other in facts.alternatives
        if other.variant != facts.live.variant
    ]
    # A dearer one counts only when it is better for certain: the best of several noisy measures
    # nearly always looks a little better than the live one.
    saving = [s for costs_less, s in found if s.net > 0 and (costs_less or s.low > 0)]
    if not saving:
        why = f"no measured variant is worth more than {facts.live.name} for certain"
        why_zh = f"没有已测版本确定比 {facts.live.name} 更划算"
        hope = max((s for _, s in found if s.net > 0), key=lambda s: s.net, default=None)
        if hope is not None:
            seen = f"{hope.net:+,.2f} [{hope.low:+,.2f}, {hope.high:+,.2f}]"
            why += f"; the most hopeful, {hope.because}: {seen}"
            why_zh += f"；最有希望的：{hope.because_zh}，{seen}"
        return Option("cheaper_variant", 0.0, 0.0, 0.0, 0.0, 0.0, MEASURED, why, why_zh)
    best = max(saving, key=lambda s: s.net)
    return Option(
        "cheaper_variant", 0.0, best.net, best.net, best.low, best.high, MEASURED,
        best.because, best.because_zh,
    )  # fmt: skip


@dataclass(frozen=True)
class _Saving:
    net: float
    low: float
    high: float
    because: str
    because_zh: str


def _cheaper(facts: PlanFacts, other: Priced) -> _Saving:
    live, worth = facts.live, facts.requests * facts.correct_answer
    saved = (live.cost_per_1000 - other.cost_per_1000) * facts.requests / 1000
    lost = (live.accuracy - other.accuracy) * worth
    # As if measured on different records: the same records make it narrower, an old live not.
    spread = math.hypot(live.high - live.low, other.high - other.low) / 2 * worth
    net = saved - lost
    because = f"{other.name} instead of {live.name}: {saved:+,.2f} {facts.currency} of serving, {-lost:+,.2f} of answers over {facts.requests:,} requests"
    because_zh = f"用 {other.name} 代替 {live.name}：{facts.requests:,} 次请求中服务成本 {saved:+,.2f} {facts.currency}，答案价值 {-lost:+,.2f}"
    return _Saving(net, net - spread, net + spread, because, because_zh)


def nothing() -> Option:
    return Option("nothing", 0.0, 0.0, 0.0, 0.0, 0.0, MEASURED, "keep the money", "保留这笔钱")


def market(facts: PlanFacts) -> Option:
    """No campaign was ever measured here, so no figure is given: only the experiment that would."""
    probe = facts.unit * PROBE
    why = f"no evidence in the ledger: spend {probe:,.2f} {facts.currency} on one channel with a held-out group, and the next plan can tell"
    why_zh = f"账本中没有证据：先用 {probe:,.2f} {facts.currency} 在一个渠道做有对照组的试验，下次规划即可判断"
    return Option("market", probe, None, None, None, None, ASSUMED, why, why_zh)

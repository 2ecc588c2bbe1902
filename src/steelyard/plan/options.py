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

from steelyard.plan.doing import Doing, buy_labels, keep, measure_again, try_market, try_variant
from steelyard.stats import LearningCurve
from steelyard.terms import term

MEASURED, EXTRAPOLATED, ASSUMED = "measured", "extrapolated", "assumed"
# An option inside a sentence.
_SAID = {
    "labels": ("more labels", "更多标注"),
    "another_variant": ("another variant", "换用另一个版本"),
    "served_variant": ("another variant, as served", "按实际服务换用另一个版本"),
    "nothing": ("keeping the money", "先不花这笔钱"),
    "market": ("the market", "投向市场"),
}
PROBE = 0.1  # share of the unit for a first experiment where nothing is known
SERVED_WITHIN = 1.25  # served figures this many times the predicted ones contradict a choice
# Serving that costs this share of the unit more or less is the same money, as for the chooser: a hair
# of it must not put the gain of another model's answers under its own name.
SAME_MONEY = 0.01
SERVED_MIN = 50  # requests before served figures are believed
TRAINED = "torch_fp32"  # always among the candidates, whatever the product file names


@dataclass(frozen=True)
class Served:
    """What a variant took in service, over `n` requests."""

    cost_per_1000: float
    p95_ms: float | None
    n: int


@dataclass(frozen=True)
class Priced:
    """A variant as a choice: `accuracy` with its interval, money per 1,000 requests as measured
    before it was released, and what it took in service where it ever answered."""

    variant: str
    name: str
    accuracy: float
    low: float
    high: float
    cost_per_1000: float
    p95_ms: float | None = None
    served: Served | None = None

    @property
    def name_zh(self) -> str:
        """Its name in a Chinese sentence."""
        return term("variant", self.name, "zh")


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
    # accuracy the trained model lacks to reach a live variant that is not its own
    behind: float = 0.0
    p95_goal_ms: float | None = None
    file: str = "product.yaml"  # what its sentences name


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
    do: str = ""
    do_zh: str = ""


@dataclass(frozen=True)
class Plan:
    """Every option, the best first, and what to do: `do` is a sentence that can be done as it
    stands, and `because` begins with it."""

    recommendation: str
    unit: float
    currency: str
    options: list[Option]
    because: str
    because_zh: str
    do: str = ""
    do_zh: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def allocate(facts: PlanFacts) -> Plan:
    """The largest net value among those whose whole interval is above zero; where there is none,
    an experiment with the most promising one; the money is kept when none promises anything."""
    found = [labels(facts), another(facts), *served(facts), nothing(facts), market(facts)]
    options = sorted(found, key=lambda o: (o.net is None, -(o.net or 0.0), o.name != "nothing"))
    best = options[0]
    sure = next((o for o in options if o.low is not None and o.low > 0), None)
    if sure is best:
        return _plan(facts, options, best.name, best, best.because, best.because_zh)
    if sure:
        name, name_zh = _SAID[best.name]
        why = (
            f"{sure.because}; {name} may return more, but its interval holds zero: try a part of it"
        )
        why_zh = f"{sure.because_zh}；{name_zh}可能回报更高，但区间包含零：可先小规模试验"
        return _plan(facts, options, sure.name, sure, why, why_zh)
    if best.name == "nothing":
        why, why_zh = "no known option returns more than it costs", "已知选项都不能收回成本"
        return _plan(facts, options, "nothing", best, why, why_zh)
    why = f"{best.because}; the interval holds zero, so measure on a part before the whole unit"
    why_zh = f"{best.because_zh}；区间包含零，应先小规模试验"
    part = _part(facts) if best.name == "labels" else None
    return _plan(facts, options, f"an experiment first: {best.name}", best, why, why_zh, part=part)


def _plan(
    facts: PlanFacts, options: list[Option], what: str, option: Option, why: str, why_zh: str, *,
    part: Doing | None = None,
) -> Plan:  # fmt: skip
    do, do_zh = (part.en, part.zh) if part else (option.do, option.do_zh)
    reopened = next((o for o in options if o.name == "served_variant" and o is not option), None)
    if reopened is not None:
        why += f"; and the choice is open again: {reopened.because}: {reopened.do}"
        why_zh += f"；另外，选择需要重新考虑：{reopened.because_zh}：{reopened.do_zh}"
    said, said_zh = (f"{do}: {why}", f"{do_zh}：{why_zh}") if do else (why, why_zh)
    return Plan(what, facts.unit, facts.currency, options, said, said_zh, do, do_zh)


def _part(facts: PlanFacts) -> Doing | None:
    """Labels for a share of the unit: the next curve has one more measured point."""
    price = facts.label_price
    if price <= 0:
        return None
    room = max(0, facts.labels_pool - facts.labels_bought)
    more = min(room, max(1, int(facts.unit * PROBE / price)))
    return buy_labels(facts.file, facts.labels_bought + more, _money(facts, more * price))


def _money(facts: PlanFacts, amount: float) -> str:
    return f"{amount:,.2f} {facts.currency}"


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
    do = buy_labels(facts.file, total, _money(facts, spend))
    return Option(
        "labels", spend, value, value - spend, low - spend, high - spend, EXTRAPOLATED,
        numbers, numbers_zh, do.en, do.zh,
    )  # fmt: skip


def another(facts: PlanFacts) -> Option:
    """Another measured variant; it exists, so it costs nothing but what it loses."""
    found = [
        (other, other.cost_per_1000 < facts.live.cost_per_1000, _saving(facts, other))
        for other in facts.alternatives
        if other.variant != facts.live.variant
    ]
    # A dearer one counts only when it is better for certain: the best of several noisy measures
    # nearly always looks a little better than the live one.
    saving = [(o, s) for o, costs_less, s in found if s.net > 0 and (costs_less or s.low > 0)]
    if not saving:
        why = f"no measured variant is worth more than {facts.live.name} for certain"
        why_zh = f"没有已测版本确定比 {facts.live.name_zh} 更划算"
        hope = max((s for _, _, s in found if s.net > 0), key=lambda s: s.net, default=None)
        if hope is not None:
            seen = f"{hope.net:+,.2f} [{hope.low:+,.2f}, {hope.high:+,.2f}]"
            why += f"; the most hopeful, {hope.because}: {seen}"
            why_zh += f"；最有希望的：{hope.because_zh}，{seen}"
        return Option("another_variant", 0.0, 0.0, 0.0, 0.0, 0.0, MEASURED, why, why_zh)
    other, best = max(saving, key=lambda pair: pair[1].net)
    do = try_variant(facts.file, other.name, own=_own(facts, other))
    return Option(
        "another_variant", 0.0, best.net, best.net, best.low, best.high, MEASURED,
        best.because, best.because_zh, do.en, do.zh,
    )  # fmt: skip


def _own(facts: PlanFacts, other: Priced) -> bool:
    """Whether the chooser takes it when the file names no other: the trained one is always there,
    and the cheaper of the two is taken."""
    trained = next((o for o in facts.alternatives if o.name == TRAINED), None)
    return trained is None or trained.variant == other.variant or other.cost_per_1000 < trained.cost_per_1000  # fmt: skip


def served(facts: PlanFacts) -> list[Option]:
    """The choice opened again, where what the live variant took in service contradicts it: it
    costs more than was measured, so that another may be cheaper, or it breaks the goal."""
    live, seen = facts.live, facts.live.served
    if seen is None or seen.n < SERVED_MIN:
        return []
    why, why_zh = [], []
    goal = facts.p95_goal_ms
    if goal is not None and seen.p95_ms is not None and seen.p95_ms > goal:
        before = f" ({live.p95_ms:.4g} before)" if live.p95_ms is not None else ""
        before_zh = f"（事先 {live.p95_ms:.4g}）" if live.p95_ms is not None else ""
        why.append(f"{live.name} took p95 {seen.p95_ms:.4g} ms in service{before}, above the goal {goal:g}")  # fmt: skip
        why_zh.append(f"{live.name_zh} 服务时 p95 为 {seen.p95_ms:.4g} 毫秒{before_zh}，高于目标 {goal:g}")  # fmt: skip
    times = seen.cost_per_1000 / live.cost_per_1000 if live.cost_per_1000 > 0 else 1.0
    best = _as_served(facts, seen, times) if times > SERVED_WITHIN else None
    if best is not None:
        why.append(f"{live.name} cost {times:.2f}x in service what was measured before; {best.because}")  # fmt: skip
        why_zh.append(f"{live.name_zh} 服务成本是事先测得的 {times:.2f} 倍；{best.because_zh}")
    if not why:
        return []
    measured = best is not None and best.measured
    do = measure_again(facts.file)
    if best is not None and best.other is not None and measured:
        do = try_variant(facts.file, best.other.name, own=_own(facts, best.other))
    net, low, high = (best.net, best.low, best.high) if best else (None, None, None)
    evidence = MEASURED if measured or best is None else ASSUMED
    return [Option("served_variant", 0.0, net, net, low, high, evidence, "; ".join(why), "；".join(why_zh), do.en, do.zh)]  # fmt: skip


@dataclass(frozen=True)
class _Saving:
    net: float
    low: float
    high: float
    because: str
    because_zh: str
    other: Priced | None = None
    measured: bool = False


def _as_served(facts: PlanFacts, seen: Served, times: float) -> _Saving | None:
    """The variant that would save most if its figures hold in service; None where none would."""
    found = []
    for other in facts.alternatives:
        if other.variant == facts.live.variant:
            continue
        own = other.served if other.served is not None and other.served.n >= SERVED_MIN else None
        # Never served: between what was measured of it, and that with the live one's excess.
        dear = own.cost_per_1000 if own else other.cost_per_1000 * times
        cheap = own.cost_per_1000 if own else other.cost_per_1000
        lost = (facts.live.accuracy - other.accuracy) * facts.requests * facts.correct_answer
        low, high = (
            (seen.cost_per_1000 - cost) * facts.requests / 1000 - lost for cost in (dear, cheap)
        )
        half = _spread(facts, other)
        word, word_zh = ("in service", "服务时") if own else ("as measured", "按测得")
        because = f"{other.name} costs {cheap / seen.cost_per_1000:.2f}x of that {word}"
        because_zh = f"{other.name_zh} {word_zh}是它的 {cheap / seen.cost_per_1000:.2f} 倍"
        if (seen.cost_per_1000 - cheap) * facts.requests / 1000 >= SAME_MONEY * facts.unit:
            found.append(_Saving((low + high) / 2, low - half, high + half, because, because_zh, other, own is not None))  # fmt: skip
    hopeful = [saving for saving in found if saving.high > 0]
    return max(hopeful, key=lambda saving: saving.net, default=None)


def _saving(facts: PlanFacts, other: Priced) -> _Saving:
    live, worth = facts.live, facts.requests * facts.correct_answer
    saved = (live.cost_per_1000 - other.cost_per_1000) * facts.requests / 1000
    lost = (live.accuracy - other.accuracy) * worth
    net, spread = saved - lost, _spread(facts, other)
    because = f"{other.name} instead of {live.name}: {_signed(saved)} {facts.currency} of serving, {_signed(-lost)} {facts.currency} of answers over {facts.requests:,} requests"
    because_zh = f"用 {other.name_zh} 代替 {live.name_zh}：{facts.requests:,} 次请求中服务成本 {_signed(saved)} {facts.currency}，答案价值 {_signed(-lost)} {facts.currency}"
    return _Saving(net, net - spread, net + spread, because, because_zh)


def _spread(facts: PlanFacts, other: Priced) -> float:
    """Half an interval of the money between two accuracies, as if measured on different records:
    the same records make it narrower, an old live variant does not."""
    width = math.hypot(facts.live.high - facts.live.low, other.high - other.low)
    return width / 2 * facts.requests * facts.correct_answer


def _signed(money: float) -> str:
    """Cents, and below one the digits that count: a saving is never `+0.00`."""
    return f"{money:+,.2f}" if abs(money) >= 1 or money == 0 else f"{money:+.3g}"


def nothing(facts: PlanFacts) -> Option:
    do = keep(facts.file, _money(facts, facts.unit))
    return Option("nothing", 0.0, 0.0, 0.0, 0.0, 0.0, MEASURED, "keep the money", "保留这笔钱", do.en, do.zh)  # fmt: skip


def market(facts: PlanFacts) -> Option:
    """No campaign was ever measured here, so no figure is given: only the experiment that would."""
    probe = facts.unit * PROBE
    why = f"no evidence in the ledger: spend {probe:,.2f} {facts.currency} on one channel with a held-out group, and the next plan can tell"
    why_zh = f"账本中没有证据：先用 {probe:,.2f} {facts.currency} 在一个渠道做有对照组的试验，下次规划即可判断"
    do = try_market(_money(facts, probe))
    return Option("market", probe, None, None, None, None, ASSUMED, why, why_zh, do.en, do.zh)

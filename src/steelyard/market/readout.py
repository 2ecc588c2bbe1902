"""What the canary showed: outcome and cost by arm, an always-valid interval, a decision.

Knows no HTTP. Example: `decide(difference, live, canary, loss_max=0.02, value=0.01).decision`
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from steelyard.spec import ProductFile
from steelyard.stats import Interval, Sample
from steelyard.stats import difference as sequence
from steelyard.store import Store, tables
from steelyard.tasks import Task

PATH_POINTS = 40
# Where the interval is narrowest. It must be fixed before the data come, and an experiment may
# outlive a change of the product file.
TUNED_AT = 2000
ARMS = ("live", "canary")


@dataclass(frozen=True)
class Arm:
    """One side of the experiment; cost in money per 1,000 requests."""

    variant: str
    name: str
    n: int
    outcome: float
    cost_per_1000: float
    p95_ms: float


@dataclass(frozen=True)
class Decision:
    """`promote`, `rolled back` or `keep`, and why, in both languages."""

    decision: str
    reason: str
    reason_zh: str


@dataclass(frozen=True)
class Readout:
    arms: dict[str, Arm]
    difference: Interval
    path: list[dict[str, float]]
    decision: Decision

    def to_json(self) -> dict[str, Any]:
        return {
            "arms": {k: asdict(v) for k, v in self.arms.items()},
            "difference": asdict(self.difference),
            "path": self.path,
            **asdict(self.decision),
        }


def readout(
    store: Store, product: ProductFile, *, task: Task, variants: Mapping[str, str], prefix: str,
    without: Set[str] = frozenset(),
) -> Readout:  # fmt: skip
    """Read the answers of one experiment (request ids begin with `prefix`, those of `without`
    left out) and decide."""
    rows = [row for row in _rows(store, task, prefix) if row["request"] not in without]
    by_arm = {arm: [r for r in rows if r["variant"] == variants[arm]] for arm in ARMS}
    name = {row["id"]: row["name"] for row in store.variants()}
    price = float(product.spec.money.prices.cpu_hour)
    arms = {arm: _arm(variants[arm], name, by_arm[arm], price) for arm in ARMS}
    confidence = product.spec.market.confidence
    path = _path(rows, variants, confidence=confidence)
    samples = {arm: Sample.of([r["outcome"] for r in by_arm[arm]]) for arm in ARMS}
    found = difference(samples["live"], samples["canary"], confidence=confidence)
    value = float(product.spec.money.correct_answer)
    loss = product.spec.market.outcome_loss_max
    return Readout(arms, found, path, decide(found, arms["live"], arms["canary"], loss_max=loss, value=value))  # fmt: skip


def difference(live: Sample, canary: Sample, *, confidence: float) -> Interval:
    """canary - live, always valid. Outcomes lie in [0, 1], so it never leaves [-1, 1]."""
    found = sequence(live, canary, confidence=confidence, tuned_at=TUNED_AT)
    return Interval(found.value, max(-1.0, found.low), min(1.0, found.high), found.n)


def decide(found: Interval, live: Arm, canary: Arm, *, loss_max: float, value: float) -> Decision:
    """Proven worse by more than `loss_max` goes back; proven not worse than that and worth more
    per request goes up; anything else stays a canary and gathers more."""
    seen = f"outcome {found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}] over {found.n:,} requests"
    seen_zh = (
        f"结果差 {found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]，共 {found.n:,} 次请求"
    )
    if found.high < -loss_max:
        return Decision("rolled back", f"worse by more than {loss_max:g}: {seen}", f"差于容许值 {loss_max:g}：{seen_zh}")  # fmt: skip
    extra = found.value * value * 1000 - (canary.cost_per_1000 - live.cost_per_1000)
    worth = f"{extra:+.4f} money per 1,000 requests"
    worth_zh = f"每千次请求净值 {extra:+.4f}"
    if found.low > -loss_max and extra > 0:
        return Decision("promote", f"not worse by more than {loss_max:g}, and {worth}: {seen}", f"未差于容许值 {loss_max:g}，{worth_zh}：{seen_zh}")  # fmt: skip
    if found.low > -loss_max:
        return Decision(
            "keep", f"not worse, but {worth}: {seen}", f"不更差，但{worth_zh}：{seen_zh}"
        )
    return Decision("keep", f"undecided, more requests are needed: {seen}", f"尚无定论，需要更多请求：{seen_zh}")  # fmt: skip


def _rows(store: Store, task: Task, prefix: str) -> list[dict[str, Any]]:
    """Answers with their outcome, in the order of the answers."""
    a, f = tables.answer, tables.feedback
    query = (
        sa.select(
            a.c.request, a.c.variant, a.c.cpu_s, a.c.latency_ms, a.c.label, f.c.value.label("truth")
        )
        .join(f, f.c.answer == a.c.id)
        .where(f.c.kind == "outcome", a.c.request.startswith(prefix, autoescape=True))
        .where(a.c.product == store.product)
        .order_by(a.c.created, a.c.id)
    )
    rows = store.database.rows(query)
    return [row | {"outcome": task.outcome(row["label"], row["truth"])} for row in rows]


def _arm(variant: str, names: Mapping[str, str], rows: list[dict[str, Any]], price: float) -> Arm:
    n = len(rows)
    cpu_s = float(np.mean([r["cpu_s"] for r in rows])) if n else 0.0
    return Arm(
        variant=variant, name=names.get(variant, variant[:12]), n=n,
        outcome=float(np.mean([r["outcome"] for r in rows])) if n else 0.0,
        cost_per_1000=cpu_s * 1000 / 3600 * price,
        p95_ms=float(np.quantile([r["latency_ms"] for r in rows], 0.95)) if n else 0.0,
    )  # fmt: skip


def _path(
    rows: list[dict[str, Any]], variants: Mapping[str, str], *, confidence: float
) -> list[dict[str, float]]:
    """The interval as the answers came in: what a watcher would have seen."""
    found = []
    looks = np.unique(np.linspace(0, len(rows), PATH_POINTS + 1).astype(int)[1:])
    for n in looks:
        part = rows[:n]
        samples = [
            Sample.of([r["outcome"] for r in part if r["variant"] == variants[arm]]) for arm in ARMS
        ]
        if all(s.n for s in samples):
            seen = difference(*samples, confidence=confidence)
            found.append({"n": int(n), "value": seen.value, "low": seen.low, "high": seen.high})
    return found

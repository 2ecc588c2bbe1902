"""The table of variants as it is left: each with its figures, the choice among them and why. Knows no store.

Example: `chosen(product, task, assessed, "torch_fp32").chosen`
"""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.compress.candidate import INTERVAL, Candidate, Gap
from steelyard.compress.choose import Stakes, choose
from steelyard.compress.left import Compressed, VariantRow
from steelyard.compress.limits import Loss
from steelyard.compress.quality import Quality
from steelyard.engine.evaluate import UTILITY
from steelyard.engine.measure import Measured
from steelyard.goals import errors_of, limits
from steelyard.reason import Reason
from steelyard.spec import ProductFile
from steelyard.tasks import Task
from steelyard.tasks.valuation import valuation_of

BASELINE = "baseline"


@dataclass(frozen=True)
class Assessed:
    """One variant with everything that was measured of it."""

    name: str
    variant: str
    quality: Quality
    measured: Measured
    gap: Gap | None = None


def cost_per_1000(product: ProductFile, cpu_ms: float) -> float:
    """Money for 1,000 items at the price of a CPU hour."""
    return float(product.spec.money.prices.cpu_hour) * cpu_ms * 1000 / 3_600_000


def chosen(
    product: ProductFile, task: Task, assessed: dict[str, Assessed], parent: str
) -> Compressed:
    spec = product.spec
    worth = float(valuation_of(task, spec.money).range)
    stakes = Stakes(spec.plan.requests, float(spec.plan.unit), spec.money.currency, worth)
    candidates = {name: _candidate(product, task, one) for name, one in assessed.items()}
    baseline = candidates.pop(BASELINE)
    judged = choose(
        list(candidates.values()),
        limits(spec.goals, errors_of(task.known)),
        metric=task.quality,
        reference=candidates[parent].quality,
        loss=Loss(spec.compress.quality_loss_max, spec.compress.confidence),
        stakes=stakes,
    )
    rows = [
        _row(assessed[j.candidate.name], j.candidate, j.why, meets=j.meets, chosen=j.chosen)
        for j in judged
    ]
    why = Reason("variant.baseline")
    rows.append(_row(assessed[BASELINE], baseline, why, meets=False, chosen=False))
    best = next((j.candidate.variant for j in judged if j.chosen), None)
    metrics = {n: one.quality.evaluation.metrics for n, one in assessed.items()}
    utility = {n: m[UTILITY] if UTILITY in m else m["accuracy"] for n, m in metrics.items()}
    return Compressed(best, tuple(rows), utility)


def _row(one: Assessed, c: Candidate, why: Reason, *, meets: bool, chosen: bool) -> VariantRow:
    m = one.measured
    return VariantRow(
        **vars(c),
        meets=meets,
        chosen=chosen,
        why=why if meets or one.name == BASELINE else _busy(m, why),
        p50_ms=m.p50_ms,
        evaluated_on=one.quality.on,
        timed_on=m.conditions(),
        busy=m.on_busy_machine,
        wall_per_cpu=round(m.busy, 3),
        flat=m.flat,
    )


def _busy(m: Measured, why: Reason) -> Reason:
    """A goal missed while other processes had the core may be met on a quiet machine."""
    if not m.on_busy_machine:
        return why
    return Reason("variant.timed_busy", {"why": why, "wall_s": m.busy})


def _candidate(product: ProductFile, task: Task, one: Assessed) -> Candidate:
    metrics = one.quality.evaluation.metrics
    quality, m = metrics[task.quality], one.measured
    return Candidate(
        variant=one.variant,
        name=one.name,
        quality=quality.value,
        low=quality.low,
        high=quality.high,
        cpu_ms=m.cpu_ms,
        p95_ms=m.p95_ms,
        memory_mb=m.memory_mb,
        cost_per_1000=cost_per_1000(product, m.cpu_ms),
        metrics={name: seen.value for name, seen in metrics.items()},
        few=one.quality.evaluation.few(task.quality),
        gap=one.gap,
        errors={name: (seen.high - seen.low) / INTERVAL for name, seen in metrics.items()},
    )

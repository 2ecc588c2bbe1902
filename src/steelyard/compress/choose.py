"""The variant that meets the goals at the lowest cost, and why each other one was not chosen.

Knows no model and no store. Example: `choose(candidates, goals, reference=0.86, loss_max=0.005)`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.spec.model import Goals

# Two timings of one model differ by this much here: within it, the earlier in the list wins, so
# that noise does not flip the choice.
SAME_COST = 0.10


@dataclass(frozen=True)
class Candidate:
    """One measured variant. `quality` is the task's, `cost_per_1000` in the product's money."""

    variant: str
    name: str
    quality: float
    low: float
    high: float
    cpu_ms: float
    p95_ms: float
    memory_mb: float
    cost_per_1000: float


@dataclass(frozen=True)
class Why:
    """One sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Judged:
    """A candidate, whether it meets every goal, and the sentence that says why (not)."""

    candidate: Candidate
    meets: bool
    chosen: bool
    why: Why


def choose(
    candidates: Sequence[Candidate],
    goals: Goals,
    *,
    metric: str,
    reference: float,
    loss_max: float,
) -> list[Judged]:
    """Judge every candidate; at most one is chosen. `reference` is the uncompressed quality, and
    `metric` its name: that of the goal it must reach."""
    lacks = {
        c.variant: lacking(c, goals, metric=metric, reference=reference, loss_max=loss_max)
        for c in candidates
    }
    able = [c for c in candidates if not lacks[c.variant]]
    cheapest = min((c.cost_per_1000 for c in able), default=0.0)
    best = next((c for c in able if c.cost_per_1000 <= cheapest * (1 + SAME_COST)), None)
    return [
        Judged(c, not lacks[c.variant], c is best, _why(c, lacks[c.variant], best))
        for c in candidates
    ]


def lacking(
    c: Candidate, goals: Goals, *, metric: str, reference: float, loss_max: float
) -> list[Why]:
    """Goals the candidate misses, as sentences with numbers."""
    found = []
    least, loss = getattr(goals, metric, None), reference - c.quality
    if least is not None and c.quality < least:
        found.append(Why(
            f"{metric} {c.quality:.4f} is below the goal {least:g}",
            f"{metric} {c.quality:.4f} 低于目标 {least:g}",
        ))  # fmt: skip
    if loss > loss_max:
        found.append(Why(
            f"quality {c.quality:.4f} is {loss:.4f} below the uncompressed {reference:.4f} (limit {loss_max:g})",
            f"质量 {c.quality:.4f} 比未压缩的 {reference:.4f} 低 {loss:.4f}（限度 {loss_max:g}）",
        ))  # fmt: skip
    limits = (
        ("p95", "p95", c.p95_ms, goals.p95_ms, " ms"),
        ("memory", "内存", c.memory_mb, goals.memory_mb, " MB"),
        ("cost per 1,000", "每千次成本", c.cost_per_1000, goals.cost_per_1000, ""),
    )
    for what, what_zh, value, limit, unit in limits:
        if limit is not None and value > limit:
            found.append(Why(
                f"{what} {value:.4g}{unit} is above the goal {limit:g}",
                f"{what_zh} {value:.4g}{unit} 高于目标 {limit:g}",
            ))  # fmt: skip
    return found


def _why(c: Candidate, lacks: list[Why], best: Candidate | None) -> Why:
    if lacks:
        return Why("; ".join(w.en for w in lacks), "；".join(w.zh for w in lacks))
    if best is None or c is best:
        return Why("meets every goal at the lowest cost", "满足所有目标且成本最低")
    times = c.cost_per_1000 / best.cost_per_1000 if best.cost_per_1000 else 1.0
    if times <= 1 + SAME_COST:
        return Why(
            f"costs {times:.2f}x {best.name}: the same within the noise, and later in the list",
            f"成本是 {best.name} 的 {times:.2f} 倍：在噪声范围内相同，且排在其后",
        )
    return Why(f"costs {times:.1f}x {best.name}", f"成本是 {best.name} 的 {times:.1f} 倍")

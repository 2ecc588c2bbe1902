"""What a variant takes on this machine: CPU per item, latency, memory. Knows no money.

Measured on the product's own inputs, every variant in turn, so that ratios hold on a noisy
machine. Example: `time_variants({"onnx_int8": predictor}, contents, clock=Clock())`
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from steelyard.engine.predictor import Predictor
from steelyard.engine.processes import command, environment
from steelyard.errors import StoreError
from steelyard.store import Clock
from steelyard.tasks import Content

ROUNDS = 3
SINGLES = 100
MEMORY_TIMEOUT_S = 300


@dataclass(frozen=True)
class Timing:
    """`cpu_ms`: CPU milliseconds an item in length-sorted batches, over `n` items; p50 and p95 of
    one request, over `singles` requests."""

    cpu_ms: float
    p50_ms: float
    p95_ms: float
    n: int
    singles: int


def time_variants(
    predictors: Mapping[str, Predictor], contents: Sequence[Content], *, clock: Clock,
    batch_tokens: int, rounds: int = ROUNDS, progress: Callable[[int], None] | None = None,
) -> dict[str, Timing]:  # fmt: skip
    """Median over rounds; in every round each variant is timed once, after a warm-up."""
    cpu: dict[str, list[float]] = {name: [] for name in predictors}
    single: dict[str, list[float]] = {name: [] for name in predictors}
    for predictor in predictors.values():
        predictor.logits(contents[:8], batch_tokens=batch_tokens)
    for turn in range(rounds):
        part = contents[turn * SINGLES // rounds : (turn + 1) * SINGLES // rounds]
        for name, predictor in predictors.items():
            before = clock.cpu_s()
            predictor.logits(contents, batch_tokens=batch_tokens)
            cpu[name].append((clock.cpu_s() - before) * 1000 / len(contents))
            single[name] += _singles(predictor, part, clock)
            if progress is not None:
                progress(1)
    return {
        name: Timing(
            cpu_ms=float(np.median(cpu[name])),
            p50_ms=float(np.quantile(single[name], 0.5)),
            p95_ms=float(np.quantile(single[name], 0.95)),
            n=len(contents),
            singles=len(single[name]),
        )
        for name in predictors
    }


def _singles(predictor: Predictor, contents: Sequence[Content], clock: Clock) -> list[float]:
    found = []
    for content in contents:
        before = clock.wall_s()
        predictor.predict([content])
        found.append((clock.wall_s() - before) * 1000)
    return found


def memory_mb(folder: Path) -> float:
    """Resident memory a fresh process gains by loading a variant and answering once, in MB."""
    done = subprocess.run(
        command("steelyard.engine.memory", folder), env=environment(), capture_output=True,
        text=True, timeout=MEMORY_TIMEOUT_S, check=False,
    )  # fmt: skip
    try:
        return float(done.stdout.strip())
    except ValueError:
        fact = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise StoreError(
            str(folder), "a variant that loads in a process of its own", fact
        ) from None

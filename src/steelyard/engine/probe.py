"""One variant in a process of its own: loads it, answers as the server would, tells what it took.

`python -P -m steelyard.engine.probe FOLDER THREADS CLOCK` reads one JSON question a line and writes
one JSON answer a line. Knows no ledger. Example: {"do": "round", "batches": [[0], [1, 2]]}
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from steelyard.clock import Clock
from steelyard.engine.model import BATCH_ITEMS, open_model, read_config
from steelyard.engine.processes import named_clock

_LIBRARIES = {
    "torch": ("torch", "transformers"),
    "onnxruntime": ("onnxruntime",),
    "openvino": ("openvino",),
}
SIZES_MAX = (
    16  # sizes visited one by one and in full batches, the smallest and the largest among them
)
WINDOW = 8  # batches between two looks at the memory
WINDOWS_MAX = 24
QUIET_WINDOWS = 2
# Between the answers of a quick variant, as in service: a processor that was idle is slower, so a
# request right behind another takes less CPU than one by itself.
PAUSE_S = 0.005
GROWTH = 0.01  # of the memory, in one window: less is flat
GROWTH_MB = 1.0


def resident_mb() -> float:
    """Anonymous and file pages of this process that are in memory now."""
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


class Probe:
    """A loaded variant, and the values it is asked."""

    def __init__(self, folder: Path, threads: int, clock: Clock) -> None:
        for library in _LIBRARIES.get(str(read_config(folder).runtime), ()):
            __import__(library)  # first, so that only the variant is counted
        self.clock, self.seen = clock, set[str]()
        self.before_mb = resident_mb()
        self.model = open_model(folder, threads=threads)
        self.values: list[Any] = []
        self.batch_tokens = 0

    def open(self, values: list[Any], batch_tokens: int) -> dict[str, Any]:
        """Keep what a request may hold; {"values": how many, "tokens": of one on average}."""
        self.values = [v for v in values if self._readable(v)]
        self.batch_tokens = batch_tokens
        features = [self.model.features([self._content(i)])[0] for i in range(len(self.values))]
        sizes = [self.model.size(f) for f in features]
        return {"values": len(self.values), "tokens": sum(sizes) / max(1, len(sizes))}

    def _readable(self, value: Any) -> bool:
        try:
            self.model.task.decode(value)
        except ValueError:
            return False  # a record may be longer than a request may
        return True

    def round(self, batches: list[list[int]]) -> dict[str, Any]:
        """For each batch [whether its shape was new, CPU seconds, wall seconds]."""
        took: list[tuple[bool, float, float]] = []
        for batch in batches:
            if took and took[-1][2] < PAUSE_S:
                time.sleep(PAUSE_S)
            took.append(self._answer(batch))
        return {"took": took}

    def _answer(self, batch: list[int]) -> tuple[bool, float, float]:
        """The way of a request: read, prepared alone, answered in company."""
        cpu, wall = self.clock.cpu_s(), self.clock.wall_s()
        features = [f for i in batch for f in self.model.features([self._content(i)])]
        sizes = [self.model.size(f) for f in features]
        self.model.answers_of(features, batch_tokens=self.batch_tokens)
        cpu, wall = self.clock.cpu_s() - cpu, self.clock.wall_s() - wall
        shape = ",".join(map(str, sorted(sizes)))
        new = shape not in self.seen
        self.seen.add(shape)
        return new, cpu, wall

    def _content(self, i: int) -> Any:
        return self.model.task.decode(self.values[i])

    def flat(self) -> dict[str, Any]:
        """Answer until the memory grows no more: every size alone and in full batches, then any."""
        features = [self.model.features([self._content(i)])[0] for i in range(len(self.values))]
        sizes = [self.model.size(f) for f in features]
        rng, most, batches = random.Random(0), 0.0, 0
        for i in _visited(sizes):
            for count in (1, self._full(sizes[i])):
                self._run([features[i]] * count)
                batches += 1
        quiet, before = 0, resident_mb()
        for _ in range(WINDOWS_MAX):
            for _ in range(WINDOW):
                chosen = [rng.randrange(len(sizes)) for _ in range(rng.randint(1, BATCH_ITEMS))]
                chosen = chosen[: rng.randint(1, self._full(max(sizes[i] for i in chosen)))]
                self._run([features[i] for i in chosen])
            batches += WINDOW
            now = resident_mb()
            quiet = (
                quiet + 1 if now - before <= max(GROWTH_MB, GROWTH * (now - self.before_mb)) else 0
            )
            most, before = max(most, now), now
            if quiet == QUIET_WINDOWS:
                break
        return {
            "memory_mb": most - self.before_mb,
            "flat": quiet == QUIET_WINDOWS,
            "batches": batches,
        }

    def _full(self, size: int) -> int:
        return max(1, min(BATCH_ITEMS, self.batch_tokens // max(1, size)))

    def _run(self, features: list[Any]) -> None:
        self.model.answers_of(features, batch_tokens=self.batch_tokens)


def _visited(sizes: list[int]) -> list[int]:
    """One index for each of at most SIZES_MAX sizes, spread from the smallest to the largest."""
    place = {size: i for i, size in enumerate(sizes)}
    distinct = sorted(place)
    step = max(1.0, (len(distinct) - 1) / (SIZES_MAX - 1))
    picked = {round(k * step) for k in range(SIZES_MAX) if round(k * step) < len(distinct)}
    return [place[distinct[k]] for k in sorted(picked | {len(distinct) - 1})]


def main(folder: Path, threads: int, clock: Clock, questions: TextIO, answers: TextIO) -> None:
    probe = Probe(folder, threads, clock)
    for line in questions:
        asked = json.loads(line)
        does: dict[str, Callable[..., dict[str, Any]]] = {
            "open": probe.open,
            "round": probe.round,
            "flat": probe.flat,
        }
        print(json.dumps(does[asked.pop("do")](**asked)), file=answers, flush=True)


if __name__ == "__main__":
    # Libraries may print; what they say must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    main(Path(sys.argv[1]), int(sys.argv[2]), named_clock(sys.argv[3]), sys.stdin, answers)

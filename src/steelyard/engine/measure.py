"""What a variant takes on this machine, measured as it will be served. Knows no money.

Each variant answers in a fresh process of its own, through the path of a request, in the batches
that the expected traffic makes; all of them in turn, so that ratios hold on a noisy machine.
Example: `measure_variants({"onnx_int8": folder}, values, traffic=t, threads=1, clock=Clock())`
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.clock import Clock
from steelyard.engine.model import BATCH_ITEMS
from steelyard.engine.processes import clock_name, command, cores, environment
from steelyard.engine.traffic import Traffic, quantile
from steelyard.errors import StoreError
from steelyard.tasks import Array

ROUNDS = 3
ROUNDS_MAX = 6
WARM_UP = 8
BUSY = 1.15  # wall seconds for one of CPU: above it another process had the core
ANSWER_TIMEOUT_S = 600


@dataclass(frozen=True)
class Measured:
    """What one variant takes. `cpu_ms` an item, new shapes spread over a day's requests; `p50_ms`
    and `p95_ms` of one request, from the quietest of the rounds; `n` requests a round; `busy` the
    wall seconds for one of CPU in the quietest round; `load` of the machine, in processes."""

    cpu_ms: float
    p50_ms: float
    p95_ms: float
    memory_mb: float
    flat: bool
    n: int
    rounds: int
    batch: float  # requests in one batch, on average
    busy: float
    load: float

    @property
    def on_busy_machine(self) -> bool:
        return self.busy > BUSY

    def conditions(self) -> str:
        """What a reader must know about the machine, in a few words."""
        return (
            f"load {self.load:.1f}, wall/CPU {self.busy:.2f} in the quietest of {self.rounds} rounds, "
            f"{self.batch:.2g} requests a batch"
        )


@dataclass
class Rounds:
    """What each batch took in each round, of one variant."""

    batches: list[list[int]]
    most: int  # requests in one
    took: list[list[tuple[bool, float, float]]] = field(default_factory=list)
    # of the warm-up: [CPU seconds beyond what the same batch takes afterwards, wall seconds]
    started: list[tuple[float, float]] = field(default_factory=list)

    def busy(self) -> float:
        """Wall seconds for one of CPU, in the quietest round."""
        return min(_ratio(row) for row in self.took)

    def figures(self, traffic: Traffic) -> tuple[float, float, float]:
        """(CPU ms an item, p50 ms, p95 ms).

        A batch of a shape met before takes the median CPU and the shortest wall time of its
        rounds. What a new shape took beyond that is paid once a day. A request waits for what is
        before it, at the rate of the traffic, and for the whole of its batch.
        """
        items = np.array([len(batch) for batch in self.batches], dtype=np.float64)
        new = np.array([[b[0] for b in row] for row in self.took])
        cpu = np.array([[b[1] for b in row] for row in self.took]) * 1000
        wall = np.array([[b[2] for b in row] for row in self.took]) * 1000
        warm = np.where(new, np.nan, cpu)
        warm[-1] = np.where(np.isnan(warm).all(axis=0), cpu[-1], warm[-1])  # one round alone
        steady = np.nanmedian(warm, axis=0)
        quiet = np.where(new, np.inf, wall).min(axis=0)
        quiet = np.where(np.isfinite(quiet), quiet, wall.min(axis=0))
        extra = float(np.clip(cpu - steady, 0, None)[new].sum())
        extra += sum(max(0.0, beyond) * 1000 for beyond, _ in self.started)
        cpu_ms = float(steady.sum() / items.sum() + extra / traffic.a_day)
        cold = np.concatenate([wall[new], [taken * 1000 for _, taken in self.started]])
        met = self._latencies_ms(traffic, quiet, items)
        share = min(1.0, cold.size / traffic.a_day)
        weights = np.concatenate(
            [
                np.full(met.size, (1 - share) / met.size),
                np.full(cold.size, share / max(1, cold.size)),
            ]
        )
        values = np.concatenate([met, cold])
        return cpu_ms, quantile(values, weights, 0.5), quantile(values, weights, 0.95)

    def _latencies_ms(self, traffic: Traffic, batch_ms: Array, items: Array) -> Array:
        """What requests take that come at the rate of the traffic, from what batches took."""
        alone, together = batch_ms[items == 1], items > 1
        if alone.size == 0:
            alone = batch_ms / items
        each = batch_ms[together].sum() / items[together].sum() if together.any() else alone.mean()
        return traffic.latencies(alone / 1000, float(each) / 1000, most=self.most) * 1000


class Probing:
    """The process of one variant (`steelyard.engine.probe`), asked and answered in JSON lines."""

    def __init__(self, folder: Path, *, threads: int, clock: Clock) -> None:
        self.folder = folder
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
        self._process = subprocess.Popen(
            command("steelyard.engine.probe", folder.resolve(), str(threads), clock_name(clock)),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Probing:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """StoreError when the variant does not answer, with the last line it said."""
        assert self._process.stdin is not None and self._process.stdout is not None
        late = threading.Timer(ANSWER_TIMEOUT_S, self._process.kill)
        late.start()
        try:
            self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        finally:
            late.cancel()
        if not line:
            self._process.wait()
            self._said.seek(0)
            last = self._said.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            fact = last[0] if last else f"exit {self._process.returncode}"
            raise StoreError(
                str(self.folder), "a variant that answers in a process of its own", fact
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


def measure_variants(
    folders: Mapping[str, Path],
    values: Sequence[Any],
    *,
    traffic: Traffic,
    threads: int,
    clock: Clock,
    borderline: Callable[[str, float, float], bool] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Measured]:
    """Every variant in every round, asked `values` as requests carry them; more rounds for one that was measured while others had the
    core, or whose `borderline(name, cpu_ms, p95_ms)` says that its figures stand at a goal."""
    say = progress or (lambda what, done, total: None)
    taken: dict[str, Rounds] = {}
    with ExitStack() as stack:
        probes: dict[str, Probing] = {}
        side_by_side = partial(_side_by_side, list(folders), places=_places(threads), say=say)

        def opened(name: str) -> dict[str, Any]:
            probe = stack.enter_context(Probing(folders[name], threads=threads, clock=clock))
            probes[name] = probe
            return probe.ask("open", values=values, batch_tokens=traffic.batch_tokens)

        seen = side_by_side("loading variants", opened)
        for name in folders:
            taken[name] = _started(probes[name], seen[name], traffic)
        done, total = 0, ROUNDS * len(folders)
        for _ in range(ROUNDS):
            for name in folders:
                _round(probes[name], taken[name])
                done += 1
                say("timing on this machine", done, total)
        for _ in range(ROUNDS, ROUNDS_MAX):
            again = [n for n, t in taken.items() if _unsure(n, t, traffic, threads, borderline)]
            for name in again:
                say("timing again: busy, or at a goal", len(taken[name].took), ROUNDS_MAX)
                _round(probes[name], taken[name])
        load = os.getloadavg()[0]
        memory = side_by_side("memory until it is flat", lambda name: probes[name].ask("flat"))
    return {name: _measured(taken[name], memory[name], traffic, load) for name in folders}


def _places(threads: int) -> int:
    """How many variants may work at once where nobody takes the time: a core for each thread."""
    return max(1, cores() // threads)


def _side_by_side(
    names: Sequence[str],
    what: str,
    ask: Callable[[str], dict[str, Any]],
    *,
    places: int,
    say: Callable[[str, int, int], None],
) -> dict[str, dict[str, Any]]:
    """One question to every variant, some at a time. Behind an error, or Ctrl-C, no other is asked."""
    answers: dict[str, dict[str, Any]] = {}
    pool = ThreadPoolExecutor(places)
    try:
        waiting = {pool.submit(ask, name): name for name in names}
        say(what, 0, len(names))
        for done in as_completed(waiting):
            answers[waiting[done]] = done.result()
            say(what, len(answers), len(names))
    finally:
        pool.shutdown(cancel_futures=True)
    return answers


def _started(probe: Probing, seen: dict[str, Any], traffic: Traffic) -> Rounds:
    """What its first requests took, and the batches in which they come at the speed seen then."""
    n = seen["values"]
    if not n:
        raise StoreError(str(probe.folder), "held-out records that a request may hold", "none")
    first = [[i % n] for i in range(WARM_UP)]
    cold, warm = (probe.ask("round", batches=first)["took"] for _ in range(2))
    service_s = float(np.median([wall for _, _, wall in warm]))
    started = [(c[1] - w[1], c[2]) for c, w in zip(cold, warm, strict=True) if c[0]]
    each = max(seen["tokens"], 1.0)  # a model may need nothing of what it is asked
    most = min(BATCH_ITEMS, max(1, int(traffic.batch_tokens / each)))
    return Rounds(traffic.batches(n, service_s, most=most), most=most, started=started)


def _round(probe: Probing, rounds: Rounds) -> None:
    took = probe.ask("round", batches=rounds.batches)["took"]
    rounds.took.append([(bool(new), float(cpu), float(wall)) for new, cpu, wall in took])


def _unsure(
    name: str,
    rounds: Rounds,
    traffic: Traffic,
    threads: int,
    borderline: Callable[[str, float, float], bool] | None,
) -> bool:
    cpu_ms, _, p95_ms = rounds.figures(traffic)
    busy = threads == 1 and rounds.busy() > BUSY  # threads share the work: no ratio to compare
    return busy or (borderline is not None and borderline(name, cpu_ms, p95_ms))


def _measured(rounds: Rounds, memory: dict[str, Any], traffic: Traffic, load: float) -> Measured:
    cpu_ms, p50_ms, p95_ms = rounds.figures(traffic)
    n = sum(len(batch) for batch in rounds.batches)
    return Measured(
        cpu_ms,
        p50_ms,
        p95_ms,
        max(0.0, float(memory["memory_mb"])),
        bool(memory["flat"]),
        n,
        len(rounds.took),
        n / len(rounds.batches),
        rounds.busy(),
        load,
    )


def _ratio(took: list[tuple[bool, float, float]]) -> float:
    cpu, wall = sum(b[1] for b in took), sum(b[2] for b in took)
    return wall / cpu if cpu > 0 else 1.0

"""Trainings side by side, each in a process of its own. Knows no curve and no store.

How many run at once changes when they end, and nothing else: a training that was interrupted is
continued, and one that is done is not run again. Example: `side_by_side(jobs, clock=clock)`
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from steelyard.clock import Clock
from steelyard.engine.processes import clock_name, command, cores, environment
from steelyard.errors import StoreError
from steelyard.stage import Report
from steelyard.train.worker import Job, Result, result_of, write_job

MEMORY_A_TRAINING = 2.5e9  # bytes; more at once than the memory holds would be slower, or killed


def side_by_side(
    jobs: Sequence[Job], *, clock: Clock, places: int | None = None, report: Report | None = None
) -> list[Result]:
    """Results in the order of the jobs; StoreError when a training ends without one."""
    waiting = sorted((j for j in jobs if result_of(Path(j.folder)) is None), key=lambda j: j.labels)
    running: list[_Worker] = []
    said: queue.Queue[tuple[_Worker, str | None]] = queue.Queue()
    try:
        while waiting or running:
            while waiting and len(running) < (places or _places()):
                running.append(_Worker(waiting.pop(), clock, said))  # the longest first
            worker, line = said.get()
            if line is None:
                running.remove(worker)
                worker.end()
            elif report is not None:
                step, steps = json.loads(line)
                report(f"curve {worker.job.labels}", step, steps)
    finally:
        for worker in running:
            worker.stop()
    return [_result(job) for job in jobs]


def _places() -> int:
    import psutil

    free = int(psutil.virtual_memory().available / MEMORY_A_TRAINING)
    return max(1, min(cores(), free))


def _result(job: Job) -> Result:
    result = result_of(Path(job.folder))
    if result is None:
        raise StoreError(
            f"curve {job.labels}", "the result of a training", "none", "run the command again"
        )
    return result


class _Worker:
    """One running training; what it prints goes to the queue, and None when it is over."""

    def __init__(
        self, job: Job, clock: Clock, said: queue.Queue[tuple[_Worker, str | None]]
    ) -> None:
        self.job, self._errors = job, Path(job.folder) / "errors.txt"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command("steelyard.train.worker", write_job(job).resolve(), clock_name(clock)),
                env=environment(OMP_NUM_THREADS="1"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
            )
        assert self._process.stdout is not None
        threading.Thread(target=self._read, args=(self._process.stdout, said), daemon=True).start()

    def _read(self, lines: IO[str], said: queue.Queue[tuple[_Worker, str | None]]) -> None:
        for line in lines:
            said.put((self, line))
        said.put((self, None))

    def end(self) -> None:
        """StoreError with its last words when it failed."""
        code = self._process.wait()
        self._close()
        if code:
            last = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            fact = last[-1] if last else f"exit {code} (-9: killed, perhaps for want of memory)"
            raise StoreError(
                f"curve {self.job.labels}",
                "a training that ends well",
                fact,
                "run the command again",
            )

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

"""A bounded queue and a token-budget batcher in front of one predictor. Knows no HTTP.

Full means refused at once: an unbounded queue only turns overload into latency.
Example: `Batcher(predictor, settings, clock=Clock()).submit(["很好"]).result()[0].answer.label`
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from steelyard.engine.predictor import Predictor
from steelyard.errors import RequestError
from steelyard.spec.model import Serve
from steelyard.store import Clock
from steelyard.tasks import Answer, Content

ITEMS_MAX = 64


@dataclass(frozen=True)
class Priced:
    """An answer and the CPU seconds it took."""

    answer: Answer
    cpu_s: float


@dataclass(frozen=True)
class _Job:
    features: list[Any]
    sizes: list[int]
    future: Future[list[Priced]]


class Batcher:
    """One worker thread; requests of similar length share a batch."""

    def __init__(self, predictor: Predictor, settings: Serve, *, clock: Clock) -> None:
        self.predictor, self.settings, self.clock = predictor, settings, clock
        self._queue: queue.Queue[_Job | None] = queue.Queue(settings.queue_max)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def submit(self, contents: Sequence[Content]) -> Future[list[Priced]]:
        """Answers in the order of `contents`; RequestError 503 when the queue is full."""
        features = self.predictor.preprocessor.features(contents)
        sizes = [self.predictor.preprocessor.size(f) for f in features]
        job = _Job(features, sizes, Future())
        if self._closed:
            raise _replaced()
        try:
            self._queue.put_nowait(job)
        except queue.Full:
            full = f"a queue of {self.settings.queue_max}"
            raise RequestError(
                503, "server", "room in the queue", full, "retry after a second"
            ) from None
        return job.future

    def close(self) -> None:
        """Answer what is queued, then stop."""
        self._closed = True
        self._queue.put(None)
        self._thread.join(timeout=30)
        while True:  # a request that slipped in behind the last one
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return
            if job is not None:
                job.future.set_exception(_replaced())

    def _work(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            jobs, last = self._gather(first)
            try:
                self._answer(jobs)
            except Exception as error:  # one bad batch must not stop the server
                for job in jobs:
                    job.future.set_exception(error)
            if last:
                return

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """Wait at most `batch_wait_ms` for company, up to the token budget."""
        jobs, tokens = [first], sum(first.sizes)
        deadline = time.monotonic() + self.settings.batch_wait_ms / 1000
        while tokens < self.settings.batch_tokens and len(jobs) < ITEMS_MAX:
            left = deadline - time.monotonic()
            try:
                job = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
            tokens += sum(job.sizes)
        return jobs, False

    def _answer(self, jobs: list[_Job]) -> None:
        features = [f for job in jobs for f in job.features]
        sizes = [s for job in jobs for s in job.sizes]
        before = self.clock.cpu_s() if self.predictor.elsewhere else self.clock.thread_cpu_s()
        logits = self.predictor.logits_of(features, sizes, batch_tokens=self.settings.batch_tokens)
        after = self.clock.cpu_s() if self.predictor.elsewhere else self.clock.thread_cpu_s()
        each = (after - before) / max(1, sum(sizes))
        answers = self.predictor.task.answers(logits)
        at = 0
        for job in jobs:
            part = zip(answers[at : at + len(job.sizes)], job.sizes, strict=True)
            job.future.set_result([Priced(answer, each * size) for answer, size in part])
            at += len(job.sizes)


def _replaced() -> RequestError:
    return RequestError(503, "server", "a release in service", "one just replaced", "retry at once")

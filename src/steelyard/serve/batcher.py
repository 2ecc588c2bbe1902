"""A bounded queue and a token-budget batcher in front of one predictor. Knows no HTTP.

Full means refused at once: an unbounded queue only turns overload into latency.
Example: `b.submit(b.prepare(lambda: ["很好"])).result()[0].answer.label`
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
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
class Prepared:
    """Features of one request, their sizes, and the CPU seconds that reading each took."""

    features: list[Any]
    sizes: list[int]
    cpu_s: float


@dataclass(frozen=True)
class _Job:
    prepared: Prepared
    future: Future[list[Priced]]


class Batcher:
    """One worker thread; requests of similar length share a batch."""

    def __init__(self, predictor: Predictor, settings: Serve, *, clock: Clock) -> None:
        self.predictor, self.settings, self.clock = predictor, settings, clock
        self._queue: queue.Queue[_Job | None] = queue.Queue(settings.queue_max)
        self._closed, self._lock = False, threading.Lock()
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def check_room(self) -> None:
        """RequestError 503 when the queue is full, before any work is put into a request."""
        if self._queue.full():
            raise self._full()

    def prepare(self, read: Callable[[], Sequence[Content]]) -> Prepared:
        """Read the contents of one request and turn them into features, in the calling thread."""
        before = self.clock.thread_cpu_s()
        features = self.predictor.preprocessor.features(read())
        sizes = [self.predictor.preprocessor.size(f) for f in features]
        spent = self.clock.thread_cpu_s() - before
        return Prepared(features, sizes, spent / max(1, len(features)))

    def submit(self, prepared: Prepared) -> Future[list[Priced]]:
        """Answers in the order of the values; RequestError 503 when the queue is full."""
        job = _Job(prepared, Future())
        with self._lock:  # else a job could slip in behind the last look at the queue
            if self._closed:
                raise Replaced()
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                raise self._full() from None
        return job.future

    def close(self) -> None:
        """Answer what is queued, then stop."""
        with self._lock:
            self._closed = True
        self._queue.put(None)
        self._thread.join(timeout=30)

    def _full(self) -> RequestError:
        full = f"a queue of {self.settings.queue_max}"
        return RequestError(503, "server", "room in the queue", full, "retry after a second")

    def _work(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            gathered, last = self._gather(first)
            # a caller that is gone has cancelled its future, which may not be set any more
            jobs = [job for job in gathered if job.future.set_running_or_notify_cancel()]
            try:
                self._answer(jobs)
            except Exception as error:  # one bad batch must not stop the server
                for job in jobs:
                    if not job.future.done():
                        job.future.set_exception(error)
            if last:
                return

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """Wait at most `batch_wait_ms` for company, up to the token budget."""
        jobs, tokens = [first], sum(first.prepared.sizes)
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
            tokens += sum(job.prepared.sizes)
        return jobs, False

    def _answer(self, jobs: list[_Job]) -> None:
        features = [f for job in jobs for f in job.prepared.features]
        sizes = [s for job in jobs for s in job.prepared.sizes]
        before = self.clock.thread_cpu_s()
        logits = self.predictor.logits_of(features, sizes, batch_tokens=self.settings.batch_tokens)
        # A runtime of several threads computes in this one too: their number times its share is
        # what they took at most.
        spent = (self.clock.thread_cpu_s() - before) * self.predictor.threads
        each = spent / max(1, sum(sizes))
        answers = self.predictor.task.answers(logits)
        at = 0
        for job in jobs:
            own = job.prepared
            part = zip(answers[at : at + len(own.sizes)], own.sizes, strict=True)
            job.future.set_result([Priced(a, own.cpu_s + each * size) for a, size in part])
            at += len(own.sizes)


class Replaced(RequestError):
    """The release went out of service between choosing it and asking it."""

    def __init__(self) -> None:
        super().__init__(
            503, "server", "a release in service", "one just replaced", "retry at once"
        )

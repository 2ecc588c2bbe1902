"""Requests in front of one model: bounded by their expected wait, batched, in slices. No HTTP.

What cannot be answered in time is refused at once: an unbounded queue only turns overload into
latency. Example: `b.submit(b.prepare(lambda: ["很好"])).result()[0].answer.value`
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain

from steelyard.clock import Clock
from steelyard.engine.model import Model
from steelyard.errors import RequestError, one_more
from steelyard.serve.busy import Busy
from steelyard.serve.handover import Together
from steelyard.serve.pace import Pace
from steelyard.serve.streams import Answered, Listener, Stream
from steelyard.spec.model import Serve
from steelyard.tasks import Answer, Array, Content

ITEMS_MAX = 64
# A request of many inputs is answered in slices of this length between the requests of others,
# who would otherwise wait for the whole of it.
SLICE_S = 0.01
SLICE_TOKENS = 256  # while the pace is not known
# A batch begins with half of the requests in work, or after this: what is written and told meanwhile
# wants the same interpreter, and many small batches keep it from all of them.
GATHER_S = 0.01
GATHER_SHARE = 0.5
WAIT_S = 1.0  # without a goal for the p95
PIECE_SHARE = 0.1  # of the newest piece in what one is expected to take
# The wait is expected as a mean; what its spread takes beyond the goal, serve/flow.py sees and bounds.
GOAL_SHARE = 0.85


def wait_max_s(goal_ms: float | None) -> float:
    """The longest expected wait of a request that is taken in."""
    return WAIT_S if goal_ms is None else GOAL_SHARE * goal_ms / 1000


@dataclass(frozen=True)
class Prepared:
    """Features of one request, their sizes, and the CPU seconds that reading each took."""

    features: list[Array]
    sizes: list[int]
    cpu_s: float


@dataclass(eq=False)
class _Job:
    prepared: Prepared
    future: Future[list[Answered]] = field(default_factory=Future)
    answered: dict[int, Answered] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)  # items, the shortest last
    tokens: int = 0  # of the items that are left

    def __post_init__(self) -> None:
        sizes = self.prepared.sizes
        self.left = sorted(range(len(sizes)), key=lambda i: -sizes[i])
        self.tokens = sum(sizes)

    def take(self) -> tuple[_Job, int]:
        item = self.left.pop()
        self.tokens -= self.prepared.sizes[item]
        return self, item

    @property
    def next_tokens(self) -> int:
        return self.prepared.sizes[self.left[-1]]


class _Line:
    """Jobs in their order, and their tokens: a number, since it is read without a lock."""

    def __init__(self) -> None:
        self.jobs: deque[_Job] = deque()
        self.tokens = 0

    def __len__(self) -> int:
        return len(self.jobs)

    def add(self, job: _Job) -> None:
        self.jobs.append(job)
        self.tokens += job.tokens

    def take(self, job: _Job) -> tuple[_Job, int]:
        before = job.tokens
        taken = job.take()
        self.tokens -= before - job.tokens
        return taken

    def remove(self, job: _Job) -> None:
        if job in self.jobs:
            self.jobs.remove(job)
            self.tokens -= job.tokens


Batch = list[tuple[_Job, int]]


class Batcher:
    """One worker thread; requests of similar length share a batch, whose answers are told inside
    `telling`."""

    def __init__(
        self,
        model: Model,
        settings: Serve,
        *,
        clock: Clock,
        goal_ms: float | None = None,
        telling: Together = nullcontext,
    ) -> None:
        self.model, self.settings, self.clock = model, settings, clock
        self.in_work = 0
        self.pace, self._telling = Pace(), telling
        self.wait_max_s = wait_max_s(goal_ms)
        # one slice at work and the next one leave half of the time to whoever comes then
        self._slice_s = min(SLICE_S, self.wait_max_s / 4)
        self._gather_s = min(GATHER_S, self.wait_max_s / 8)
        self._few, self._many = _Line(), _Line()  # of many inputs: they are answered in slices
        self._running, self._sliced = 0, False  # tokens; whether the newest batch had a slice
        self._reading = self._coming = 0  # requests that are read, and those of them that soon are
        self._streams: list[Stream] = []  # answers that are being written
        self._piece_s = 0.0  # what a piece of one of them takes
        self._closed, self._changed = False, threading.Condition()
        self._gathers, self._began_s = False, 0.0  # whether a batch waits for company, since when
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return len(self._few) + len(self._many)

    def refusal(self, *, many: bool = False) -> RequestError | None:
        """Why one more request, of `many` inputs or of one, would not be answered in time; None when
        it would be. Those of many inputs wait for all that is here, the others for slices of them:
        who sends many leaves room for the rest."""
        queue = self._many if many else self._few
        expected_s, one_s = self._expected_s(many=many), self.pace.wait_s(self.pace.request_tokens)
        unread = self._reading if many else self._coming
        if len(queue) + unread >= self.settings.queue_max:
            return Busy(
                "room in the queue", f"{self.settings.queue_max} waiting", wait_s=expected_s
            )
        # one at work and one behind it are never too many: a goal that one request alone misses
        # is no reason to answer nobody
        more = self.waiting > 1 if many else expected_s > one_s
        if more and expected_s + one_s + self.pace.after_s > self.wait_max_s:
            return Busy(
                "an answer in time",
                f"{expected_s * 1000:.0f} ms of requests waiting",
                wait_s=expected_s,
            )
        return None

    def check_room(self, *, many: bool = False) -> None:
        """RequestError 503 when it would wait too long, before any work is put into a request."""
        refusal = self.refusal(many=many)
        if refusal is not None:
            raise refusal

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around one request of few inputs, from its submission until its caller is told: a batch may wait
        for those that are on their way back. One that is still read may be refused. In one thread."""
        self.in_work += 1
        try:
            yield
        finally:
            self.in_work -= 1

    @contextmanager
    def reading(self, *, soon: bool = True) -> Iterator[None]:
        """While a request is read: newcomers count it, and a batch may wait for it if it is soon."""
        with self._changed:
            self._reading += 1
            self._coming += soon
        try:
            yield
        finally:
            with self._changed:
                self._reading -= 1
                self._coming -= soon
                if self._gathers:  # who is not waited for wakes nobody: that does who submits
                    self._look()

    def prepare(self, read: Callable[[], Sequence[Content]]) -> Prepared:
        """Read the contents of one request and turn them into features, in the calling thread."""
        before = self.clock.thread_cpu_s()
        features = self.model.features(read())
        return self.prepared(features, self.clock.thread_cpu_s() - before)

    def prepared(self, features: list[Array], cpu_s: float) -> Prepared:
        """Features of one request, wherever they were read, and the CPU seconds that took."""
        sizes = [max(1, self.model.size(f)) for f in features]
        return Prepared(features, sizes, cpu_s / max(1, len(features)))

    def submit(self, prepared: Prepared, *, wake: bool = True) -> Future[list[Answered]]:
        """Answers in the order of the values; RequestError 503 when the queue is full. Who submits
        several at once wakes the worker behind the last of them."""
        job = _Job(prepared)
        with self._changed:  # else a job could slip in behind the last look at the queue
            if self._closed:
                raise Replaced()
            many = job.tokens > self._slice_tokens and len(job.left) > 1
            queue = self._many if many else self._few
            if len(queue) >= self.settings.queue_max:
                raise Busy(
                    "room in the queue", f"{len(queue)} waiting", wait_s=self._expected_s(many=many)
                )
            if not many:
                self.pace.request(job.tokens)
            queue.add(job)
            if wake:
                self._look()
        return job.future

    def write(self, prepared: Prepared, listener: Listener) -> Future[list[Answered]]:
        """The one answer of a request, told to `listener` while it is written: a piece of each such
        answer behind every batch. Where the model does not write, as by `submit`."""
        make: Callable[[Array], Iterator[str | Answer]] | None = getattr(self.model, "stream", None)
        if make is None:
            return self.submit(prepared)
        with self._changed:
            if self._closed:
                raise Replaced()
            if len(self._streams) >= self.settings.streams_max:
                raise Busy("room for a stream", f"{len(self._streams)} being written")
            # begun by the worker, with the first piece
            pieces = chain.from_iterable(make(feature) for feature in prepared.features)
            stream = Stream(pieces, listener, spent_s=prepared.cpu_s)
            stream.future.set_running_or_notify_cancel()
            self._streams.append(stream)
            self._changed.notify()
        return stream.future

    def wake(self) -> None:
        """Look again at what was submitted without it, or at who has left meanwhile."""
        with self._changed:
            self._look()

    def close(self) -> None:
        """Answer what is queued, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=30)

    @property
    def _slice_tokens(self) -> int:
        return round(self._slice_s / self.pace.token_s) if self.pace.token_s else SLICE_TOKENS

    def _expected_s(self, *, many: bool) -> float:
        """Seconds until what goes before a newcomer is through the worker: requests of few inputs,
        those that are soon read, and of many inputs all of them or a slice with every second batch."""
        one, more = self.pace.request_tokens, float(self._many.tokens)
        few = self._few.tokens + self._coming * one
        batches = 1 + few // self.settings.batch_tokens
        slices = (batches + 1) // 2
        more = more if many else min(more, slices * max(self._slice_tokens, one))
        written_s = batches * len(self._streams) * self._piece_s
        return written_s + self.pace.wait_s(self._running + few + more)

    def _work(self) -> None:
        while (batch := self._next()) or self._streams:
            if batch:
                self._work_on(batch)
            self._write_on()

    def _work_on(self, batch: Batch) -> None:
        jobs = {job for job, _ in batch}
        try:
            self._answer(batch)
        except Exception as error:  # one bad batch must not stop the server
            self._give_up(jobs, error)
        with self._changed:
            self._running = 0

    def _write_on(self) -> None:
        """One piece more of every answer that is being written."""
        for stream in list(self._streams):
            before_s = time.perf_counter()
            if not stream.step(self.clock, threads=self.model.threads):
                with self._changed:
                    self._streams.remove(stream)
                with self._telling():
                    stream.tell()
            took_s = time.perf_counter() - before_s
            self._piece_s += PIECE_SHARE * (took_s - self._piece_s)

    def _next(self) -> Batch:
        """The next batch; empty when there is none and answers are being written, or when the batcher
        is closed and nothing is left."""
        with self._changed:
            while True:
                while not (self.waiting or self._streams or self._closed):
                    self._changed.wait()
                if not self.waiting:
                    return []
                self._wait_for_company()
                batch = self._take()
                # all that waited may have been of callers that are gone
                if batch:
                    self._running = sum(job.prepared.sizes[item] for job, item in batch)
                    return batch

    def _look(self) -> None:
        """Wake the worker if there is something to do: else it would ask for the interpreter only
        to wait again."""
        if self.waiting and not (self._gathers and self._company_s() > 0):
            self._changed.notify()

    def _wait_for_company(self) -> None:
        """At most `batch_wait_ms` while another request is soon read, and at most GATHER_S while
        fewer than half of the requests in work are here; a slice alone waits for nobody."""
        self._gathers, self._began_s = True, time.monotonic()
        while not self._closed and (left := self._company_s()) > 0:
            self._changed.wait(left)
        self._gathers = False

    def _company_s(self) -> float:
        """Seconds that a batch which could begin still waits for others."""
        if self._full() or self._streams:
            return 0.0
        read_s = self.settings.batch_wait_ms / 1000 if self._coming else 0.0
        few = 0 < len(self._few) < GATHER_SHARE * self.in_work
        return self._began_s + max(read_s, self._gather_s if few else 0.0) - time.monotonic()

    def _full(self) -> bool:
        return self._few.tokens >= self.settings.batch_tokens or len(self._few) >= ITEMS_MAX

    def _take(self) -> Batch:
        """Whole requests in their order up to the token budget, then a slice of one of many inputs;
        behind a batch with a slice the requests alone, so that none of them waits for two."""
        batch: Batch = []
        tokens = 0
        for job in list(self._few.jobs):
            if not self._starts(job):
                continue
            full = tokens + job.tokens > self.settings.batch_tokens
            if batch and (full or len(batch) + len(job.left) > ITEMS_MAX):
                break
            tokens += job.tokens
            batch += [self._few.take(job) for _ in range(len(job.left))]
            self._few.remove(job)
        rest = [] if batch and self._sliced else self._slice(max(1, ITEMS_MAX - len(batch)))
        self._sliced = bool(rest)
        return batch + rest

    def _slice(self, items_max: int) -> Batch:
        """Some items of the request whose turn it is; at least one, so that none starves."""
        job = next((j for j in list(self._many.jobs) if self._starts(j)), None)
        if job is None:
            return []
        batch = [self._many.take(job)]
        taken = job.prepared.sizes[batch[0][1]]
        while job.left and len(batch) < items_max and taken + job.next_tokens <= self._slice_tokens:
            taken += job.next_tokens
            batch.append(self._many.take(job))
        self._many.remove(job)
        if job.left:
            self._many.add(job)
        return batch

    def _starts(self, job: _Job) -> bool:
        """A caller that is gone has cancelled its future, which may not be set any more."""
        if job.future.running() or job.future.set_running_or_notify_cancel():
            return True
        self._forget(job)
        return False

    def _forget(self, job: _Job) -> None:
        for queue in (self._few, self._many):
            queue.remove(job)

    def _give_up(self, jobs: set[_Job], error: Exception) -> None:
        with self._changed:
            for job in jobs:
                self._forget(job)
        for job in jobs:
            if not job.future.done():
                job.future.set_exception(one_more(error))

    def _answer(self, batch: Batch) -> None:
        features = [job.prepared.features[item] for job, item in batch]
        sizes = [job.prepared.sizes[item] for job, item in batch]
        before, started_s = self.clock.thread_cpu_s(), time.perf_counter()
        answers = self.model.answers_of(features, batch_tokens=self.settings.batch_tokens)
        # A runtime of several threads computes in this one too: their number times its share is
        # what they took at most.
        spent = (self.clock.thread_cpu_s() - before) * self.model.threads
        each = spent / max(1, sum(sizes))
        for (job, item), size, answer in zip(batch, sizes, answers, strict=True):
            job.answered[item] = Answered(answer, job.prepared.cpu_s + each * size)
        with self._telling():
            for job in {job: None for job, _ in batch}:  # in their order
                if not job.left:
                    job.future.set_result([job.answered[i] for i in range(len(job.prepared.sizes))])
        self.pace.batch(tokens=sum(sizes), seconds=time.perf_counter() - started_s)


class Replaced(RequestError):
    """The release went out of service between choosing it and asking it."""

    def __init__(self) -> None:
        super().__init__(
            503, "server", "a release in service", "one just replaced", "retry at once"
        )

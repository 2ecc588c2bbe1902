"""Predict and feedback, without HTTP: route, batch, journal. Knows no sockets.

Example: `await service.predict(request, user="u1")`
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any

from steelyard.errors import RequestError
from steelyard.serve.asked import Asked, body_of, ids_of
from steelyard.serve.batcher import WAIT_S, Batcher, Prepared, Replaced, wait_max_s
from steelyard.serve.busy import Busy, ledger_away
from steelyard.serve.flow import LEAST, Flow
from steelyard.serve.handover import Handover
from steelyard.serve.journal import Journal
from steelyard.serve.judging import Judging
from steelyard.serve.reading import Readers
from steelyard.serve.router import Router, Served
from steelyard.serve.schema import FeedbackRequest, PredictResponse
from steelyard.serve.streams import Answered
from steelyard.serve.told import scoped
from steelyard.spec import ProductFile, names_in
from steelyard.store import Store, hashed
from steelyard.tasks import Answer, BadInput, Reading, Task, content_kind, task_of
from steelyard.tasks.valuation import valuation_of

Rows = list[dict[str, Any]]
# A caller's future, and the rows that were written for it: whether they were new, or why not
Told = tuple["asyncio.Future[tuple[Rows, bool]]", "tuple[Rows, bool] | BaseException"]
IN_FLIGHT_QUEUES = 4  # requests in work at once, in queues of `serve.queue_max`


class Service:
    """Everything between a parsed request and a durable answer. Its coroutines run in one event loop."""

    def __init__(
        self,
        store: Store,
        product: ProductFile,
        *,
        poll_s: float = 2.0,
        changed: Callable[[], None] | None = None,
    ) -> None:
        self.store, self.product, self.settings = store, product, product.spec.serve
        self.task: Task = task_of(product)
        self.content = content_kind(self.task.content)
        self.valuation = valuation_of(self.task, product.spec.money)
        goal_ms = product.spec.goals.p95_ms
        most = IN_FLIGHT_QUEUES * self.settings.queue_max
        within_s = WAIT_S if goal_ms is None else goal_ms / 1000
        self.flow = Flow(store.clock, within_s=within_s, most=most)
        self._told: Handover[Told] = Handover(self._tell)
        self.router = Router(
            store,
            self.settings,
            every_s=poll_s,
            scale=self.valuation.scale,
            goal_ms=goal_ms,
            changed=changed,
            telling=self._telling,
        )
        self.journal = Journal(store, product, telling=self._told.together)
        self.readers = Readers(store.artifacts.open)
        self._to_wake: set[Batcher] = set()
        self._salt = store.salt()
        self._judging = Judging(store, self.task, self.valuation, self.journal, names_in(product))
        self._larger = 0  # requests in work that are long or of many inputs
        self._running: dict[str, asyncio.Future[PredictResponse]] = {}
        self._wait_max_s = wait_max_s(goal_ms)

    def close(self) -> None:
        self.readers.close()
        self.router.close()
        self.journal.close()

    @property
    def waiting(self) -> int:
        return sum(served.batcher.waiting for served in self.router.served)

    def no_room(self) -> RequestError | None:
        """The refusal of any further request just now, whichever release would answer it."""
        present, expected_s = self.flow.present, self.flow.expected_s()
        if self.flow.full:
            return Busy(
                "an answer in time",
                f"{present} in work, as many as are answered in time",
                wait_s=expected_s,
            )
        if present >= LEAST and expected_s > self._wait_max_s:
            return Busy(
                "an answer in time",
                f"{expected_s * 1000:.0f} ms of requests in work",
                wait_s=expected_s,
            )
        refusals = [served.batcher.refusal() for served in self.router.served]
        return refusals[0] if refusals and all(refusals) else None

    async def predict(self, asked: Asked) -> PredictResponse:
        """RequestError 422 for what the task cannot read, 503 when full."""
        if not asked.values:
            raise RequestError(422, "inputs", "at least one input", "none", "put one into the list")
        if len(asked.values) > self.settings.items_max:
            raise RequestError(
                422,
                "inputs",
                f"at most {self.settings.items_max} inputs",
                str(len(asked.values)),
                "send several requests",
            )
        unit = self._unit(asked)
        if asked.request_id is None:
            with self._room(asked):
                return await self._answer(asked, unit, None)
        key = self._hashed(body_of(self.store.product, asked))
        if key not in self._running:  # else a retry that overtook the first try
            first = asyncio.ensure_future(self._once(asked, unit, key))
            first.add_done_callback(lambda _: self._running.pop(key, None))
            self._running[key] = first
        return await asyncio.shield(self._running[key])

    def _unit(self, asked: Asked) -> str:
        """Who is counted and kept on one release: the user; without one the request id, so that
        a retry meets the same release; without either each request is drawn for itself."""
        if asked.who:
            return self._hashed(asked.who)
        if asked.request_id is not None:
            return self._hashed(scoped(f"request\t{asked.request_id}", asked.partner or None))
        return secrets.token_hex(12)

    async def _once(self, asked: Asked, unit: str, key: str) -> PredictResponse:
        with self._room(asked):
            stored = await asyncio.to_thread(self._stored, ids_of(key, len(asked.values)))
            return stored or await self._answer(asked, unit, key)

    @contextmanager
    def _room(self, asked: Asked | None = None) -> Iterator[None]:
        """Everything that waits, for a thread, a batch or the disk, is counted and bounded. What one
        request of many inputs takes says nothing of the others, whom it leaves room."""
        inside = self.flow.count + self._larger
        if inside >= self.flow.ceiling:
            raise Busy("room for a request", f"{inside} in work")
        if asked is None or not self._large(asked):
            with self.flow.inside():
                yield
            return
        self._larger += 1
        try:
            yield
        finally:
            self._larger -= 1

    async def feedback(self, asked: FeedbackRequest) -> str:
        """Id of the row, once it is durable; RequestError 404 for an unknown answer, 409 for a
        second outcome that contradicts the first (a correction has a kind of its own)."""
        with self._room():
            return await self._judging.feedback(asked)

    async def _answer(self, asked: Asked, unit: str, key: str | None) -> PredictResponse:
        """Once more when the release was replaced on the way."""
        before_s = self.store.clock.wall_s()
        for last in (False, True):
            release = self._release(asked, unit)
            release.batcher.check_room(many=len(asked.values) > 1)
            try:
                batched = await self._submitted(release, asked)
            except Replaced:
                if last:
                    raise
                continue
            with nullcontext() if self._large(asked) else release.batcher.working():
                return await self._written(release, batched, asked, unit, key, before_s)
        raise AssertionError("unreachable")

    def _release(self, asked: Asked, unit: str) -> Served:
        if asked.demo:
            return self.router.live()
        return self.router.arm(asked.arm) if asked.arm else self.router.pick(unit)

    async def _submitted(self, release: Served, asked: Asked) -> Future[list[Answered]]:
        with release.batcher.reading(soon=not self._long(asked.values)):
            prepared = await self._prepared(release, asked.values)
            if asked.listener is not None:
                return release.batcher.write(prepared, asked.listener)
            batched = release.batcher.submit(prepared, wake=False)
        self._wake_soon(release.batcher)
        return batched

    async def _written(
        self,
        release: Served,
        batched: Future[list[Answered]],
        asked: Asked,
        unit: str,
        key: str | None,
        before_s: float,
    ) -> PredictResponse:
        """The response, once its rows are on the disk."""
        ids = ids_of(key or secrets.token_hex(12), len(asked.values))
        kept: asyncio.Future[tuple[Rows, bool]] = asyncio.get_running_loop().create_future()

        def journal(done: Future[list[Answered]]) -> None:
            """In the batcher's thread: from there straight to the disk, not through the loop."""
            after_s = self.store.clock.wall_s()
            try:
                rows = self._rows(
                    release, done.result(), asked, unit, ids, (after_s - before_s) * 1000
                )
                written = self.journal.answers(rows, partner=asked.partner)
            except BaseException as error:  # whatever it is, the caller must not wait for ever
                self._told.put((kept, error))
                return
            written.add_done_callback(lambda w: settle(w, rows, after_s))

        def settle(written: Future[bool], rows: Rows, after_s: float) -> None:
            error = written.exception()
            if error is None:
                release.batcher.pace.acknowledged(self.store.clock.wall_s() - after_s)
            self._told.put((kept, error or (rows, written.result())))

        batched.add_done_callback(journal)
        rows, new = await kept
        return self._response(rows) if new else await self._first(ids)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Around the answers of one batch: one group of the journal, and one turn of the loop."""
        with self._told.together(), self.journal.together():
            yield

    def _tell(self, told: list[Told]) -> None:
        """In any thread: the callers of one group, in one turn of their loop."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            told[0][0].get_loop().call_soon_threadsafe(self._settle, told)

    def _settle(self, told: list[Told]) -> None:
        for kept, result in told:
            if kept.done():  # its caller is gone
                continue
            if isinstance(result, BaseException):
                kept.set_exception(result)
            else:
                kept.set_result(result)
        # behind those that leave now, in the loop's next turn: a batch may wait for them
        told[0][0].get_loop().call_soon(self._wake, [s.batcher for s in self.router.served])

    def _wake_soon(self, batcher: Batcher) -> None:
        """Behind the last request of this turn of the loop, so that they share a batch and the worker
        does not want the interpreter while others are read."""
        if not self._to_wake:
            asyncio.get_running_loop().call_soon(self._wake_all)
        self._to_wake.add(batcher)

    def _wake_all(self) -> None:
        batchers, self._to_wake = self._to_wake, set()
        self._wake(batchers)

    @staticmethod
    def _wake(batchers: Iterable[Batcher]) -> None:
        for batcher in batchers:
            batcher.wake()

    async def _first(self, ids: list[str]) -> PredictResponse:
        """What another server of this ledger stored for the same request before this one."""
        stored = await asyncio.to_thread(self._stored, ids)
        if stored is None:
            raise ledger_away()
        return stored

    async def _prepared(self, release: Served, values: list[Any]) -> Prepared:
        """A short text is read at once and a small picture in a thread; whatever takes longer, apart
        from what answers others."""
        with self._readable():
            if self._long(values):
                return release.batcher.prepared(*await self.readers.apart(release.variant, values))
            read = partial(release.batcher.prepare, partial(self.task.decode_all, values))
            at_once = self.content.reading(values) is Reading.AT_ONCE
            return read() if at_once else await self.readers.beside(read)

    def _large(self, asked: Asked) -> bool:
        """Whether it says nothing of the others: they are let in, and answered, beside it."""
        return len(asked.values) > 1 or asked.listener is not None or self._long(asked.values)

    def _long(self, values: list[Any]) -> bool:
        return self.content.reading(values) is Reading.APART

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except BadInput as error:
            raise RequestError(
                422,
                f"inputs[{error.index}]",
                f"an input of {self.task.name}",
                error.message,
                "see /docs",
            ) from error

    def _rows(
        self,
        release: Served,
        priced: list[Answered],
        asked: Asked,
        unit: str,
        ids: list[str],
        latency_ms: float,
    ) -> Rows:
        shared = {
            "product": self.store.product,
            "variant": release.variant,
            "state": release.state,
            "user": unit,
            "request": asked.request_id or "",
            "latency_ms": latency_ms,
            "origin": asked.origin,
            "release": release.release,
            "experiment": None if asked.demo else release.experiment,
            "arm": None if asked.demo else release.experiment and release.state,
        }
        noted = getattr(self.task, "noted", None)
        return [
            shared
            | {
                "id": identity,
                "value": p.answer.value,
                "score": p.answer.score,
                "detail": noted(p.answer, value) if noted is not None else p.answer.detail,
                "cpu_s": p.cpu_s,
            }
            for p, identity, value in zip(priced, ids, asked.values, strict=True)
        ]

    def _stored(self, ids: list[str]) -> PredictResponse | None:
        """The answers of an earlier try: a crash may have lost its response, not its rows."""
        rows = self.store.answers.of_ids(ids)
        return self._response([rows[i] for i in ids]) if len(rows) == len(ids) else None

    def _response(self, rows: Rows) -> PredictResponse:
        answers = [
            {"answer_id": row["id"]}
            | self.task.sent(Answer(row["value"], row["score"], row["detail"]))
            for row in rows
        ]
        return PredictResponse(release=rows[0]["variant"], state=rows[0]["state"], answers=answers)

    def _hashed(self, text: str) -> str:
        """Users are kept as salted hashes only; request ids are kept as they come."""
        return hashed(self._salt, text)

"""Predict and feedback, without HTTP: route, batch, journal. Knows no sockets.

Example: `await service.predict(request, user="u1")`
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from steelyard.errors import RequestError
from steelyard.serve.batcher import Priced, Replaced
from steelyard.serve.journal import Journal
from steelyard.serve.router import Router, Served
from steelyard.serve.schema import FeedbackRequest, PredictedAnswer, PredictResponse
from steelyard.spec import ProductFile
from steelyard.store import Store, tables
from steelyard.store.files import write_new
from steelyard.tasks import Task, open_task

IN_FLIGHT_QUEUES = 4  # requests in work at once, in queues of `serve.queue_max`


@dataclass(frozen=True)
class Asked:
    """A parsed request: decoded later, by the task."""

    values: list[Any]
    user: str
    request_id: str | None
    arm: str | None = None  # a replayed record names the release that answers it


class Service:
    """Everything between a parsed request and a durable answer."""

    def __init__(self, store: Store, product: ProductFile, *, poll_s: float = 2.0) -> None:
        self.store, self.product, self.settings = store, product, product.spec.serve
        self.task: Task = open_task(product.spec.task.name, labels=product.spec.task.labels)
        self.router = Router(store, self.settings, every_s=poll_s)
        self.journal = Journal(store, product)
        self._salt = _salt(store.root / "salt")
        self._running: dict[str, asyncio.Future[PredictResponse]] = {}
        self._inside = 0

    def close(self) -> None:
        self.router.close()
        self.journal.close()

    async def predict(self, asked: Asked) -> PredictResponse:
        """RequestError 422 for what the task cannot read, 503 when full."""
        if not asked.values:
            raise RequestError(422, "inputs", "at least one input", "none")
        if len(asked.values) > self.settings.items_max:
            raise RequestError(422, "inputs", f"at most {self.settings.items_max} inputs", str(len(asked.values)), "send several requests")  # fmt: skip
        user = self._hashed(asked.user)
        if asked.request_id is None:
            with self._room():
                return await self._answer(asked, user, None)
        key = self._hashed(_body_of(self.store.product, asked))
        if key not in self._running:  # else a retry that overtook the first try
            first = asyncio.ensure_future(self._once(asked, user, key))
            first.add_done_callback(lambda _: self._running.pop(key, None))
            self._running[key] = first
        return await asyncio.shield(self._running[key])

    async def _once(self, asked: Asked, user: str, key: str) -> PredictResponse:
        with self._room():
            found = await asyncio.to_thread(self._stored, _ids(key, len(asked.values)))
            return found or await self._answer(asked, user, key)

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Everything that waits, for a thread, a batch or the disk, is counted and bounded."""
        most = IN_FLIGHT_QUEUES * self.settings.queue_max
        if self._inside >= most:
            raise RequestError(503, "server", "room for a request", f"{most} in work", "retry after a second")  # fmt: skip
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def feedback(self, asked: FeedbackRequest) -> str:
        """Id of the row, once it is durable; RequestError 404 for an unknown answer, 409 for a
        second outcome that contradicts the first (a correction has a kind of its own)."""
        with self._room():
            return await self._feedback(asked)

    async def _feedback(self, asked: FeedbackRequest) -> str:
        answer = await asyncio.to_thread(self._answered, asked.answer_id)
        if answer is None:
            raise RequestError(404, "answer_id", "the id of an answer", "an unknown id", "use the answer_id of a response")  # fmt: skip
        worth = 0.0
        if asked.kind == "outcome":
            if asked.value not in self.task.labels:
                raise RequestError(
                    422, "value", f"a label in {list(self.task.labels)}", "another text", ""
                )
            worth = self.task.outcome(answer["label"], asked.value)
        identity = _feedback_id(asked)
        row = {"id": identity, "answer": asked.answer_id, "kind": asked.kind, "value": asked.value}
        new = await asyncio.wrap_future(
            self.journal.feedback(row, worth=worth, variant=answer["variant"])
        )
        if not new and await asyncio.to_thread(self._kept, identity) != asked.value:
            raise RequestError(409, "value", "the outcome that was recorded first", "another one", "send it as a correction")  # fmt: skip
        return identity

    async def _answer(self, asked: Asked, user: str, key: str | None) -> PredictResponse:
        before = self.store.clock.wall_s()
        release, priced = await self._priced(asked, user)
        latency_ms = (self.store.clock.wall_s() - before) * 1000
        ids = _ids(key or secrets.token_hex(12), len(priced))
        rows = [
            self._row(release, p, user, asked.request_id, latency_ms, identity)
            for p, identity in zip(priced, ids, strict=True)
        ]
        await asyncio.wrap_future(self.journal.answers(rows))
        return _response(rows)

    async def _priced(self, asked: Asked, user: str) -> tuple[Served, list[Priced]]:
        """Chosen, read and answered; once more when the release was replaced on the way."""
        for last in (False, True):
            release = self.router.arm(asked.arm) if asked.arm else self.router.pick(user)
            release.batcher.check_room()
            # in a thread: a picture may take a second to read, and others must not wait for it
            read = partial(self._decoded, asked.values)
            prepared = await asyncio.to_thread(release.batcher.prepare, read)
            try:
                return release, await asyncio.wrap_future(release.batcher.submit(prepared))
            except Replaced:
                if last:
                    raise
        raise AssertionError("unreachable")

    def _decoded(self, values: list[Any]) -> list[Any]:
        contents = []
        for i, value in enumerate(values):
            try:
                contents.append(self.task.decode(value))
            except ValueError as error:
                raise RequestError(422, f"inputs[{i}]", f"an input of {self.task.name}", str(error)) from error  # fmt: skip
        return contents

    def _row(
        self, release: Served, priced: Priced, user: str, request_id: str | None,
        latency_ms: float, identity: str,
    ) -> dict[str, Any]:  # fmt: skip
        return {
            "id": identity, "product": self.store.product, "variant": release.variant,
            "state": release.state, "user": user, "request": request_id or "",
            "label": priced.answer.label, "score": priced.answer.score,
            "scores": priced.answer.scores, "cpu_s": priced.cpu_s, "latency_ms": latency_ms,
        }  # fmt: skip

    def _stored(self, ids: list[str]) -> PredictResponse | None:
        """The answers of an earlier try: a crash may have lost its response, not its rows."""
        a = tables.answer
        query = sa.select(a).where(a.c.id.in_(ids), a.c.product == self.store.product)
        rows = {row["id"]: row for row in self.store.database.rows(query)}
        return _response([rows[i] for i in ids]) if len(rows) == len(ids) else None

    def _answered(self, identity: str) -> dict[str, Any] | None:
        a = tables.answer
        query = sa.select(a.c.variant, a.c.label)
        rows = self.store.database.rows(
            query.where(a.c.id == identity, a.c.product == self.store.product)
        )
        return rows[0] if rows else None

    def _kept(self, identity: str) -> str:
        f = tables.feedback
        return str(
            self.store.database.rows(sa.select(f.c.value).where(f.c.id == identity))[0]["value"]
        )

    def _hashed(self, text: str) -> str:
        """Users are kept as salted hashes only; request ids are kept as they come."""
        return hashlib.sha256(self._salt + text.encode("utf-8", "replace")).hexdigest()[:24]


def _body_of(product: str, asked: Asked) -> str:
    """What makes a request the same one: product, user, request id, what is asked
    and the arm it names."""
    values = [hashlib.sha256(v).hexdigest() if isinstance(v, bytes) else v for v in asked.values]
    named = [product, asked.user, asked.request_id, values]
    # only where it is asked for: the ids of requests of earlier versions must stay what they are
    return json.dumps([*named, {"arm": asked.arm}] if asked.arm else named)


def _ids(key: str, n: int) -> list[str]:
    """Ids of the n answers of one request."""
    return [key] + [hashlib.sha256(f"{key}\t{i}".encode()).hexdigest()[:24] for i in range(1, n)]


def _response(rows: list[dict[str, Any]]) -> PredictResponse:
    answers = [
        PredictedAnswer(
            answer_id=row["id"], label=row["label"], score=row["score"], scores=row["scores"]
        )
        for row in rows
    ]
    return PredictResponse(release=rows[0]["variant"], state=rows[0]["state"], answers=answers)


def _feedback_id(asked: FeedbackRequest) -> str:
    """One answer has one outcome, and so earns once; of the other kinds it may have several."""
    said = "" if asked.kind == "outcome" else asked.value
    body = f"{asked.answer_id}\t{asked.kind}\t{said}"
    return hashlib.sha256(body.encode()).hexdigest()[:24]


def _salt(path: Path) -> bytes:
    if not path.is_file():
        write_new(path, secrets.token_hex(16))  # mkstemp gives it mode 0600
    return path.read_bytes()

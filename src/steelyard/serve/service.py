"""Predict and feedback, without HTTP: route, batch, journal. Knows no sockets.

Example: `await service.predict(request, user="u1")`
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from steelyard.errors import RequestError
from steelyard.serve.batcher import Priced
from steelyard.serve.journal import Journal
from steelyard.serve.router import Router, Served
from steelyard.serve.schema import FeedbackRequest, PredictedAnswer, PredictResponse
from steelyard.spec import ProductFile
from steelyard.store import Store, tables
from steelyard.store.files import write
from steelyard.tasks import Task, open_task


@dataclass(frozen=True)
class Asked:
    """A parsed request: decoded later, by the task."""

    values: list[Any]
    user: str
    request_id: str | None


class Service:
    """Everything between a parsed request and a durable answer."""

    def __init__(self, store: Store, product: ProductFile, *, poll_s: float = 2.0) -> None:
        self.store, self.product, self.settings = store, product, product.spec.serve
        self.task: Task = open_task(product.spec.task.name, labels=product.spec.task.labels)
        self.router = Router(store, self.settings, every_s=poll_s)
        self.journal = Journal(store, product)
        self._salt = _salt(store.root / "salt")
        self._running: dict[str, asyncio.Future[PredictResponse]] = {}

    def close(self) -> None:
        self.router.close()
        self.journal.close()

    async def predict(self, asked: Asked) -> PredictResponse:
        """RequestError 422 for what the task cannot read, 503 when full."""
        contents = self._decode(asked.values)
        user = self._hashed(asked.user)
        if asked.request_id is None or len(contents) != 1:
            return await self._answer(contents, user, asked.request_id)
        key = self._hashed(f"{asked.user}\t{asked.request_id}")
        if key not in self._running:  # else a retry that overtook the first try
            first = asyncio.ensure_future(self._once(contents, user, asked.request_id, key))
            first.add_done_callback(lambda _: self._running.pop(key, None))
            self._running[key] = first
        return await asyncio.shield(self._running[key])

    async def _once(
        self, contents: list[Any], user: str, request_id: str, key: str
    ) -> PredictResponse:
        found = await asyncio.to_thread(self._stored, key)
        return found or await self._answer(contents, user, request_id, key=key)

    async def feedback(self, asked: FeedbackRequest) -> str:
        """Id of the row, once it is durable; RequestError 404 for an unknown answer, 409 for a
        second outcome that contradicts the first (a correction has a kind of its own)."""
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

    async def _answer(
        self, contents: list[Any], user: str, request_id: str | None, *, key: str | None = None
    ) -> PredictResponse:
        release = self.router.pick(user)
        before = self.store.clock.wall_s()
        priced = await asyncio.wrap_future(release.batcher.submit(contents))
        latency_ms = (self.store.clock.wall_s() - before) * 1000
        rows = [
            self._row(release, p, user, request_id, latency_ms, key or secrets.token_hex(12))
            for p in priced
        ]
        await asyncio.wrap_future(self.journal.answers(rows))
        answers = [
            PredictedAnswer(
                answer_id=row["id"],
                label=p.answer.label,
                score=p.answer.score,
                scores=p.answer.scores,
            )
            for row, p in zip(rows, priced, strict=True)
        ]
        return PredictResponse(release=release.variant, state=release.state, answers=answers)

    def _row(
        self, release: Served, priced: Priced, user: str, request_id: str | None,
        latency_ms: float, identity: str,
    ) -> dict[str, Any]:  # fmt: skip
        return {
            "id": identity, "product": self.store.product, "variant": release.variant,
            "state": release.state, "user": user, "request": request_id or "",
            "label": priced.answer.label, "score": priced.answer.score,
            "cpu_s": priced.cpu_s, "latency_ms": latency_ms,
        }  # fmt: skip

    def _stored(self, identity: str) -> PredictResponse | None:
        """The answer of an earlier try: a crash may have lost its response, not its row."""
        a = tables.answer
        rows = self.store.database.rows(sa.select(a).where(a.c.id == identity))
        if not rows:
            return None
        row = rows[0]
        answer = PredictedAnswer(answer_id=identity, label=row["label"], score=row["score"], scores={row["label"]: row["score"]})  # fmt: skip
        return PredictResponse(release=row["variant"], state=row["state"], answers=[answer])

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

    def _decode(self, values: list[Any]) -> list[Any]:
        if not values:
            raise RequestError(422, "inputs", "at least one input", "none")
        if len(values) > self.settings.items_max:
            raise RequestError(422, "inputs", f"at most {self.settings.items_max} inputs", str(len(values)), "send several requests")  # fmt: skip
        contents = []
        for i, value in enumerate(values):
            try:
                contents.append(self.task.decode(value))
            except ValueError as error:
                raise RequestError(422, f"inputs[{i}]", f"an input of {self.task.name}", str(error)) from error  # fmt: skip
        return contents

    def _hashed(self, text: str) -> str:
        """Users and request ids are kept as salted hashes only."""
        return hashlib.sha256(self._salt + text.encode("utf-8", "replace")).hexdigest()[:24]


def _feedback_id(asked: FeedbackRequest) -> str:
    """One answer has one outcome, and so earns once; of the other kinds it may have several."""
    said = "" if asked.kind == "outcome" else asked.value
    body = f"{asked.answer_id}\t{asked.kind}\t{said}"
    return hashlib.sha256(body.encode()).hexdigest()[:24]


def _salt(path: Path) -> bytes:
    if not path.is_file():
        write(path, secrets.token_hex(16))  # mkstemp gives it mode 0600
    return path.read_bytes()

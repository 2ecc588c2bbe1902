"""What people say of answers, into the ledger, with what an outcome says that its answer earned. Knows no HTTP.

Example: `await Judging(store, task, valuation, journal, names).feedback(asked)` is the id of its row
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from steelyard.errors import RequestError
from steelyard.serve.feedback import TRUTHS, check_value, check_within, feedback_id, said_at
from steelyard.serve.journal import NO_WORTH, Earned, Journal
from steelyard.serve.schema import FeedbackRequest
from steelyard.store import Store
from steelyard.tasks import Answer, Task, Truth
from steelyard.tasks.valuation import Valuation


class Judging:
    """Outcomes, ratings, corrections and preferences; `names` are today's names of labels by older ones."""

    def __init__(
        self,
        store: Store,
        task: Task,
        valuation: Valuation,
        journal: Journal,
        names: Mapping[str, str],
    ) -> None:
        self._store, self._task, self._valuation = store, task, valuation
        self._journal, self._names = journal, names

    async def feedback(self, asked: FeedbackRequest) -> str:
        """Id of the row, once it is durable; RequestError 404 for an unknown answer, 409 for a second outcome that
        contradicts the first."""
        value = check_value(asked, self._task)
        answer = await asyncio.to_thread(self._store.answers.one, asked.answer_id)
        if answer is None:
            raise RequestError(
                404,
                "answer_id",
                "the id of an answer",
                "an unknown id",
                "use the answer_id of a response",
            )
        if asked.kind in TRUTHS:
            check_within(self._task, value, answer["detail"])
        if asked.kind == "preference":
            await self._check_other(asked.answer_id, value)
        seen = self._seen(answer["value"], value) if asked.kind == "outcome" else None
        # a replayed record's outcome is evidence: its truth was known before, nobody earns by it
        earns = asked.kind == "outcome" and answer["origin"] == "user"
        identity = feedback_id(asked, value)
        row = {
            "id": identity,
            "answer": asked.answer_id,
            "kind": asked.kind,
            "value": value,
            "at": said_at(asked, now=self._store.clock.now()),
            "utility": seen and seen[0],
        }
        worth = (seen[1] if seen else NO_WORTH) if earns else None
        new = await asyncio.wrap_future(
            self._journal.feedback(row, worth=worth, variant=answer["variant"])
        )
        if not new and await asyncio.to_thread(self._store.feedback.value, identity) != value:
            raise RequestError(
                409,
                "value",
                "the outcome that was recorded first",
                "another one",
                "send it as a correction",
            )
        return identity

    def _seen(self, answer: Any, truth: Truth) -> tuple[float, Earned] | None:
        """What the answer was worth by an outcome, as a share from 0 to 1 and in money; None for one
        in words that the product file does not know now."""
        said = self._task.renamed(answer, self._names)
        if said is None and answer is not None:
            return None
        one, values = [Answer(said)], self._valuation
        money, share = values.money(one, [truth])[0], float(values.shares(one, [truth])[0])
        return share, Earned(money) if values.scale else Earned(money, of_right=share)

    async def _check_other(self, identity: str, value: str) -> None:
        known = await asyncio.to_thread(self._store.answers.one, value)
        if known is None or value == identity:
            raise RequestError(
                422,
                "value",
                "the id of another answer, which was liked less",
                "no such id",
                "use the answer_id of a response",
            )

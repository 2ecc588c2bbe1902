"""What may be said about an answer, kind by kind. Knows no ledger.

Example: `check_value(FeedbackRequest(answer_id="a", kind="outcome", value="pos"), task) == "pos"`
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from steelyard.errors import RequestError
from steelyard.serve.body import named
from steelyard.serve.schema import FeedbackRequest
from steelyard.tasks import Task

RATING = re.compile(r"[1-4](\.[0-9]{1,3})?|5(\.0{1,3})?")
ID_LENGTH_MAX = 64
AHEAD = timedelta(minutes=5)  # clocks of two machines
TRUTHS = ("outcome", "correction")


def check_value(asked: FeedbackRequest, task: Task) -> Any:
    """The value as it is kept; RequestError 422 for an outcome or a correction that is nothing the
    task knows, and for a rating that is no number from 1 to 5."""
    value = asked.value
    if not _plain(value):  # PostgreSQL keeps none
        raise RequestError(422, "value", "a value without NUL characters", "one", "leave them out")
    if asked.kind in TRUTHS:
        try:
            return task.truth(value)
        except ValueError as error:
            raise _refused(error, value) from error
    if asked.kind == "rating" and not (isinstance(value, str) and RATING.fullmatch(value)):
        raise RequestError(
            422,
            "value",
            "a rating from 1 to 5, as in '4' or '4.5'",
            "another text" if isinstance(value, str) else named(value),
            "send a number in quotes",
        )
    if asked.kind == "preference" and not (
        isinstance(value, str) and 0 < len(value) <= ID_LENGTH_MAX
    ):
        raise RequestError(
            422,
            "value",
            "the id of another answer, which was liked less",
            "no such id",
            "use the answer_id of a response",
        )
    return value


def check_within(task: Task, truth: Any, noted: Any) -> None:
    """RequestError 422 for what cannot be right for the input of its answer, by what was `noted` of that."""
    within = getattr(task, "within", None)
    if within is None:
        return
    try:
        within(truth, noted)
    except ValueError as error:
        raise _refused(error, truth) from error


def _refused(error: ValueError, value: Any) -> RequestError:
    expected, _, found = str(error).removeprefix("expected ").partition(", found ")
    said = named(value) if not found or found == type(value).__name__ else found
    return RequestError(422, "value", expected, said, "send what is right, as /docs shows it")


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_plain(key) and _plain(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_plain, value))
    return not isinstance(value, str) or "\0" not in value


def said_at(asked: FeedbackRequest, *, now: str) -> str | None:
    """The time it speaks of, in UTC; RequestError 422 for what is no time with an offset, or one
    that is still to come."""
    if asked.at is None:
        return None
    try:
        at = datetime.fromisoformat(asked.at)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        found = "another text" if at is None else "a time without its offset"
        raise RequestError(
            422,
            "at",
            "a time in ISO 8601 with its offset",
            found,
            "send it as in 2026-01-31T08:00:00+08:00",
        )
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        raise RequestError(422, "at", "a time of this era", "another", "check its year") from None
    if utc > datetime.fromisoformat(now) + AHEAD:
        raise RequestError(
            422,
            "at",
            "a time that has come",
            "one in the future",
            "check the clock, and the offset",
        )
    return utc.isoformat(timespec="microseconds")


def feedback_id(asked: FeedbackRequest, value: Any) -> str:
    """One answer has one outcome, and so earns once; of the other kinds it may have several."""
    said = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    said = "" if asked.kind == "outcome" else said
    body = f"{asked.answer_id}\t{asked.kind}\t{said}"
    return hashlib.sha256(body.encode()).hexdigest()[:24]

"""What may be said about an answer, kind by kind. Knows no ledger.

Example: `check_value(FeedbackRequest(answer_id="a", kind="rating", value="4"), ("neg", "pos"))`
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from steelyard.errors import RequestError
from steelyard.serve.schema import FeedbackRequest

RATING = re.compile(r"[1-4](\.[0-9]{1,3})?|5(\.0{1,3})?")
_SHOWN_MAX = 20
AHEAD = timedelta(minutes=5)  # clocks of two machines


def check_value(asked: FeedbackRequest, labels: Sequence[str]) -> None:
    """RequestError 422 for an outcome or a correction that is no label of the task, and for a
    rating that is no number from 1 to 5."""
    if asked.kind in ("outcome", "correction") and asked.value not in labels:
        more = f" and {len(labels) - _SHOWN_MAX} more" if len(labels) > _SHOWN_MAX else ""
        expected = f"a label in {list(labels[:_SHOWN_MAX])}{more}"
        raise RequestError(422, "value", expected, "another text", "send a label as the product file writes it")  # fmt: skip
    if asked.kind == "rating" and not RATING.fullmatch(asked.value):
        raise RequestError(422, "value", "a rating from 1 to 5, as in '4' or '4.5'", "another text", "send a number in quotes")  # fmt: skip


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
        raise RequestError(422, "at", "a time in ISO 8601 with its offset", found, "send it as in 2026-01-31T08:00:00+08:00")  # fmt: skip
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        raise RequestError(422, "at", "a time of this era", "another", "check its year") from None
    if utc > datetime.fromisoformat(now) + AHEAD:
        raise RequestError(422, "at", "a time that has come", "one in the future", "check the clock, and the offset")  # fmt: skip
    return utc.isoformat(timespec="microseconds")


def feedback_id(asked: FeedbackRequest) -> str:
    """One answer has one outcome, and so earns once; of the other kinds it may have several."""
    said = "" if asked.kind == "outcome" else asked.value
    body = f"{asked.answer_id}\t{asked.kind}\t{said}"
    return hashlib.sha256(body.encode()).hexdigest()[:24]

"""What may be said about an answer, kind by kind. Knows no ledger.

Example: `check_value(FeedbackRequest(answer_id="a", kind="rating", value="4"), ("neg", "pos"))`
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from steelyard.errors import RequestError
from steelyard.serve.schema import FeedbackRequest

RATING = re.compile(r"[1-4](\.[0-9]{1,3})?|5(\.0{1,3})?")
_SHOWN_MAX = 20


def check_value(asked: FeedbackRequest, labels: Sequence[str]) -> None:
    """RequestError 422 for an outcome or a correction that is no label of the task, and for a
    rating that is no number from 1 to 5."""
    if asked.kind in ("outcome", "correction") and asked.value not in labels:
        more = f" and {len(labels) - _SHOWN_MAX} more" if len(labels) > _SHOWN_MAX else ""
        expected = f"a label in {list(labels[:_SHOWN_MAX])}{more}"
        raise RequestError(422, "value", expected, "another text", "send a label as the product file writes it")  # fmt: skip
    if asked.kind == "rating" and not RATING.fullmatch(asked.value):
        raise RequestError(422, "value", "a rating from 1 to 5, as in '4' or '4.5'", "another text", "send a number in quotes")  # fmt: skip


def feedback_id(asked: FeedbackRequest) -> str:
    """One answer has one outcome, and so earns once; of the other kinds it may have several."""
    said = "" if asked.kind == "outcome" else asked.value
    body = f"{asked.answer_id}\t{asked.kind}\t{said}"
    return hashlib.sha256(body.encode()).hexdigest()[:24]

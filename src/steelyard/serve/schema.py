"""What a request and a response say, as JSON. Knows no model.

Example: `PredictRequest.model_validate({"input": "物流很快", "user": "u1"})`
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

# A request id is kept as it is, and PostgreSQL keeps no NUL in a text.
Plain = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(Strict):
    """What a user sends."""

    @classmethod
    def asked(cls) -> str:
        """The fields that it must have, in words."""
        raise NotImplementedError


class PredictRequest(Asked):
    """One `input` or several `inputs`; texts as they are, pictures as base64."""

    input: Any = None  # what it may be says the task
    inputs: list[Any] | None = None
    user: str | None = Field(None, max_length=200, description="keeps a user on one release")
    request_id: Plain | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="a retry with the same id gets the same answer",
    )
    arm: Literal["live", "canary"] | None = Field(
        None,
        description="answer by this release whatever the user: a replayed record, whose outcome is evidence and never income",
    )

    stream: bool = Field(
        False,
        description="tell the answer while it is written, as events (text/event-stream): `piece` with a `text`, last `answer` with the whole response",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> PredictRequest:
        if (self.input is None) == (self.inputs is None):
            found = "neither" if self.input is None else "both"
            raise PydanticCustomError("one_of_two", "either 'input' or 'inputs'", {"found": found})
        return self

    @classmethod
    def asked(cls) -> str:
        return "'input' or 'inputs'"

    @property
    def values(self) -> list[Any]:
        return [self.input] if self.inputs is None else self.inputs


class PredictResponse(Strict):
    """`release` is the id of the variant that answered; each answer has its `answer_id` and what the
    task says."""

    release: str
    state: str
    answers: list[dict[str, Any]]


class FeedbackRequest(Asked):
    """What came back for one answer. `outcome` and `correction` take what is right, as the task has
    it, `rating` a number from 1 to 5 as a text, `preference` the id of the answer that this one was
    preferred to."""

    answer_id: Plain = Field(min_length=1, max_length=64)
    kind: Literal["outcome", "correction", "rating", "preference"]
    value: Any  # what it may be says the task
    at: str | None = Field(
        None,
        max_length=40,
        json_schema_extra={"format": "date-time"},
        description="the time it speaks of, in ISO 8601 with its offset; left out: now",
    )

    @classmethod
    def asked(cls) -> str:
        return "'answer_id', 'kind' and 'value'"


class FeedbackResponse(Strict):
    feedback_id: str


Named = Annotated[Plain, Field(min_length=1, max_length=200)]
Short = Annotated[Plain, Field(min_length=1, max_length=80)]


class VisitRequest(Asked):
    """Somebody came by a channel."""

    channel: Short | None = Field(None, description="one that is counted; a partner's own is meant")
    campaign: Short | None = None
    user: Named | None = Field(None, description="kept as a salted hash, as the user of a request")
    id: Named | None = Field(None, description="the same visit again changes nothing")

    @classmethod
    def asked(cls) -> str:
        return "'channel'"


class ConversionRequest(Asked):
    """Somebody bought, subscribed or signed up. The same id and body again changes nothing; `revision` 1, 2,
    ... corrects it, and `revoked` takes it back."""

    id: Named = Field(description="what your system calls it, such as the number of the order")
    user: Named | None = Field(None, description="kept as a salted hash, as the user of a request")
    channel: Short | None = Field(
        None, description="left out: that of the user's last visit, else none"
    )
    value: Any = Field(
        None,
        description="money, as 9.90 or in quotes; left out: none is known",
        json_schema_extra={
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 10**9, "multipleOf": 0.01},
                {"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,9})?$"},
            ]
        },
    )
    currency: Short | None = Field(None, description="ISO 4217; left out: that of the product")
    plan: Short | None = Field(None, description="what was bought")
    at: str | None = Field(
        None,
        max_length=40,
        json_schema_extra={"format": "date-time"},
        description="when it was, in ISO 8601 with its offset; left out: now",
    )
    revision: StrictInt = Field(0, ge=0, le=1000, description="1 corrects what was told, 2 that")
    revoked: StrictBool = Field(
        False, description="takes back what was told under this id, which says the rest"
    )

    @classmethod
    def asked(cls) -> str:
        return "'id'"


class VisitResponse(Strict):
    visit_id: str


class ConversionResponse(Strict):
    """What stands under the id now."""

    conversion_id: str
    revision: int
    revoked: bool
    channel: str | None


class Problem(Strict):
    """Why a request was refused; it never repeats what the user sent."""

    status: int
    place: str
    expected: str
    found: str
    repair: str


class ErrorResponse(Strict):
    error: Problem


class Health(Strict):
    status: Literal["alive"]


class Ready(Strict):
    """State -> variant in service, and variant -> why it could not be loaded."""

    status: Literal["ready"]
    releases: dict[str, str]
    refused: dict[str, str]

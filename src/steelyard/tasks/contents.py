"""Kinds of what is asked: how each is kept, hashed, sent, shown, and how long its reading takes.

One table for every task; another kind comes by an entry point under `steelyard.contents`. Knows no
task, model and server. Example: `content_kind("image").sent(b"\\x89PNG")` is its base64
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from steelyard.plugins import get
from steelyard.tasks.limits import length_of


class Reading(Enum):
    """Where a server reads the values of a request: what holds the interpreter delays every answer."""

    AT_ONCE = "at once"  # takes less than handing it to a thread and back
    BESIDE = "beside"  # in a thread
    APART = "apart"  # in another process


def _same(value: Any) -> Any:
    return value


def _none(content: Any) -> None:
    return None


@dataclass(frozen=True)
class ContentKind:
    """What the floors above a task must know of its contents.

    `keep` is a content as Arrow and files have it, and as it is hashed: a text or bytes, of which texts alone
    have near-duplicates; `load` is the inverse; `sent` a content
    as a request carries it in JSON, and `received` the inverse; `shown` one line of it for a report, or None.
    `media` is the type of a request's body that is one value by itself. Values of a request are read at once up
    to a `size` of `at_once` together, in a thread up to `beside` of at most `items_beside`.
    """

    name: str
    schema: Mapping[str, Any]  # of one value of a request
    keep: Callable[[Any], str | bytes] = _same
    load: Callable[[Any], Any] = _same
    sent: Callable[[Any], Any] = _same
    received: Callable[[Any], Any] = _same
    shown: Callable[[Any], str | None] = _none
    media: str | None = None
    size: Callable[[Any], int] = length_of
    at_once: int = 0
    beside: int = 0
    items_beside: int = 4

    def reading(self, values: Sequence[Any]) -> Reading:
        """Where values of this size are read; what is no value of this kind is refused at once."""
        total = sum(map(self.size, values))
        if total <= self.at_once:
            return Reading.AT_ONCE
        few = len(values) <= self.items_beside and total <= self.beside
        return Reading.BESIDE if few else Reading.APART


TEXT = ContentKind(
    "text",
    schema={"type": "string", "minLength": 1, "description": "a text, as it is"},
    keep=str,  # a text that knows its places is a plain one in a file
    shown=lambda text: " ".join(text.split()),
    at_once=4_000,
)
IMAGE = ContentKind(
    "image",
    schema={"type": "string", "minLength": 1, "description": "base64 of a picture"},
    sent=lambda body: base64.b64encode(body).decode("ascii"),
    received=base64.b64decode,
    media="image/*",
    beside=100_000,
)


def content_kind(name: str) -> ContentKind:
    """The registered kind; UserError where there is none, or it lacks what it must say."""
    kind: ContentKind = get("contents", name)
    return kind

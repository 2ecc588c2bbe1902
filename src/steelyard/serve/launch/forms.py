"""What a form sends, and how one asks for a kind of content. Knows no task and no page.

A kind whose value is a body by itself is a file to choose, a text is an area to write in, and
whatever else is JSON. Example: `fields(b"content=hi", "application/x-www-form-urlencoded")["content"]`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic_core import from_json

from steelyard.errors import RequestError
from steelyard.spec.launch import Demo
from steelyard.tasks import ContentKind

NAME = "content"  # of the one field
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
# A character of four bytes is twelve in a URL; the heads of the parts of a file.
ENCODED_BYTES, HEADS_BYTES = 12, 4_000
FIELDS_MAX = 8
_BOUNDARY = re.compile(r'boundary="?([0-9A-Za-z\'()+_,./:=? -]{1,70})"?')


@dataclass(frozen=True)
class Field:
    """How a browser asks for a content: `most` is in characters, of a file in bytes."""

    kind: Literal["text", "json", "file"]
    most: int
    accept: str = ""

    @property
    def bytes_max(self) -> int:
        """Of the whole body."""
        return HEADS_BYTES + (self.most if self.kind == "file" else self.most * ENCODED_BYTES)


def field_of(content: ContentKind, schema: Mapping[str, Any], demo: Demo) -> Field:
    """The field for values of this `schema`."""
    if content.media:
        return Field("file", demo.bytes_max, content.media)
    return Field("text" if schema.get("type") == "string" else "json", demo.length_max)


def value_in(body: bytes, content_type: str, field: Field) -> tuple[Any, str]:
    """The value that is asked, as the task decodes it, and the text to show again; RequestError 413
    for one that is too long, 415 and 422 for what cannot be read."""
    sent = fields(body, content_type).get(NAME, b"")
    if field.kind == "file":
        if len(sent) > field.most:
            raise _too_long(f"{field.most} bytes")
        return sent, ""
    text = _text(sent)
    if len(text) > field.most:
        raise _too_long(f"{field.most} characters")
    if not text.strip():
        raise _unread("a text", "an empty one")
    return (text if field.kind == "text" else _json(text)), text


def fields(body: bytes, content_type: str) -> dict[str, bytes]:
    """Values by name, the first of each; RequestError 415 for another type, 422 for a broken body."""
    kind = content_type.split(";")[0].strip().lower()
    if kind == URLENCODED:
        return _urlencoded(body)
    boundary = _BOUNDARY.search(content_type) if kind == MULTIPART else None
    if boundary is None:
        raise RequestError(415, "content-type", "a form", "another type", "use the page")
    return _multipart(body, boundary[1].strip().encode("ascii"))


def _urlencoded(body: bytes) -> dict[str, bytes]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise _unread("a form in UTF-8", "another encoding") from None
    return {name: value.encode() for name, value in reversed(pairs)}


def _multipart(body: bytes, boundary: bytes) -> dict[str, bytes]:
    """RFC 7578: each part is a head, an empty line, and bytes as they are."""
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary, FIELDS_MAX + 1)
    if len(parts) < 3 or len(parts) > FIELDS_MAX + 1 or not parts[-1].startswith(b"--"):
        raise _unread("a whole form", "a broken one")
    found: dict[str, bytes] = {}
    for part in parts[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'\bname="([^"]*)"', head)
        if name:
            found.setdefault(name[1].decode("utf-8", "replace"), value)
    return found


def _text(sent: bytes) -> str:
    try:
        return sent.decode("utf-8").replace("\r\n", "\n")  # forms send CRLF, whoever wrote
    except UnicodeDecodeError:
        raise _unread("a text in UTF-8", "other bytes") from None


def _json(text: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        raise _unread("JSON", "another text") from None


def _too_long(most: str) -> RequestError:
    return RequestError(413, NAME, f"at most {most}", "more", "send less")


def _unread(expected: str, found: str) -> RequestError:
    return RequestError(422, NAME, expected, found, "correct it and send it again")

"""The body of a request: its type, its size, its JSON and its fields. Knows no routes.

Nesting is bounded by the parser, before anything walks over the value.
Example: `parsed(FeedbackRequest, await read(request, 1_000_000))`
"""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json

from steelyard.errors import RequestError
from steelyard.serve.connections import BODY_S
from steelyard.serve.keys import check_keys
from steelyard.serve.schema import Asked

Model = TypeVar("Model", bound=Asked)
_NOTHING = object()
_KINDS: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    bytes: "bytes",
    type(None): "null",
}
# What pydantic calls a mistake -> what was expected, in our words, with its limits
_EXPECTED = {
    "model_type": "an object with {fields}",
    "dict_type": "an object with {fields}",
    "missing": "a value",
    "string_type": "a text",
    "list_type": "a list",
    "literal_error": "{expected}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} character",
    "string_pattern_mismatch": "a text without control characters",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "one_of_two": "either 'input' or 'inputs'",
}


def named(value: Any) -> str:
    """What a JSON value is, in our words."""
    return _KINDS.get(type(value), "another value")


def kind_of(request: Request, *, media: str | None = None) -> str:
    """Content type without parameters; 415 unless it is JSON, or `media` as in image/*.

    It must be said: a page of another site can send a form or a plain text unasked, not this.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json" or (media and fnmatchcase(kind, media)):
        return kind
    expected = f"application/json or {media}" if media else "application/json"
    found = "another type" if kind else "none"
    raise RequestError(
        415, "content-type", expected, found, "send a header Content-Type: application/json"
    )


async def read(request: Request, bytes_max: int) -> bytes:
    """The body, counted as it arrives: a length header may be absent or a lie."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise RequestError(
                        413, "body", f"at most {bytes_max} bytes", "more", "send less at once"
                    )
    except TimeoutError:
        raise RequestError(
            408, "body", f"a request within {BODY_S:.0f} s", "a part of one", "send it again"
        ) from None
    return bytes(body)


def parsed(model: type[Model], body: bytes) -> Model:
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise RequestError(
            400,
            "body",
            "JSON in UTF-8",
            _found(str(error), len(body)),
            "check quotes, nesting and encoding",
        ) from None
    check_keys(body, value, known=model.model_fields)
    return validated(model, value)


def _found(said: str, length: int) -> str:
    """What is wrong with it, in words that hold nothing of it."""
    if "recursion" in said:
        return "values nested too deep"
    if "hex escape" in said:
        return "a broken escape: half of a surrogate pair, or no hexadecimal digits"
    return f"{length} bytes that are not"


def validated(model: type[Model], value: Any) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        # only names of ours: an unknown field's name is something the user sent
        known = [str(p) for p in first["loc"] if p in model.model_fields or isinstance(p, int)]
        place = ".".join(known) or "body"
        if first["type"] == "extra_forbidden":
            fields = f"fields among {sorted(model.model_fields)}"
            raise RequestError(
                422, place, fields, "another one", "check the spelling, or leave it out"
            ) from None
        for part in first["loc"]:
            value = value[part] if isinstance(value, dict) and part in value else _NOTHING
        kind, context = str(first["type"]), first.get("ctx", {})
        expected = _EXPECTED.get(kind, "another value").format(
            **context | {"fields": model.asked()}
        )
        raise RequestError(422, place, expected, _kind(value, context), "see /docs") from None


def _kind(value: Any, context: dict[str, Any]) -> str:
    """What was sent, without a word of it."""
    if value is _NOTHING:
        return "nothing"
    if isinstance(value, str) and {"max_length", "min_length"} & set(context):
        return str(len(value))
    return context.get("found") or _KINDS.get(type(value), "another type")

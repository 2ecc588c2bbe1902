"""A key that an object has twice: of two values none is meant more than the other. Knows no fields.

Every key has a colon, so a body with as many colons as its object has keys has none twice; any other
is read once more, its objects as pairs. Example: `check_keys(b'{"a": 1, "a": 2}', {"a": 2}, known=())`
"""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any

from steelyard.errors import RequestError


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written."""


class _Look:
    """Makes objects, and remembers whether one had a key twice."""

    def __init__(self) -> None:
        self.twice = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        self.twice = self.twice or len(made) != len(pairs)
        return made


def check_keys(body: bytes, value: Any, *, known: Container[str]) -> None:
    """RequestError 422 names the place of a key that is there twice, and the key itself where it is
    `known`: any other is a user's text. `value` is what a parser made of `body`."""
    if isinstance(value, dict) and body.count(b":") == len(value):
        return
    text, look = body.decode(), _Look()
    # numbers as texts: nothing of them is read
    json.loads(text, object_pairs_hook=look, parse_int=str, parse_float=str)
    if look.twice:
        _tell(json.loads(text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str), known)


def _tell(value: Any, known: Container[str]) -> None:
    place, key, first, second = _twice(value, "body", known)
    named = f"'{key}'" if place == "body" and key in known else "the same one"
    found = f"{named} as its keys {first} and {second}"
    raise RequestError(
        422, place, "an object whose keys are all different", found, "send each key once"
    )


def _twice(value: Any, place: str, known: Container[str]) -> Any:
    """Place, key and the two numbers of the first key that is there twice, or None."""
    if isinstance(value, _Pairs):
        return _of_object(value, place, known)
    doubles = (
        _twice(v, f"{place}[{i}]", known)
        for i, v in enumerate(value if isinstance(value, list) else ())
    )
    return next(filter(None, doubles), None)


def _of_object(pairs: _Pairs, place: str, known: Container[str]) -> Any:
    seen: dict[str, int] = {}
    for n, (key, inner) in enumerate(pairs, 1):
        if key in seen:
            return place, key, seen[key], n
        seen[key] = n
        outer = place == "body" and key in known
        double = _twice(inner, key if outer else f"{place}, key {n}", known)
        if double is not None:
            return double
    return None

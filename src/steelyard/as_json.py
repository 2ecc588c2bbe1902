"""A frozen dataclass as JSON, and back: what a step leaves is kept so. Knows no stage and no store.

A field whose default is None is not written while it is None. JSON of an older version may lack
fields, which are then their default or None, and a newer one's are left alone.
Example: `of_json(Interval, to_json(Interval(0.5, 0.4, 0.6, 9))) == Interval(0.5, 0.4, 0.6, 9)`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from steelyard.reason import Reason
from steelyard.words import kept, spoken

T = TypeVar("T")
SENTENCE = ("", "_zh", "_code", "_numbers")  # what `spoken` writes of a reason


# Metadata of a field: a dataclass whose own fields are written beside the others.
BESIDE: Mapping[str, Any] = {"beside": True}


def written_as(name: str) -> Mapping[str, Any]:
    """Of a field whose name in JSON is a word that Python keeps for itself, such as `in`."""
    return {"name": name}


def others(*known: str) -> Mapping[str, Any]:
    """Of a dict of JSON that is written beside the fields; `known` are names that it may hold."""
    return {"others": known}


def to_json(value: Any) -> Any:
    """Dataclasses as objects, tuples as lists, a reason as its sentences, its code and its numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        return {k: v for f in fields(value) for k, v in _written(f, getattr(value, f.name))}
    if isinstance(value, Mapping):
        return {name: to_json(each) for name, each in value.items()}
    return [to_json(each) for each in value] if isinstance(value, list | tuple) else value


def of_json(kind: type[T], body: Mapping[str, Any]) -> T:
    """The inverse of `to_json`; fields that are not there are their default, or None."""
    own = names(kind, told=False)
    rest = {name: value for name, value in body.items() if name not in own}
    return kind(**{f.name: _field(f, hint, body, rest) for f, hint in _fields(kind)})


def value_of(hint: Any, value: Any) -> Any:
    """A value of JSON as its type says it: dataclasses inside lists, dicts and what may be None."""
    inner, origin = _given(hint), get_origin(_given(hint))
    if value is None:
        return None
    if is_dataclass(inner) and isinstance(inner, type):
        return of_json(inner, value)
    arguments = get_args(inner)
    if origin in (tuple, list) and arguments:
        return origin(value_of(arguments[0], each) for each in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: value_of(arguments[1], each) for name, each in value.items()}
    return value


def names(kind: Any, *, told: bool = True) -> tuple[str, ...]:
    """Names in JSON of a dataclass's fields; with `told` also those that its open dict may hold."""
    return tuple(name for f, hint in _fields(kind) for name in _names(f, hint, told=told))


def _names(f: Field[Any], hint: Any, *, told: bool) -> tuple[str, ...]:
    if "others" in f.metadata:
        return tuple(f.metadata["others"]) if told else ()
    if "beside" in f.metadata:
        return names(_given(hint), told=told)
    name = f.metadata.get("name", f.name)
    return tuple(name + end for end in SENTENCE) if _given(hint) is Reason else (name,)


def _written(f: Field[Any], value: Any) -> Iterator[tuple[str, Any]]:
    if value is None and f.default is None:
        return
    if "beside" in f.metadata or "others" in f.metadata:
        yield from to_json(value).items()
    elif isinstance(value, Reason):
        yield from spoken(f.name, value).items()
    else:
        yield f.metadata.get("name", f.name), to_json(value)


def _field(f: Field[Any], hint: Any, body: Mapping[str, Any], rest: dict[str, Any]) -> Any:
    name = f.metadata.get("name", f.name)
    if "others" in f.metadata:
        return rest
    if "beside" in f.metadata:
        inner = _given(hint)
        return of_json(inner, body) if set(names(inner)) & body.keys() else None
    if name in body:
        return kept(body, name) if _given(hint) is Reason else value_of(hint, body[name])
    if f.default_factory is not MISSING:
        return f.default_factory()
    return None if f.default is MISSING else f.default


def _fields(kind: Any) -> tuple[tuple[Field[Any], Any], ...]:
    # apart, since a cache asks of its arguments what a type[T] is not known to be
    return _fields_of(kind)


@cache
def _fields_of(kind: Any) -> tuple[tuple[Field[Any], Any], ...]:
    hints = get_type_hints(kind)
    return tuple((f, hints[f.name]) for f in fields(kind))


def _given(hint: Any) -> Any:
    """The type of a value that is there: `X` of `X | None`."""
    if get_origin(hint) not in (Union, UnionType):
        return hint
    return next(each for each in get_args(hint) if each is not type(None))

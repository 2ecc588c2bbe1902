"""What a stage takes of earlier steps, as a frozen dataclass that it declares itself. Knows no stage.

A field says whose value it is: `dataset: Annotated[str, "data.dataset"]`, and `"train.*"` is a
dataclass of several values of a step. A room declares what it needs of another and imports nothing
of it. Example: `names_of(Learned) == ("data.dataset", "label.labels")`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from steelyard.as_json import names, of_json, value_of

T = TypeVar("T")
WHOLE = ".*"  # every field of the dataclass, of one step


def names_of(kind: Any) -> tuple[str, ...]:
    """`data.dataset`: what `Stage.takes` says, in the order of the fields."""
    return tuple(name for _, hint, of in _taken(kind) for name in _each(hint, of))


def take(kind: type[T], of: Callable[[str], Any]) -> T:
    """The dataclass, filled with what `of` gives by name."""
    return kind(**{name: _value(hint, where, of) for name, hint, where in _taken(kind)})


def _value(hint: Any, where: str, of: Callable[[str], Any]) -> Any:
    if not where.endswith(WHOLE):
        return value_of(hint, of(where))
    step = where.removesuffix(WHOLE)
    body = {name: of(f"{step}.{name}") for name in names(hint)}
    # None is also what a step that did not leave it gives
    return of_json(hint, {name: value for name, value in body.items() if value is not None})


def _each(hint: Any, where: str) -> Iterator[str]:
    if not where.endswith(WHOLE):
        yield where
        return
    step = where.removesuffix(WHOLE)
    yield from (f"{step}.{name}" for name in names(hint))


def _taken(kind: Any) -> tuple[tuple[str, Any, str], ...]:
    """(field, its type, whose value it is) of each."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple((f.name, *_annotated(kind, f.name, hints[f.name])) for f in fields(kind))


def _annotated(kind: type, name: str, hint: Any) -> tuple[Any, str]:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{kind.__name__}.{name}: expected Annotated[type, 'step.value']")
    inner, where = get_args(hint)
    return inner, str(where)

"""A product file cut to the sections that a step declares: whatever else it asks for is a fault of ours.

A step's key holds the declared sections, so what code reads beyond them would change its result and
not its key. Knows no step. Example: `only(file, "label", "money.prices.label").spec.money.prices.label`
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from steelyard.errors import SteelyardError
from steelyard.spec.load import ProductFile
from steelyard.spec.model import Product

Allowed = dict[str, "Allowed | None"]  # field -> fields of it, or None for the whole


class Declared:
    """A section of which some fields may be read."""

    __slots__ = ("_allowed", "_place", "_value")

    def __init__(self, value: Any, allowed: Allowed, place: str = "") -> None:
        self._value, self._allowed, self._place = value, allowed, place

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._value, name)
        if name not in self._allowed:
            raise SteelyardError(
                f"'{self._place}{name}' is read by a step that does not declare it: its key would not hold it"
            )
        inner = self._allowed[name]
        return value if inner is None else Declared(value, inner, f"{self._place}{name}.")


def only(file: ProductFile, *names: str) -> ProductFile:
    """The same file with the named sections (`label`) and fields (`money.prices.label`) alone."""
    allowed: Allowed = {}
    for name in sorted(names, key=lambda name: name.count(".")):  # whole sections first
        _allow(allowed, name.split("."))
    return replace(file, spec=cast(Product, Declared(file.spec, allowed)))


def with_section(file: ProductFile, name: str, value: Any) -> ProductFile:
    """The same file with another section in that place; what may be read of it stays."""
    spec: Any = file.spec
    if isinstance(spec, Declared):
        other = spec._value.model_copy(update={name: value})
        return replace(file, spec=cast(Product, Declared(other, spec._allowed, spec._place)))
    return replace(file, spec=spec.model_copy(update={name: value}))


def _allow(allowed: Allowed, path: list[str]) -> None:
    for part in path[:-1]:
        inner = allowed.setdefault(part, {})
        if inner is None:  # the whole of it may be read
            return
        allowed = inner
    allowed[path[-1]] = None

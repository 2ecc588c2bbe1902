"""What an operator is: rows in, rows out, and counts of what it did. Knows no operator.

Example: `rows, detail = opened(Kind(name="normalize")).apply(rows)`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

from steelyard.plugins import get, unusable
from steelyard.spec import ProductFile
from steelyard.spec.section import Kind, NoSettings, Section
from steelyard.store.records import digest_of
from steelyard.strangers import at_work, each_is
from steelyard.tasks import Task


@dataclass(frozen=True)
class Row:
    """One record on its way. `cluster` names its group of near-duplicates.

    `own` is the id its file gives it, which counts inside its `source`; `raw` is the hash of its
    content as it was read; `key` names its text for good (see `steelyard.data.names`).
    """

    id: str
    content: Any
    label: str | None
    source: str
    language: str = "und"
    cluster: str = ""
    own: str | None = None
    raw: str = ""
    key: str = ""

    @cached_property
    def digest(self) -> str:
        """Of the content as it is now."""
        return digest_of(self.content)


class Operator(Protocol):
    """Built with its own settings; a pure function of the rows it is given."""

    name: ClassVar[str]
    content: ClassVar[str]  # that of the tasks it is for, or "any"
    whole: ClassVar[bool]  # True: it must see every row at once
    Settings: ClassVar[type[Section]]  # what a product file may say of it

    def apply(self, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
        """Kept rows, and counts of what was changed or dropped by kind."""


def operators_of(product: ProductFile, task: Task) -> tuple[Kind, ...]:
    """Those of a product, in their order: its own list, or the task's."""
    named = product.spec.data.operators
    return tuple(Kind(name=name) for name in task.operators) if named is None else named


def opened(kind: Kind) -> Operator:
    """The registered operator with its settings."""
    made = get("operators", kind.name)
    settings = getattr(made, "Settings", NoSettings).model_validate(kind.settings)
    with at_work("operators", kind.name):
        operator: Operator = made(settings)
    return operator


def applied(operator: Operator, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
    """Rows behind an operator, and its counts; Unusable where it gives something else."""
    name, expected = operator.name, "rows and counts by kind"
    with at_work("operators", name):
        given = operator.apply(rows)
    if not isinstance(given, tuple) or len(given) != 2:
        raise unusable("operators", name, type(given).__name__, expected=expected)
    kept, counts = given
    each_is("operators", name, kept, Row, "rows")
    if not isinstance(counts, Mapping):
        raise unusable("operators", name, f"{type(counts).__name__} of counts", expected=expected)
    return list(kept), dict(counts)

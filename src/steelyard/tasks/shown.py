"""An answer as a person reads it on a page: a line, shares by name, spans of the text. Knows no page.

A task may say it by a method `shown`; without one the fields of the answer stand for themselves.
Example: `shown(task, {"reply": "hello"}).said == "hello"`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from steelyard.tasks.base import Task

Span = tuple[int, int, str]  # characters [start, end) of the text that was asked, and what they are


@dataclass(frozen=True)
class Shown:
    """`said` is the answer in a line; `shares` are from 0 to 1 by name; `spans`, in order and apart,
    are places of the text that was asked, None where answers have none."""

    said: str = ""
    shares: Mapping[str, float] = field(default_factory=dict)
    spans: tuple[Span, ...] | None = None


def shown(task: Task, sent: Mapping[str, Any]) -> Shown:
    """What clients get of an answer (`Task.sent`), for a person."""
    own = getattr(task, "shown", None)
    if own is not None:
        made: Shown = own(sent)
        return made
    told = {name: value for name, value in sent.items() if value is not None}
    if len(told) == 1:
        return Shown(_line(*told.values()))
    return Shown("; ".join(f"{name}: {_line(value)}" for name, value in told.items()))


def _line(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

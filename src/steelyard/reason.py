"""Why something is as it is: a code, and the figures that its sentence holds. Knows no words.

`steelyard.words` says it in English and in Chinese.
Example: `Reason("goal.above", {"goal": "p95_ms", "value": 52.8, "limit": 20.0})`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reason:
    """`numbers` by name: a figure, a name, an interval as (value, low, high), or other reasons that
    the sentence holds."""

    code: str
    numbers: Mapping[str, Value] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """{"code", "numbers"}; a reason inside is such an object again, several are a list."""
        return {"code": self.code, "numbers": {n: _to_json(v) for n, v in self.numbers.items()}}

    @classmethod
    def of_json(cls, body: Mapping[str, Any]) -> Reason:
        """What `to_json` made; KeyError for anything else."""
        return cls(body["code"], {n: _of_json(v) for n, v in body["numbers"].items()})


Value = int | float | str | Reason | tuple["Value", ...]


def together(reasons: Sequence[Reason]) -> Reason:
    """One that stands for all of them: several are said one behind the other."""
    return reasons[0] if len(reasons) == 1 else Reason("several", {"each": tuple(reasons)})


def told(en: str, zh: str) -> Reason:
    """What somebody else said in words: a ledger of before, or whoever has no code for it."""
    return Reason("told", {"en": en, "zh": zh})


def _to_json(value: Value) -> Any:
    if isinstance(value, Reason):
        return value.to_json()
    return [_to_json(v) for v in value] if isinstance(value, tuple) else value


def _of_json(value: Any) -> Value:
    if isinstance(value, Mapping):
        return Reason.of_json(value)
    if isinstance(value, list):
        return tuple(_of_json(v) for v in value)
    plain: int | float | str = value
    return plain

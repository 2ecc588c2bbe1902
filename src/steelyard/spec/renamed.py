"""Fields of earlier versions, and what they are called now. Knows no types.

A file that is run must say the new names; the file of a past turn is read as it was written.
Example: `now_called(("market", "replay")) == "release.replay"`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Path_ = tuple[str | int, ...]
# Section by section, the outermost first; none of a list.
_RELEASE = (
    "canary_share",
    "replay",
    "look_every",
    "confidence",
    "outcome_loss_max",
    "below_goals",
)
RENAMED: Mapping[tuple[str, ...], tuple[str, ...]] = {
    # 0.4: the market is where customers come from
    **{("market", name): ("release", name) for name in _RELEASE},
    ("goals", "macro_f1"): ("goals", "quality", "macro_f1"),  # 0.4: any metric of the task
}
# What became a setting of a kind, and how it is written there.
MOVED: Mapping[tuple[str, ...], str] = {
    ("data", "near_duplicate"): "data.operators: [..., {dedupe: {threshold: ...}}]",  # 0.4
}

_PLANS = ("market", "page", "plans")


def now_called(path: Path_) -> str | None:
    """The field that stands where `path` stood; None where it was never one."""
    if path in MOVED:
        return MOVED[tuple(map(str, path))]
    for old, new in RENAMED.items():
        if path[: len(old)] == old:
            return ".".join(map(str, new + path[len(old) :]))
    return None


def as_now(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a file, old names replaced where the new ones do not stand beside them."""
    values = dict(plain)
    for gone in MOVED:
        _taken(values, gone)
    if isinstance(_at(values, _PLANS), list):  # with prices of their own: no turn needs them
        _taken(values, _PLANS)
    for old, new in RENAMED.items():
        value = _taken(values, old)
        if value is not None:
            _placed(values, new, value)
    if values.get("market", ...) is None:  # as an empty section was written
        del values["market"]
    return values


def _at(values: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        values = values.get(part) if isinstance(values, dict) else None
    return values


def _taken(values: dict[str, Any], path: tuple[str, ...]) -> Any:
    first, *rest = path
    if not rest:
        return values.pop(first, None)
    inner = values.get(first)
    if not isinstance(inner, dict):
        return None
    values[first] = dict(inner)
    return _taken(values[first], tuple(rest))


def _placed(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    first, *rest = path
    if not rest:
        values.setdefault(first, value)
        return
    inner = values.get(first)
    values[first] = dict(inner) if isinstance(inner, dict) else {}
    _placed(values[first], tuple(rest), value)

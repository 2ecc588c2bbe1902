"""Entry points and optional dependencies: the one door for both. Knows no stage.

Built-ins come through the same entry points as strangers' packages.
Example: `need("ray", extra="ray").init()`; `get("tasks", "text_classification")`
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from steelyard.errors import Missing, UserError
from steelyard.near import near


def need(module: str, *, extra: str) -> ModuleType:
    """Import an optional module, or raise `Missing` with the command that installs it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise absent(error.name or module, extra=extra) from error


def absent(module: str, *, extra: str) -> Missing:
    """The error for a module that is not installed."""
    return Missing(
        module,
        f"the package of module '{module}'",
        "it is not installed",
        f"run: pip install 'steelyard[{extra}]'",
    )


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"steelyard.{group}"):
        if point.name not in points or _is_own(point):  # nobody takes the place of a built-in
            points[point.name] = point
    return points


def _is_own(point: EntryPoint) -> bool:
    dist = getattr(point, "dist", None)
    return dist is not None and dist.name == "steelyard"


def own(group: str) -> set[str]:
    """Names that steelyard itself registers under a group."""
    return {name for name, point in _points(group).items() if _is_own(point)}


def names(group: str) -> list[str]:
    """Names registered under `steelyard.<group>`, sorted."""
    return sorted(_points(group))


def loaded(
    group: str, why_not: Callable[[str, Any], str | None]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Everything registered under a group by name, and why the rest of it cannot be used: a
    stranger's package must not stop what others bring. `why_not` says what is wrong with one."""
    usable: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, point in sorted(_points(group).items()):
        try:
            thing = point.load()
        except Exception as error:  # whatever its module does when it is imported
            wrong[name] = f"{point.value}: {type(error).__name__}: {error}"
            continue
        why = why_not(name, thing)
        if why is None:
            usable[name] = thing
        else:
            wrong[name] = f"{point.value}: {why}"
    return usable, wrong


def whole(group: str, name: str, *, what: str, says: Sequence[str]) -> Any:
    """The object registered as `name`; UserError where it lacks something that its kind must say."""
    thing = get(group, name)
    lacks = [said for said in says if not hasattr(thing, said)]
    if lacks:
        raise UserError(
            f"{what} {name}",
            f"all that a kind of {group} says",
            f"no {', '.join(lacks)}",
            "use a version of its package that fits this steelyard",
        )
    return thing


def get(group: str, name: str) -> Any:
    """The object registered as `name` under `steelyard.<group>`; UserError when unknown."""
    point = _points(group).get(name)
    if point is None:
        hint = near(name, names(group)) or "install the package that brings it"
        raise UserError(f"{group}", f"one of {names(group)}", f"'{name}'", hint)
    return point.load()

"""Entry points and optional dependencies: the one door for both. Knows no stage.

Built-ins come through the same entry points as strangers' packages; what those break is told by name.
Example: `need("ray", extra="ray").init()`; `get("tasks", "text_classification")`
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from steelyard.errors import Missing, Unusable, UserError
from steelyard.near import near
from steelyard.promises import PROMISES, broken_by


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
        except (Exception, SystemExit) as error:  # whatever its module does when it is imported
            wrong[name] = f"{_from(point)}: {fact_of(error)}"
            continue
        why = why_not(name, thing)
        if why is None:
            usable[name] = thing
        else:
            wrong[name] = f"{_from(point)}: {why}"
    return usable, wrong


def get(group: str, name: str) -> Any:
    """The object registered as `name` under `steelyard.<group>`; UserError when unknown, Unusable for a
    stranger's that cannot be imported or lacks what its kind must say."""
    point = _points(group).get(name)
    if point is None:
        hint = near(name, names(group)) or "install the package that brings it"
        raise UserError(f"{group}", f"one of {names(group)}", f"'{name}'", hint)
    if _is_own(point):
        return point.load()
    try:
        thing = point.load()
    except (Exception, SystemExit) as error:
        expected = "a module that can be imported"
        raise unusable(group, name, fact_of(error), expected=expected) from error
    why = broken_by(group, name, thing) if group in PROMISES else None
    if why is not None:
        raise unusable(group, name, why)
    return thing


def unusable(group: str, name: str, found: str, *, expected: str = "") -> Unusable:
    """The error for a kind that a package brings and that does not do what its kind must."""
    called = PROMISES[group].called if group in PROMISES else group.removesuffix("s")
    point = _points(group).get(name)
    package = package_of(group, name)
    return Unusable(
        f"{called} {name}" + (f" ({_from(point)})" if point is not None else ""),
        expected or "all that a kind of its group must say",
        found,
        f"correct, update or remove {package or 'the package that brings it'}",
    )


def strangers(group: str) -> list[str]:
    """Names under a group that packages beside steelyard bring, sorted."""
    return sorted(set(names(group)) - own(group))


def left_out(group: str) -> dict[str, str]:
    """Name of a stranger's kind that cannot be used -> why."""
    wrong = {}
    for name in strangers(group):
        try:
            get(group, name)
        except UserError as error:
            wrong[name] = f"{_from(_points(group)[name])}: {error.found}"
    return wrong


def package_of(group: str, name: str) -> str | None:
    """`name==version` of the package that brings a kind; None for steelyard's own, and where no
    installed package says that it does."""
    point = _points(group).get(name)
    dist = getattr(point, "dist", None)
    return None if dist is None or dist.name == "steelyard" else f"{dist.name}=={dist.version}"


def packages_of(kinds: Iterable[tuple[str, str]]) -> list[str]:
    """Packages beside steelyard that bring these (group, name), sorted."""
    return sorted({package for kind in kinds if (package := package_of(*kind)) is not None})


def module_of(group: str, name: str) -> str:
    """First word of the module that a kind is in; empty for a name that is not registered."""
    point = _points(group).get(name)
    return "" if point is None else point.value.partition(":")[0].partition(".")[0]


def _from(point: EntryPoint) -> str:
    """`module:THING of package==1.0`, as far as that is known."""
    dist = getattr(point, "dist", None)
    return point.value if dist is None else f"{point.value} of {dist.name}=={dist.version}"


def fact_of(error: BaseException) -> str:
    """An error in one line."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__

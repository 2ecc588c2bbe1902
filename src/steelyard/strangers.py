"""What a stranger's kind does while it works: its errors and what comes back, told as its own.

A kind of another package is loaded and looked at by `plugins`; what only shows at work shows here. Knows no
stage. Example: `with at_work("methods", "theirs"): fitted = method.fit(job)`
"""

from __future__ import annotations

import errno
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from steelyard.errors import SteelyardError, Unusable
from steelyard.plugins import fact_of, module_of, package_of, strangers, unusable
from steelyard.promises import PROMISES

GROUPS = (*PROMISES, "stages", "levers")
_OF_THE_DISK = (errno.ENOSPC, errno.EROFS, errno.EDQUOT)
log = logging.getLogger("steelyard.strangers")
Made = TypeVar("Made", bound=Any)


@contextmanager
def at_work(group: str, name: str) -> Iterator[None]:
    """What a stranger's kind raises becomes Unusable, with its name, its package and the line where it
    was raised. Errors of ours, of a full disk and of steelyard's own kinds stay what they are."""
    try:
        yield
    except Exception as error:
        if _ours(error) or name not in strangers(group):
            raise
        log.info("kind.failed group=%s name=%s error=%s", group, name, type(error).__name__)
        said = f"{fact_of(error)} {_where(error, {module_of(group, name)})}"
        raise unusable(group, name, said, expected="work without an error") from error


def lacking(group: str, name: str, made: Any, expected: str, *, says: Sequence[str]) -> None:
    """Unusable where what a kind made has not all that the floors above ask of it."""
    without = [word for word in says if not hasattr(made, word)]
    if without:
        found = f"{type(made).__name__} without {', '.join(without)}"
        raise unusable(group, name, found, expected=expected)


def each_is(group: str, name: str, made: Any, kind: type, expected: str) -> None:
    """Unusable where what a kind gave is no list of these."""
    if not isinstance(made, list | tuple):
        raise unusable(group, name, type(made).__name__, expected=expected)
    for thing in made:
        if not isinstance(thing, kind):
            raise unusable(group, name, f"{type(thing).__name__} among them", expected=expected)


def guarded(
    group: str,
    name: str,
    thing: Made,
    *,
    gives: Mapping[str, type],
    each: Mapping[str, type],
    but: Sequence[str] = (),
) -> Made:
    """The same dataclass, each function of which `but` for these tells what it raises, and what it gives
    instead of a value of `gives` or a list of `each`, as the stranger's."""
    functions = {f.name: getattr(thing, f.name) for f in fields(thing)}
    told = {
        word: _told(group, name, word, function, gives.get(word), each.get(word))
        for word, function in functions.items()
        if callable(function) and not isinstance(function, type) and word not in but
    }
    return replace(thing, **told)


def _told(
    group: str,
    name: str,
    word: str,
    function: Callable[..., Any],
    gives: type | None,
    each: type | None,
) -> Callable[..., Any]:
    @wraps(function)
    def told(*given: Any, **named: Any) -> Any:
        with at_work(group, name):
            made = function(*given, **named)
        if each is not None:
            each_is(group, name, made, each, f"a list of {each.__name__} of '{word}'")
        if gives is not None and not isinstance(made, gives):
            expected = f"{gives.__name__} of '{word}'"
            raise unusable(group, name, type(made).__name__, expected=expected)
        return made

    return told


def blamed(error: BaseException, *, doing: str = "") -> Unusable | None:
    """The error for what code of a stranger's kind raised, whoever called it; None for any other."""
    if _ours(error):
        return None
    brought = {
        module_of(group, name): (group, name) for group in GROUPS for name in strangers(group)
    }
    raised_in = [module for module, _ in _frames(error) if module in brought]
    if not raised_in:
        return None
    package = package_of(*brought[raised_in[-1]]) or raised_in[-1]
    return Unusable(
        f"{doing}: {package}" if doing else package,
        "work without an error",
        f"{fact_of(error)} {_where(error, {raised_in[-1]})}",
        f"correct, update or remove {package}",
    )


def _ours(error: BaseException) -> bool:
    full = isinstance(error, OSError) and error.errno in _OF_THE_DISK
    return full or isinstance(error, SteelyardError | MemoryError)


def _frames(error: BaseException) -> list[tuple[str, traceback.FrameSummary]]:
    """(first word of the module, frame), the innermost last."""
    walked = list(traceback.walk_tb(error.__traceback__))
    summaries = traceback.StackSummary.extract(iter(walked), lookup_lines=False)
    modules = [str(frame.f_globals.get("__name__", "")).partition(".")[0] for frame, _ in walked]
    return list(zip(modules, summaries, strict=True))


def _where(error: BaseException, modules: set[str]) -> str:
    """The innermost line of these modules, else of all."""
    frames = _frames(error)
    own = [frame for module, frame in frames if module in modules] or [f for _, f in frames]
    last = own[-1]
    return f"in {Path(last.filename).name}:{last.lineno} ({last.name})"

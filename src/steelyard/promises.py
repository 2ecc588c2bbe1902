"""What a kind of each group must say of itself, so that one that does not is named before it is used.

One table for every group of entry points; the floors that use a kind say what each of these means. Knows
no kind and imports none. Example: `broken_by("methods", "linear", LINEAR)` is None for one that says all of it
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def _nothing(kind: Any) -> str | None:
    return None


@dataclass(frozen=True)
class Promise:
    """`says` are attributes, `does` functions with the arguments they are handed; those behind a `*` by
    name. `itself` are the arguments of the kind, where it is called."""

    called: str
    says: Sequence[str] = ()
    does: Mapping[str, str] = field(default_factory=dict)
    itself: str | None = None
    named: bool = True  # it says its own name, which is that of its entry point
    models: Sequence[str] = ("Settings",)  # classes of settings, where it has them
    more: Callable[[Any], str | None] = _nothing


def _measured(task: Any) -> str | None:
    """Choices read one metric: it has to be there."""
    if not isinstance(task.known, Mapping):
        return f"'known' of a {type(task.known).__name__}"
    return None if task.quality in task.known else "a 'quality' that is no metric of 'known'"


PROMISES: Mapping[str, Promise] = {
    "tasks": Promise(
        "task",
        says=(
            "Options",
            "content",
            "answer",
            "quality",
            "known",
            "operators",
            "words",
            "places",
            "cleans",
            "methods",
            "classes",
        ),
        does={
            "parse": "raw",
            "decode": "value",
            "decode_all": "values",
            "truth": "raw content names",
            "write": "truth",
            "read": "written",
            "moved": "truth content",
            "renamed": "value names",
            "classes_of": "truth",
            "counted_as": "truth",
            "counts": "answers truths",
            "metrics": "sums",
            "detail": "answers truths",
            "utility": "answers truths",
            "sent": "answer",
            "wire": "",
        },
        itself="options",
        models=("Options",),
        more=_measured,
    ),
    "contents": Promise(
        "kind of content",
        says=("schema", "media"),
        does={
            "keep": "content",
            "load": "kept",
            "sent": "content",
            "received": "value",
            "shown": "content",
            "reading": "values",
        },
    ),
    "methods": Promise(
        "method",
        says=("variant", "modules", "needs_backbone"),
        does={
            "suits": "task",
            "fit": "job",
            "open": "folder config *threads",
            "open_reading": "folder config",
        },
        models=("Settings", "Decoding"),
    ),
    "readers": Promise(
        "reader",
        says=("brings_data",),
        does={
            "place": "source",
            "fingerprint": "source base",
            "batches": "source base *line_bytes_max *reject",
        },
        named=False,
    ),
    "operators": Promise(
        "operator", says=("content", "whole"), does={"apply": "rows"}, itself="settings"
    ),
    "compressors": Promise("compressor", itself="job", named=False),
    "runtimes": Promise("runtime", does={"load": "folder config *threads"}, named=False),
    "preprocessors": Promise(
        "preprocessor",
        says=("kind",),
        does={
            "load": "folder settings",
            "features": "contents",
            "size": "feature",
            "collate": "features",
            "save": "folder",
        },
        named=False,
    ),
}


def broken_by(group: str, name: str, kind: Any) -> str | None:
    """What is wrong with a kind of this group; None where it says all that it must."""
    promise = PROMISES[group]
    said = (*promise.says, *promise.does, *(("name",) if promise.named else ()))
    lacking = [word for word in said if not hasattr(kind, word)]
    if lacking:
        return f"{_shown(kind)} without {', '.join(lacking)}"
    if promise.itself is not None and not _takes(kind, promise.itself):
        return f"{_shown(kind)} that is not called with ({promise.itself})"
    for word, handed in promise.does.items():
        if not _takes(getattr(kind, word), handed, unbound=_unbound(kind, word)):
            told = ", ".join(handed.replace("*", "").split())
            return f"{_shown(kind)} whose '{word}' does not take ({told})"
    if promise.named and kind.name != name:
        return f"one that calls itself {kind.name!r:.80}"
    for word in promise.models:
        model = getattr(kind, word, None)
        if model is not None and not hasattr(model, "model_validate"):
            return f"{_shown(kind)} whose '{word}' is no pydantic model"
    return promise.more(kind)


def _shown(kind: Any) -> str:
    return (
        f"the class {kind.__name__}" if isinstance(kind, type) else f"one of {type(kind).__name__}"
    )


def _unbound(kind: Any, word: str) -> bool:
    """Whether what the class has there is handed the instance first."""
    own = inspect.getattr_static(kind, word)
    bound = isinstance(own, staticmethod | classmethod)
    return isinstance(kind, type) and hasattr(own, "__get__") and not bound


def _takes(function: Any, handed: str, *, unbound: bool = False) -> bool:
    if not callable(function):
        return False
    words = handed.split()
    first = [None] if unbound else []
    given = first + [None for word in words if not word.startswith("*")]
    named = {word[1:]: None for word in words if word.startswith("*")}
    try:
        inspect.signature(function).bind(*given, **named)
    except TypeError:
        return False
    except ValueError:  # written in C, which says nothing of its arguments
        return True
    return True

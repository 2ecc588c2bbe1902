"""What other packages bring to a turn: whether it can be used, and of which version it is. Knows no step.

A kind of a new version may do something else, so its package stands in the key of each step that uses it;
steelyard's own stand there as the version of steelyard.
Example: `packages(product, task, stage) == ["package stranger==1.0"]`
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from steelyard.errors import SpecError
from steelyard.plugins import packages_of, strangers
from steelyard.promises import PROMISES
from steelyard.spec import ProductFile
from steelyard.spec.kinds import used, why_not
from steelyard.spec.where import line_at
from steelyard.stage import Stage, stage_named
from steelyard.strangers import at_work, blamed
from steelyard.tasks import Task

ALWAYS = ("tasks", "contents")  # every step is handed the task
ANSWERING = ("methods", "compressors")  # what a variant that a step takes was made by


def check_kinds(product: ProductFile, task: Task) -> None:
    """SpecError for what packages bring and a turn of this product would fail on."""
    lines = [
        line_at(product, path, why)
        for group, path, name in used(product.spec, task)
        if name in strangers(group) and (why := why_not(group, name)) is not None
    ]
    if lines:
        raise SpecError(lines)


def packages(product: ProductFile, task: Task, stage: Stage[Any]) -> list[str]:
    """Those that bring the stage, the kinds of the sections that it reads, and what made the variants
    that it takes; with their versions."""
    if not any(map(strangers, ("stages", *PROMISES))):
        return []
    own, behind = _sections(stage), _behind(stage)
    kinds = [
        (group, name)
        for group, path, name in used(product.spec, task)
        if group in ALWAYS or path[0] in own or (group in ANSWERING and path[0] in behind)
    ]
    return [f"package {package}" for package in packages_of([("stages", stage.name), *kinds])]


@contextmanager
def at_step(stage: Stage[Any]) -> Iterator[None]:
    """What a stranger's stage raises, or a stranger's kind in any stage, is told as its package's."""
    try:
        with at_work("stages", stage.name):
            yield
    except Exception as error:
        told = blamed(error, doing=f"step {stage.name}")
        if told is None:
            raise
        raise told from error


def _sections(stage: Stage[Any]) -> set[str]:
    return {read.partition(".")[0] for read in stage.sections}


def _behind(stage: Stage[Any]) -> set[str]:
    """Sections that the steps read from which it takes something, and those that these take from."""
    seen: set[str] = set()
    sections: set[str] = set()
    waiting = [stage]
    while waiting:
        for taken in {name.partition(".")[0] for name in waiting.pop().takes} - seen:
            seen.add(taken)
            earlier = stage_named(taken)
            if earlier is not None:
                sections |= _sections(earlier)
                waiting.append(earlier)
    return sections

"""Every registered task with options that fit it, and its examples."""

from __future__ import annotations

import json
from importlib.metadata import distributions

from tests.conftest import STRANGER

from steelyard.engine.fit import Examples
from steelyard.plugins import names
from steelyard.tasks import open_task

NAMES = ("负面", "positive", "其他")
OPTIONS = {"label": {"labels": NAMES}, "spans": {"entities": NAMES}}
TASKS = names("tasks")


def opened(name):
    from steelyard.tasks import task_kind

    return open_task(name, OPTIONS.get(task_kind(name).answer, {}))


def examples_of(task) -> Examples:
    pairs = task.contract_examples()
    contents = [task.decode(json.loads(json.dumps(v))) for v, _ in pairs]
    return Examples(contents, [truth for _, truth in pairs])


def with_strangers(group: str) -> list[str]:
    """Names registered under a group, and those that the package in tests/stranger brings."""
    (package,) = distributions(path=[str(STRANGER)])
    theirs = {p.name for p in package.entry_points if p.group == f"steelyard.{group}"}
    return sorted({*names(group), *theirs})

"""Start a module of this package in a process of its own. Knows no variant and no training.

What lies in the current folder, beside a product file, is never imported: not here, not there.
Example: `subprocess.run(command("steelyard.engine.probe", folder), env=environment())`
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command starts with this module: nothing heavy at import
    from steelyard.clock import Clock

# Parameters of mallopt, from malloc.h, and their values in bytes.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT = 2**31 - 1
_MMAPPED = 32 * 2**20  # larger blocks are mapped, and freed, one by one: glibc's own most


def command(module: str, *arguments: str | Path) -> list[str]:
    """This interpreter running `module`, without the current folder on its path (-P)."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """This process's variables; of PYTHONPATH only what names a folder wherever it is read."""
    variables = dict(os.environ) | {"PYTHONSAFEPATH": "1"} | more
    named = variables.pop("PYTHONPATH", "").split(os.pathsep)
    # an empty entry is the current folder, and a relative one stands beside it
    kept = [entry for entry in named if Path(entry).is_absolute()]
    return variables | ({"PYTHONPATH": os.pathsep.join(kept)} if kept else {})


def forget_current_folder() -> None:
    """Take the current folder off this process's path unless PYTHONPATH names it in full.

    `python -m` puts it there, and so does an empty entry of PYTHONPATH.
    """
    here = str(Path.cwd())
    if here not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        sys.path[:] = [entry for entry in sys.path if entry not in ("", ".", here)]


def clock_name(clock: Clock) -> str:
    """How another process finds the same kind of clock: `module:Class`."""
    return f"{type(clock).__module__}:{type(clock).__qualname__}"


def named_clock(name: str) -> Clock:
    """The inverse of `clock_name`; the name comes from the process that started this one."""
    from steelyard.clock import Clock

    module, _, kind = name.partition(":")
    made = getattr(importlib.import_module(module), kind)()
    if not isinstance(made, Clock):
        raise TypeError(f"{name} is no clock")
    return made


def cores() -> int:
    """Cores that this process may use: fewer than the machine has where it is pinned to some."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@contextmanager
def keeping_memory() -> Iterator[None]:
    """Inside, what is freed is kept for what comes next: a training step frees and asks for the
    same gigabyte, and getting it page by page took a twentieth of its time. Given back behind it."""
    _allocator("mallopt", _MMAP_THRESHOLD, _KEPT)
    _allocator("mallopt", _TRIM_THRESHOLD, _KEPT)
    try:
        yield
    finally:
        _allocator("mallopt", _MMAP_THRESHOLD, _MMAPPED)
        _allocator("mallopt", _TRIM_THRESHOLD, 2 * _MMAPPED)
        give_back_memory()


def give_back_memory() -> None:
    """Return what this process has freed to the system, before others are started beside it."""
    gc.collect()
    _allocator("malloc_trim", 0)


def _allocator(call: str, *values: int) -> None:
    """A call of glibc, whose allocator keeps what is freed; other C libraries have none such, and
    need none."""
    import ctypes

    function = getattr(ctypes.CDLL(None), call, None) if sys.platform == "linux" else None
    if function is not None:
        function(*values)

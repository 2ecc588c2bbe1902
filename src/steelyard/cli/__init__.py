"""The command line: parse, call one public function, show the facts. Knows no stage's inside.

A user's error exits 2 without a traceback, a refused gate 3, a bug 1 with one.
Example: `steelyard turn product.yaml`
"""

from __future__ import annotations

import os
import sys
import warnings

from steelyard.cli.show import never_fail
from steelyard.engine.processes import forget_current_folder
from steelyard.errors import InBoth, Refused, SpecError, SteelyardError, Unusable, UserError

DEBUG = "STEELYARD_DEBUG"  # set by whoever writes a kind: its errors with their traceback
_M_ARENA_MAX = -8  # of malloc.h

# Set before any numeric library loads: spinning threads waste a shared machine.
for _name, _value in (
    ("OMP_WAIT_POLICY", "PASSIVE"),
    ("GOMP_SPINCOUNT", "0"),
    ("TOKENIZERS_PARALLELISM", "false"),
):
    os.environ.setdefault(_name, _value)


def main() -> None:
    """Entry point of the `steelyard` command."""
    forget_current_folder()
    never_fail()
    _few_arenas()
    # Said by lance whenever any library forks to run a program; nothing of ours forks.
    warnings.filterwarnings("ignore", message="lance is not fork-safe")
    from steelyard.cli.commands import app

    try:
        app()
    except (UserError, Refused) as error:
        if isinstance(error, Unusable) and os.environ.get(DEBUG):
            raise
        print(_said(error), file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        told = _of_disk(error) or _of_stranger(error)
        if told is None:
            raise
        print(told, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; run the same command again to continue", file=sys.stderr)
        sys.exit(130)


def _of_disk(error: Exception) -> SteelyardError | None:
    """A full or read-only disk is the user's to repair, whichever library met it."""
    from steelyard.store.failures import of_disk

    return of_disk(error)


def _of_stranger(error: Exception) -> SteelyardError | None:
    """What another package's kind raised is that package's to repair, whoever called it."""
    from steelyard.strangers import blamed

    return None if os.environ.get(DEBUG) else blamed(error)


def _few_arenas() -> None:
    """Ask glibc for two heaps instead of eight a core: a turn of many threads kept twice the
    memory it used. Other C libraries have no such call, and need none."""
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)


def _said(error: SteelyardError) -> str:
    if isinstance(error, SpecError):
        return "\n".join(error.problems)
    if isinstance(error, InBoth):
        from steelyard.cli.show import language

        return error.zh if language() == "zh" else str(error)
    return f"refused: {error}" if isinstance(error, Refused) else str(error)


if __name__ == "__main__":
    main()

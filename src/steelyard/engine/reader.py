"""Requests read in a process of their own: values -> features, apart from what answers others.

`python -P -m steelyard.engine.reader` reads questions and writes answers as frames: a line of JSON
and the bytes that it announces. It ends with its input. Knows no model, server or ledger.
Example: {"folder": "artifacts/1f…", "values": [null], "kinds": ["str"], "parts": [6]} and six bytes
-> {"arrays": [["<i4", [3]]], "cpu_s": 0.001, "parts": [12]} and twelve
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from steelyard.clock import Clock
from steelyard.engine.model import Reading, open_reading, read_config, task_in
from steelyard.tasks import Array, BadInput, Task

NICE = 10  # whoever is answered goes first
READ_MAX_S = 40  # more than its server waits: it ends the process sooner, unless it is gone itself
# half of a surrogate pair is refused where texts are checked, not on the way there
_CODE = ("utf-8", "surrogatepass")
Frame = tuple[dict[str, Any], list[bytes]]


def send(stream: IO[bytes], header: dict[str, Any], parts: Sequence[bytes] = ()) -> None:
    """One frame. No pickle: who reads strangers' files is not believed a program."""
    line = json.dumps(header | {"parts": [len(p) for p in parts]}, ensure_ascii=False)
    stream.write(line.encode(*_CODE) + b"\n" + b"".join(parts))
    stream.flush()


def receive(stream: IO[bytes]) -> Frame | None:
    """The next frame; None when the other side has ended, even in the middle of one."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    header = json.loads(line.decode(*_CODE))
    sizes = header.pop("parts")
    parts = [stream.read(n) for n in sizes]
    return (header, parts) if [len(p) for p in parts] == sizes else None


def question(folder: Path, values: Sequence[Any]) -> Frame:
    """What a process is asked: texts and bytes stand behind the line, everything else in it."""
    kinds = [type(v).__name__ for v in values]
    plain = [None if isinstance(v, str | bytes) else v for v in values]
    header = {"folder": str(folder), "values": plain, "kinds": kinds}
    behind = [v for v in values if isinstance(v, str | bytes)]
    return header, [v if isinstance(v, bytes) else v.encode(*_CODE) for v in behind]


def _values(header: dict[str, Any], parts: list[bytes]) -> list[Any]:
    behind = iter(parts)
    read: dict[str, Callable[[Any], Any]] = {
        "str": lambda _: next(behind).decode(*_CODE),
        "bytes": lambda _: next(behind),
    }
    return [
        read.get(kind, lambda value: value)(value)
        for value, kind in zip(header["values"], header["kinds"], strict=True)
    ]


def arrays(header: dict[str, Any], parts: list[bytes]) -> list[Array]:
    """The features in an answer; ValueError where they are no numbers or not all there."""
    return [
        np.frombuffer(part, dtype=np.dtype(str(kind))).reshape(shape)
        for (kind, shape), part in zip(header["arrays"], parts, strict=True)
    ]


class Reader:
    """Tasks and readings of the artifact folders that were asked for."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._open: dict[str, tuple[Task, Reading]] = {}

    def answer(self, header: dict[str, Any], parts: list[bytes]) -> Frame:
        task, reading = self._opened(header["folder"])
        before = self._clock.thread_cpu_s()
        try:
            features = reading.features(task.decode_all(_values(header, parts)))
        except BadInput as error:
            return {"refused": [error.index, error.message]}, []
        contiguous = [np.ascontiguousarray(f) for f in features]
        said = {
            "arrays": [[r.dtype.str, r.shape] for r in contiguous],
            "cpu_s": self._clock.thread_cpu_s() - before,
        }
        return said, [r.tobytes() for r in contiguous]

    def _opened(self, folder: str) -> tuple[Task, Reading]:
        if folder not in self._open:
            config = read_config(Path(folder))
            self._open[folder] = task_in(config), open_reading(Path(folder), config)
        return self._open[folder]


def main(questions: IO[bytes], answers: IO[bytes]) -> None:
    reader = Reader()
    while (asked := receive(questions)) is not None:
        _limited(READ_MAX_S)
        try:
            said = reader.answer(*asked)
        except Exception as error:  # its words may hold a user's text
            said = {"failed": type(error).__name__}, []
        finally:
            _limited(0)
        send(answers, *said)


def _limited(seconds: int) -> None:
    """The process dies when it is not through by then, though nobody is left who could end it."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


if __name__ == "__main__":
    # requests in work are still answered: it ends with its input
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICE)
    # Libraries may print; what they say must not stand among the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    main(sys.stdin.buffer, out)

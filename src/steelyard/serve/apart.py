"""The process that reads long requests, seen from the server: started when the first comes. Knows
no task.

Example: `features, cpu_s = apart.read(variant, ["很好" * 5_000])`, in a thread that may wait
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from steelyard.engine.processes import command, environment
from steelyard.engine.reader import Frame, arrays, question, receive, send
from steelyard.errors import Missing, StoreError
from steelyard.serve.busy import Busy
from steelyard.tasks import Array, BadInput

READ_MAX_S = 30.0  # a process that takes longer is stuck: the worst request takes a second
FOLDERS_MAX = 2  # a live release and a canary; with a third the process begins anew
# of the server's variables: what an interpreter and its libraries need to start
NEEDED = (
    "PATH",
    "HOME",
    "USERPROFILE",
    "SYSTEMROOT",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSAFEPATH",
    "PYTHONUTF8",
    "PYTHONIOENCODING",
    "OMP_NUM_THREADS",
    "TOKENIZERS_PARALLELISM",
)
log = logging.getLogger("steelyard.serve")


class Apart:
    """One request at a time; `verified` gives a variant's folder after a look at every byte."""

    def __init__(self, verified: Callable[[str], Path]) -> None:
        self._verified, self._lock = verified, threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folders: dict[str, Path] = {}
        self._told: set[str] = set()  # damaged variants that the log names already
        self._closed = False

    def read(self, variant: str, values: Sequence[Any]) -> tuple[list[Array], float]:
        """Features of the values and the CPU seconds that they took; BadInput names the value that
        the task cannot read, RequestError 503 says that the process ended or is stuck."""
        with self._lock:
            answer = self._asked(variant, values)
        if answer is None:
            raise Busy("a process that reads long requests", "one that ended")
        header, parts = answer
        if "refused" in header:
            raise BadInput(*header["refused"])
        if "failed" in header:
            raise RuntimeError(f"reading a request apart failed: {header['failed']}")
        return arrays(header, parts), float(header["cpu_s"])

    def close(self) -> None:
        """The process ends, whatever it does; a request that waits for it is refused."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()

    def _asked(self, variant: str, values: Sequence[Any]) -> Frame | None:
        if variant not in self._folders and len(self._folders) == FOLDERS_MAX:
            self._end()
        process = self._started()
        if variant not in self._folders:
            self._folders[variant] = self._whole(variant)
        assert process.stdin is not None and process.stdout is not None
        stuck = threading.Timer(READ_MAX_S, process.kill)
        stuck.daemon = True
        stuck.start()
        try:
            send(process.stdin, *question(self._folders[variant], values))
            answer = receive(process.stdout)
            if answer is not None and len(answer[0].get("arrays", values)) != len(values):
                raise RuntimeError("a process read more or fewer values than were sent")
        except OSError:
            answer = None
        except BaseException:  # what else stands in the pipe would answer the next request
            self._end()
            raise
        finally:
            stuck.cancel()
        if answer is None:
            self._end()
        return answer

    def _whole(self, variant: str) -> Path:
        try:
            return self._verified(variant)
        except (StoreError, Missing, OSError) as error:  # the model that answers was loaded before
            if variant not in self._told:
                log.error("release.damaged variant=%s because=%s", variant, error)
            self._told.add(variant)
            raise Busy(
                "a release whose files are whole", "damaged ones, which the log names"
            ) from error

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise Busy("a server in service", "one that stops")
        if self._process is not None:
            return self._process
        try:
            self._process = subprocess.Popen(
                command("steelyard.engine.reader"),
                env=_without_secrets(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            log.error("reader.start failed because=%s", error.strerror)
            raise Busy("a process that reads long requests", "none that could start") from error
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        self._folders.clear()
        if process is None:
            return
        process.kill()
        code = process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _closed(stream)
        if not self._closed:
            log.info("reader.ended code=%s", code)


def _without_secrets() -> dict[str, str]:
    """What an interpreter needs to start: a process that opens strangers' files knows no key and no
    password, whatever they are called."""
    variables = environment(TOKENIZERS_PARALLELISM="false")
    return {name: variables[name] for name in NEEDED if name in variables}


def _closed(stream: Any) -> None:
    """What a dead process has not read is still in the buffer, and cannot be written."""
    with contextlib.suppress(OSError):
        stream.close()

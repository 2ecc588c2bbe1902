"""One training of the curve in a process of its own, on one thread. Knows no store and no ledger.

`python -P -m steelyard.train.worker JOB CLOCK` reads a job file, writes a JSON line a step, and keeps
`result.json` in the job's folder. It ends when the process that started it does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from steelyard.clock import Clock
from steelyard.engine.fit import Examples
from steelyard.engine.processes import named_clock
from steelyard.errors import Damaged, StoreError
from steelyard.files import write
from steelyard.methods import FitJob, answers_of, fitted, method_named
from steelyard.methods.encoder import Encoder
from steelyard.plugins import need
from steelyard.spec.model import Train
from steelyard.spec.section import NoSettings
from steelyard.store.lock import alone
from steelyard.store.scratch import find, keep, whole
from steelyard.tasks import Answer, Content, ContentKind, content_kind, open_task

RESULT, EXAMPLES = "result.json", "examples.json"
THREADS = 1  # one thread a training: sums do not depend on how many run side by side
LOCK_WAIT_S = 0.05


@dataclass(frozen=True)
class Job:
    """A training on the first `labels` examples of a file, in `folder`."""

    folder: str
    examples: str
    labels: int
    batch: int
    method: str
    task: str
    options: dict[str, Any]  # of the task
    settings: dict[str, Any]  # the section `train` of a product file
    own: dict[str, Any]  # settings of the method
    encoder: str | None
    source: str


@dataclass(frozen=True)
class Result:
    """Answers to the evaluated part, and the CPU seconds of it all."""

    answers: list[Answer]
    cpu_s: float


def write_examples(
    folder: Path, examples: Examples, part: Sequence[Content], *, kind: ContentKind
) -> Path:
    """What every job of one curve reads: contents as a request carries them, since this is JSON too."""
    body = {
        "contents": [kind.sent(c) for c in examples.contents],
        "truths": list(examples.truths),
        "part": [kind.sent(c) for c in part],
    }
    return keep(folder, EXAMPLES, json.dumps(body, ensure_ascii=False))


def _read_examples(path: Path) -> Any:
    if not whole(path):
        raise Damaged(
            str(path), "the examples as they were written", "others", "run the command again"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def result_of(folder: Path) -> Result | None:
    """What a finished job left; None while it is not, or when that is damaged."""
    path = find(folder, RESULT)
    if path is None:
        return None
    body = json.loads(path.read_text(encoding="utf-8"))
    return Result([Answer(value, score) for value, score in body["answers"]], body["cpu_s"])


def run(job: Job, clock: Clock) -> None:
    """Train, evaluate, leave the result."""
    body, method = _read_examples(Path(job.examples)), method_named(job.method)
    if "torch" in method.modules:
        need("torch", extra="train").set_num_threads(THREADS)
    task = open_task(job.task, job.options)
    received = content_kind(task.content).received
    contents = [received(c) for c in body["contents"][: job.labels]]
    made = fitted(
        method,
        FitJob(
            task,
            Train.model_validate(job.settings),
            Examples(contents, body["truths"][: job.labels]),
            folder=Path(job.folder),
            clock=clock,
            own=getattr(method, "Settings", NoSettings).model_validate(job.own),
            encoder=Encoder(Path(job.encoder), job.source) if job.encoder else None,
            report=_say,
            batch=job.batch,
            started=0.0,  # the start of the process is its own cost
            published=False,
        ),
    )
    before = clock.cpu_s()
    answers = answers_of(method, made, [received(c) for c in body["part"]])
    cpu_s = made.cpu_s + clock.cpu_s() - before
    said = {"answers": [[a.value, a.score] for a in answers], "cpu_s": cpu_s}
    keep(Path(job.folder), RESULT, json.dumps(said, ensure_ascii=False))


def write_job(job: Job) -> Path:
    path = Path(job.folder) / "job.json"
    write(path, json.dumps(asdict(job), ensure_ascii=False))
    return path


def _say(done: int, steps: int) -> None:
    print(json.dumps([done, steps]), flush=True)


def _end_with_parent() -> None:
    """Standard input is a pipe that only the parent holds: its end is the parent's."""
    sys.stdin.read()
    os._exit(1)


def _only_one(path: Path) -> ExitStack:
    """Hold `path`: the worker of a killed turn, which is about to end, may hold it still."""
    stack = ExitStack()
    while True:
        try:
            stack.enter_context(alone(path))
            return stack
        except StoreError:
            time.sleep(LOCK_WAIT_S)


def main(path: Path, clock: Clock) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = Job(**json.loads(path.read_text(encoding="utf-8")))
    with _only_one(Path(job.folder) / "worker.lock"):
        run(job, clock)


if __name__ == "__main__":
    main(Path(sys.argv[1]), named_clock(sys.argv[2]))

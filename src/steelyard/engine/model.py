"""A variant that answers: all that compress, serve, release and evaluation see of any method.

Knows no HTTP or money. Example: `open_model(folder).answers(["物流很快，包装完好"])[0].value`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from steelyard.as_json import of_json, others
from steelyard.errors import Damaged
from steelyard.plugins import get
from steelyard.strangers import at_work, lacking
from steelyard.tasks import Answer, Array, Content, Task, open_task

FORMAT = 1
BATCH_TOKENS = 512  # measured: fewer CPU seconds an item than 1,024, with ONNX Runtime and OpenVINO
BATCH_ITEMS = 64
CONFIG = "config.json"


@dataclass(frozen=True)
class Preprocessing:
    """How contents become features: the kind of preprocessor, and what it saved of itself."""

    kind: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Config:
    """`config.json` of an artifact. Models of arrays have a runtime, a precision and preprocessing;
    `backbone` is the configuration of an encoder, `decoding` how a generator writes, `more` what a
    method keeps besides."""

    format: int = FORMAT
    task: str
    options: Mapping[str, Any] | None = None  # None before 0.4, which said `labels`
    labels: tuple[str, ...] = ()
    method: str | None = None  # None before 0.4: each task had one of its own
    runtime: str | None = None
    precision: str | None = None
    preprocess: Preprocessing | None = None
    backbone: Mapping[str, Any] | None = None
    decoding: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict, metadata=others())


class Reading(Protocol):
    """The first half of a model, which may run in another process than the second."""

    def features(self, contents: Sequence[Content]) -> list[Array]:
        """One array per content, of numbers. Never raises on content that `Task.decode` let
        through."""

    def size(self, feature: Array) -> int:
        """Work it asks for, in tokens (1 where every item costs the same)."""


class Model(Reading, Protocol):
    """A trained model of any method, loaded from its artifact."""

    @property
    def task(self) -> Task: ...

    @property
    def threads(self) -> int:
        """Threads that compute a batch, the calling one among them."""

    def answers_of(
        self,
        features: Sequence[Array],
        *,
        batch_tokens: int = BATCH_TOKENS,
        progress: Callable[[int], None] | None = None,
    ) -> list[Answer]:
        """Features [n] -> n answers in their order; `progress` hears of items that are done."""

    def answers(self, contents: Sequence[Content]) -> list[Answer]:
        """Contents, already passed by `task.decode` -> one answer each."""


class Writes(Model, Protocol):
    """A model whose answers are texts, and may be had while they are written."""

    def stream(self, feature: Array) -> Iterator[str | Answer]:
        """Pieces of the text as they are made, then the answer, whose value is all of them joined."""


def open_model(folder: Path, *, threads: int = 1) -> Model:
    """Load a published artifact by its method; Damaged when its configuration is not one."""
    config = read_config(folder)
    method = method_in(config)
    with at_work("methods", method):
        model: Model = get("methods", method).open(folder, config, threads=threads)
    said = ("task", "threads", "features", "size", "answers_of", "answers")
    lacking("methods", method, model, "a model of 'open'", says=said)
    return model


def open_reading(folder: Path, config: Config) -> Reading:
    """Only what turns contents into features."""
    method = method_in(config)
    with at_work("methods", method):
        reading: Reading = get("methods", method).open_reading(folder, config)
    lacking("methods", method, reading, "what 'open_reading' gives", says=("features", "size"))
    return reading


def task_in(config: Config) -> Task:
    """The task of an artifact. Those of before 0.4 say their labels beside it."""
    options = {"labels": config.labels} if config.options is None else config.options
    return open_task(str(config.task), options)


def method_in(config: Config) -> str:
    """The method of an artifact, also of one that names none."""
    if config.method is not None:
        return config.method
    if config.runtime == "linear":
        return "linear"
    pixels = config.preprocess is not None and config.preprocess.kind == "pixels"
    return "cnn" if pixels else "fine_tune"


def token_batches(
    sizes: Sequence[int], *, batch_tokens: int, items_max: int = BATCH_ITEMS
) -> Iterator[list[int]]:
    """Indices in batches of similar size whose padded work fits the budget (one item always may)."""
    batch: list[int] = []
    for i in sorted(range(len(sizes)), key=lambda i: sizes[i]):
        # sorted ascending, so the newcomer is the widest of its batch
        if batch and (sizes[i] * (len(batch) + 1) > batch_tokens or len(batch) == items_max):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def write_config(folder: Path, task: Task, *, method: str, **more: Any) -> None:
    """`config.json` beside what is already in `folder`."""
    config = {
        "format": FORMAT,
        "task": task.name,
        "options": task.options.model_dump(mode="json"),
        "method": method,
        **more,
    }
    body = json.dumps(config, ensure_ascii=False, indent=1)
    (folder / CONFIG).write_text(body, encoding="utf-8")


def write_decoding(folder: Path, decoding: Mapping[str, Any]) -> None:
    """How the generator in `folder` writes its answers from now on; the rest stays as it is."""
    path = folder / CONFIG
    config = json.loads(path.read_text(encoding="utf-8")) | {"decoding": dict(decoding)}
    path.write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")


def read_config(folder: Path) -> Config:
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Damaged(f"{folder}/{CONFIG}", "JSON of a variant", str(error)) from error
    if not isinstance(config, dict):
        raise Damaged(f"{folder}/{CONFIG}", "JSON of a variant", type(config).__name__)
    if config.get("format") != FORMAT:
        raise Damaged(f"{folder}/{CONFIG}", f"format {FORMAT}", f"{config.get('format')!r}")
    return of_json(Config, config)

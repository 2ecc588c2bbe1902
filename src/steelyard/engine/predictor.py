"""A variant that answers: artifact folder -> preprocessor + runtime + task. Knows no HTTP or money.

The folder is plain: config.json, the weights in safetensors or ONNX or OpenVINO IR, tokenizer files.
Example: `Predictor.open(folder).predict(["物流很快，包装完好"])[0].value`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from steelyard.errors import Damaged, UserError
from steelyard.plugins import get
from steelyard.tasks import (
    Answer,
    Array,
    Content,
    Inputs,
    Preprocessor,
    Task,
    open_preprocessor,
    open_task,
)

FORMAT = 1
BATCH_TOKENS = 512  # measured: fewer CPU seconds an item than 1,024, with ONNX Runtime and OpenVINO
BATCH_ITEMS = 64


class Runtime(Protocol):
    """Runs one batch: inputs -> logits float32 [B, K]. `threads` is set when it is loaded, and
    the calling thread is one of them."""

    threads: int

    def run(self, inputs: Inputs) -> Array: ...


@dataclass(frozen=True)
class Predictor:
    """Everything one variant needs to answer."""

    task: Task
    preprocessor: Preprocessor
    runtime: Runtime
    config: dict[str, Any]

    @classmethod
    def open(cls, folder: Path, *, threads: int = 1) -> Predictor:
        """Load a published artifact; Damaged when its configuration is not one."""
        config = read_config(folder)
        task = open_task(config["task"], labels=config["labels"])
        preprocessor = cls.open_preprocessor(folder, config)
        runtime = get("runtimes", config["runtime"]).load(folder, config, threads=threads)
        return cls(task, preprocessor, runtime, config)

    @staticmethod
    def open_preprocessor(folder: Path, config: dict[str, Any]) -> Preprocessor:
        """Only the preprocessor of an artifact."""
        named = config["preprocess"]
        return open_preprocessor(named["kind"], folder, named["settings"])

    def logits(
        self,
        contents: Sequence[Content],
        *,
        batch_tokens: int = BATCH_TOKENS,
        progress: Callable[[int], None] | None = None,
    ) -> Array:
        """Contents [n] -> logits [n, K] in their order; length-sorted inside a token budget."""
        features = self.preprocessor.features(contents)
        sizes = [self.preprocessor.size(f) for f in features]
        return self.logits_of(features, sizes, batch_tokens=batch_tokens, progress=progress)

    def logits_of(
        self,
        features: Sequence[Any],
        sizes: Sequence[int],
        *,
        batch_tokens: int = BATCH_TOKENS,
        progress: Callable[[int], None] | None = None,
    ) -> Array:
        """Features of the preprocessor [n] and their sizes -> logits [n, K]."""
        out = np.zeros((len(features), len(self.task.labels)), dtype=np.float32)
        for batch in token_batches(sizes, batch_tokens=batch_tokens):
            out[batch] = self.runtime.run(self.preprocessor.collate([features[i] for i in batch]))
            if progress is not None:
                progress(len(batch))
        return out

    @property
    def threads(self) -> int:
        """Threads that compute a batch, the calling one among them."""
        return self.runtime.threads

    def predict(self, contents: Sequence[Content]) -> list[Answer]:
        """Contents, already passed by `task.decode` -> one answer each."""
        return answered(self.task, self.logits(contents)) if len(contents) else []


def answered(task: Task, logits: Array) -> list[Answer]:
    """Logits [n, K] -> n answers; UserError where the training diverged."""
    if not np.isfinite(logits).all():
        raise UserError("evaluation", "finite logits", "NaN or infinity: the training diverged", "lower train.learning_rate, or say precision: fp32")  # fmt: skip
    return task.answers(logits)


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


def write_config(
    folder: Path,
    task: Task,
    preprocessor: Preprocessor,
    *,
    runtime: str,
    precision: str,
    **extra: Any,
) -> None:
    """Save the preprocessor and config.json beside weights that are already in `folder`."""
    config = {
        "format": FORMAT,
        "task": task.name,
        "labels": list(task.labels),
        "runtime": runtime,
        "precision": precision,
        "preprocess": {"kind": preprocessor.kind, "settings": preprocessor.save(folder)},
        **extra,
    }
    body = json.dumps(config, ensure_ascii=False, indent=1)
    (folder / "config.json").write_text(body, encoding="utf-8")


def read_config(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Damaged(f"{folder}/config.json", "JSON of a variant", str(error)) from error
    if config.get("format") != FORMAT:
        raise Damaged(f"{folder}/config.json", f"format {FORMAT}", f"{config.get('format')!r}")
    return config

"""A model that computes with arrays: preprocessor, runtime and head. Knows no HTTP or money.

Its folder is plain: config.json, the weights in safetensors or ONNX or OpenVINO IR, tokenizer files.
Example: `Predictor.open(folder, config).answers(["物流很快，包装完好"])[0].value`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from steelyard.engine.arrays import Inputs, Preprocessor, open_preprocessor
from steelyard.engine.heads import Head, head_of
from steelyard.engine.model import (
    BATCH_TOKENS,
    CONFIG,
    Config,
    task_in,
    token_batches,
    write_config,
)
from steelyard.errors import Damaged, UserError
from steelyard.plugins import get
from steelyard.strangers import at_work, lacking
from steelyard.tasks import Answer, Array, Content, Task


class Runtime(Protocol):
    """Runs one batch: inputs -> outputs float32 [B, ...]. `threads` is set when it is loaded, and
    the calling thread is one of them."""

    threads: int

    def run(self, inputs: Inputs) -> Array: ...


@dataclass(frozen=True)
class Predictor:
    """Everything one variant needs to answer."""

    task: Task
    preprocessor: Preprocessor
    runtime: Runtime
    config: Config

    @classmethod
    def open(cls, folder: Path, config: Config, *, threads: int = 1) -> Predictor:
        """Load a published artifact whose configuration was read."""
        preprocessor = preprocessor_in(folder, config)
        named = str(config.runtime)
        with at_work("runtimes", named):
            runtime = get("runtimes", named).load(folder, config, threads=threads)
        lacking("runtimes", named, runtime, "what 'load' gives", says=("threads", "run"))
        return cls(task_in(config), preprocessor, runtime, config)

    @cached_property
    def head(self) -> Head:
        return head_of(self.task)

    @property
    def threads(self) -> int:
        return self.runtime.threads

    def features(self, contents: Sequence[Content]) -> list[Array]:
        return self.preprocessor.features(contents)

    def size(self, feature: Array) -> int:
        return self.preprocessor.size(feature)

    def outputs_of(
        self,
        features: Sequence[Array],
        *,
        batch_tokens: int = BATCH_TOKENS,
        progress: Callable[[int], None] | None = None,
    ) -> list[Array]:
        """Features [n] -> what the runtime makes of each, in their order; length-sorted inside a
        token budget."""
        outputs: list[Array] = [np.zeros(0, np.float32)] * len(features)
        sizes = [self.preprocessor.size(f) for f in features]
        for batch in token_batches(sizes, batch_tokens=batch_tokens):
            rows = self.runtime.run(self.preprocessor.collate([features[i] for i in batch]))
            for i, row in zip(batch, rows, strict=True):
                outputs[i] = row
            if progress is not None:
                progress(len(batch))
        return outputs

    def answers_of(
        self,
        features: Sequence[Array],
        *,
        batch_tokens: int = BATCH_TOKENS,
        progress: Callable[[int], None] | None = None,
    ) -> list[Answer]:
        outputs = self.outputs_of(features, batch_tokens=batch_tokens, progress=progress)
        return answered(self.head, outputs, features)

    def answers(self, contents: Sequence[Content]) -> list[Answer]:
        return self.answers_of(self.features(contents)) if len(contents) else []


def preprocessor_in(folder: Path, config: Config) -> Preprocessor:
    """Only the preprocessor of an artifact."""
    named = config.preprocess
    if named is None:
        raise Damaged(f"{folder}/{CONFIG}", "how contents become features", "nothing of it")
    return open_preprocessor(named.kind, folder, named.settings)


def answered(head: Head, outputs: Sequence[Array], features: Sequence[Array]) -> list[Answer]:
    """Outputs [n] -> n answers; UserError where the training diverged."""
    if not all(np.isfinite(output).all() for output in outputs):
        raise UserError(
            "evaluation",
            "finite logits",
            "NaN or infinity: the training diverged",
            "lower train.learning_rate, or say precision: fp32",
        )
    return head.answers(outputs, features)


def write_arrays(
    folder: Path,
    task: Task,
    preprocessor: Preprocessor,
    *,
    method: str,
    runtime: str,
    precision: str,
    **more: Any,
) -> None:
    """Save the preprocessor and config.json beside weights that are already in `folder`."""
    preprocess = {"kind": preprocessor.kind, "settings": preprocessor.save(folder)}
    write_config(
        folder,
        task,
        method=method,
        runtime=runtime,
        precision=precision,
        preprocess=preprocess,
        **more,
    )

"""What a compressor is given and what it must check. Knows no ledger.

Example: `def onnx_int8(job: CompressJob) -> Built: ...`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.engine.arrays import Inputs, ModuleParts, Preprocessor
from steelyard.errors import SteelyardError
from steelyard.spec.section import NoSettings, Section
from steelyard.tasks import Array, Content, Task

SAMPLE = 4
EQUAL = 2e-2  # of the logits' spread: an exporter that changed the model is off by far more


@dataclass(frozen=True)
class CompressJob:
    """A trained torch variant, contents to calibrate with, and the folder to fill."""

    task: Task
    preprocessor: Preprocessor
    parts: ModuleParts  # of the module, as its method says it
    load_module: Callable[[], Any]  # the module in evaluation mode, ready to be traced
    draft: Path
    shared: Path  # kept between the compressors of one run: the exported ONNX model
    calibration: Sequence[Content]
    threads: int
    settings: Section = field(default_factory=NoSettings)  # of the compressor itself

    def batches(self, size: int) -> list[Inputs]:
        """Calibration inputs in batches of similar length."""
        features = self.preprocessor.features(self.calibration)
        order = sorted(range(len(features)), key=lambda i: self.preprocessor.size(features[i]))
        return [
            self.preprocessor.collate([features[i] for i in order[k : k + size]])
            for k in range(0, len(order), size)
        ]


@dataclass(frozen=True)
class Built:
    """What `job.draft` holds now: the runtime that loads it and the precision it computes in."""

    runtime: str
    precision: str


def check_equal(place: str, expected: Array, exported: Array) -> None:
    """An export must compute what the trained module computes."""
    spread = float(expected.max() - expected.min()) or 1.0
    gap = float(np.abs(expected - exported).max())
    if not np.isfinite(gap) or gap > EQUAL * spread:
        raise SteelyardError(f"{place}: exported logits differ by {gap:.4f} (spread {spread:.4f})")

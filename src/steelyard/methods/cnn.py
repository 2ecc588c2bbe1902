"""cnn: the textbook network for small pictures, trained from nothing. Knows no labels.

Example: `CNN.fit(job).answers([png])[0].value`
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steelyard.engine.arrays import ModuleParts, Preprocessor
from steelyard.engine.fit import Parts, Tensors
from steelyard.engine.heads import Head, head_of
from steelyard.methods.base import FitJob
from steelyard.methods.pixels import Pixels
from steelyard.methods.trained import Built, FittedModule, TorchMethod, train
from steelyard.plugins import need
from steelyard.tasks import Content, Task

CROP = 8  # a crop shifts by at most side / CROP pixels


class CnnMethod(TorchMethod):
    name = "cnn"

    def suits(self, task: Task) -> bool:
        return task.answer == "label" and task.content == "image"

    def fit(self, job: FitJob) -> FittedModule:
        return train(job, self.name, _build)

    def parts(self, head: Head) -> ModuleParts:
        return ModuleParts({"x": {0: "batch"}}, {0: "batch"})  # a picture has one size

    def module(self, task: Task, preprocessor: Preprocessor, config: Any, folder: Path) -> Any:
        """The untrained module of an artifact."""
        return _cnn(preprocessor, head_of(task).width, dropout=0.0)


def _build(job: FitJob, contents: Sequence[Content]) -> Built:
    need("torch", extra="train").manual_seed(job.settings.seed)
    head, pixels = head_of(job.task), Pixels.fit(contents)
    module = _cnn(pixels, head.width, dropout=job.settings.dropout)
    return Parts(job.task, head, module, pixels, vary), None


def vary(inputs: Tensors, generator: Any) -> Tensors:
    """Shift by a random crop; flip colour pictures only, since writing has a direction."""
    import torch
    from torch.nn.functional import pad

    x = inputs["x"]
    batch, channels, side, _ = x.shape
    by = max(1, side // CROP)
    shift = torch.randint(0, 2 * by + 1, (batch, 2), generator=generator)
    wide = pad(x, (by, by, by, by))
    lines = torch.arange(side)
    rows = (shift[:, :1] + lines)[:, None, :, None]
    columns = (shift[:, 1:] + lines)[:, None, None, :]
    of = torch.arange(batch)[:, None, None, None]
    moved = wide[of, torch.arange(channels)[None, :, None, None], rows, columns]
    if channels == 1:
        return {"x": moved}
    flip = torch.rand(batch, generator=generator) < 0.5
    return {"x": torch.where(flip[:, None, None, None], moved.flip(-1), moved)}


def _cnn(pixels: Any, labels: int, *, dropout: float) -> Any:
    from torch import nn

    quarter = pixels.side // 4

    class TextbookCnn(nn.Module):
        """conv-pool-conv-pool-dense; logits [B, K]."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv2d(pixels.channels, 32, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(32, 64, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(64 * quarter * quarter, 128),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Linear(128, labels),
            )

        def forward(self, x: Any) -> Any:
            return self.layers(x)

    return TextbookCnn()


CNN = CnnMethod()

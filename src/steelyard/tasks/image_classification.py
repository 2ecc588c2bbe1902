"""image_classification: one label for one picture. Knows no files, servers or money.

The textbook network, trained from nothing. Example: a PNG of a handwritten 7 -> '7'
"""

from __future__ import annotations

import base64
import binascii
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from steelyard.plugins import need
from steelyard.tasks.base import Array, Backbone, Linear, Preprocessor, each
from steelyard.tasks.classification import Classification
from steelyard.tasks.limits import BYTES, PIXELS, length_of, within
from steelyard.tasks.pictures import check_picture, cost_of, decoded, open_picture
from steelyard.tasks.pixels import Pixels
from steelyard.tasks.text_classification import every_label

CROP = 8  # a crop shifts by at most side / CROP pixels


class ImageClassification(Classification):
    """Baseline: logistic regression on pixels. Model: conv-pool-conv-pool-dense."""

    name: ClassVar[str] = "image_classification"
    modality: ClassVar[str] = "image"
    operators: ClassVar[tuple[str, ...]] = ("dedupe",)
    needs_backbone: ClassVar[bool] = False

    def parse(self, raw: Any) -> bytes:
        """Encoded bytes, their base64, or the {"bytes": ...} of a parquet picture column."""
        return check_picture(_encoded(raw.get("bytes") if isinstance(raw, dict) else raw))

    def decode(self, value: Any) -> bytes:
        """Raw bytes, or base64 text as JSON carries it (with or without a data: prefix)."""
        return decoded(open_picture(_encoded(value)))

    def decode_all(self, values: Sequence[Any]) -> list[bytes]:
        """Every header is read before the first picture is."""
        encoded = each(_encoded, list(within(BYTES, values, length_of)))
        opened = list(within(PIXELS, each(open_picture, encoded), cost_of))
        return list(each(decoded, opened))

    def baseline(self, contents: Sequence[bytes], targets: Array, *, seed: int) -> Linear:
        linear_model = need("sklearn.linear_model", extra="train")
        pixels = Pixels.fit(contents)
        matrix = np.stack(pixels.features(contents)).reshape(len(contents), -1)
        fitted = linear_model.LogisticRegression(C=0.1, max_iter=200, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a baseline of 200 steps may stop short of its optimum
            fitted.fit(matrix, targets)
        weight, bias = every_label(fitted, len(self.labels))
        return Linear(weight, bias, pixels)

    def preprocessor(
        self, backbone: Backbone | None, contents: Sequence[bytes], *, length_max: int
    ) -> Preprocessor:
        return Pixels.fit(contents)

    def build(self, backbone: Backbone | None, preprocessor: Any, *, dropout: float) -> Any:
        from torch import nn

        return _cnn(nn, preprocessor, len(self.labels), dropout)

    def augment(self, inputs: dict[str, Any], generator: Any) -> dict[str, Any]:
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

    def contract_examples(self) -> list[tuple[Any, str]]:
        import io

        from PIL import Image

        found = []
        for i in range(24):
            k = i % len(self.labels)
            values = np.full((8, 8), 20 + 10 * (i % 5), dtype=np.uint8)
            values[:, k % 8] = 220
            body = io.BytesIO()
            Image.fromarray(values).save(body, format="PNG")
            found.append((base64.b64encode(body.getvalue()).decode(), self.labels[k]))
        return found


def _cnn(nn: Any, pixels: Any, labels: int, dropout: float) -> Any:
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


def _encoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError(f"expected the bytes or the base64 of a picture, found {type(value).__name__}")  # fmt: skip
    body = value.split(",", 1)[1] if value.startswith("data:") and "," in value else value
    try:
        # base64 of a mail or of the command line is cut into lines (RFC 2045, 6.8)
        return base64.b64decode("".join(body.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("expected base64 of a picture, found other text") from None

"""image_classification: one label for one picture. Knows no files, servers or money.

Example: a PNG of a handwritten 7 -> '7'
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, ClassVar

from steelyard.tasks.base import Wire, each
from steelyard.tasks.classification import Classification
from steelyard.tasks.limits import BYTES, PIXELS, length_of, within
from steelyard.tasks.pictures import check_picture, cost_of, decoded, open_picture


class ImageClassification(Classification):
    """Which of the labels a picture has."""

    name: ClassVar[str] = "image_classification"
    content: ClassVar[str] = "image"
    operators: tuple[str, ...] = ("dedupe",)
    words: ClassVar[str] = "labels"
    places: ClassVar[bool] = False
    cleans: tuple[str, ...] = ()
    methods: ClassVar[tuple[str, ...]] = ("linear", "cnn")

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

    def wire(self) -> Wire:
        return Wire(self.answer_schema(), self.truth_schema(), example=self.contract_examples()[0])

    def contract_examples(self) -> list[tuple[Any, str]]:
        import io

        import numpy as np
        from PIL import Image

        examples = []
        for i in range(24):
            k = i % len(self.labels)
            values = np.full((8, 8), 20 + 10 * (i % 5), dtype=np.uint8)
            values[:, k % 8] = 220
            body = io.BytesIO()
            Image.fromarray(values).save(body, format="PNG")
            examples.append((base64.b64encode(body.getvalue()).decode(), self.labels[k]))
        return examples


def _encoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError(
            f"expected the bytes or the base64 of a picture, found {type(value).__name__}"
        )
    body = value.split(",", 1)[1] if value.startswith("data:") and "," in value else value
    try:
        # base64 of a mail or of the command line is cut into lines (RFC 2045, 6.8)
        return base64.b64decode("".join(body.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("expected base64 of a picture, found other text") from None

"""Data sets that an installed package brings as arrays. Knows no files.

Example: `next(read_digits(source, None, line_bytes_max=10**6, reject=print)).label`
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from steelyard.data.readers import Raw, Reject
from steelyard.plugins import need
from steelyard.spec.model import Source


def read_digits(
    source: Source, path: Path | None, *, line_bytes_max: int, reject: Reject
) -> Iterator[Raw]:
    """scikit-learn's 1,797 handwritten digits (UCI, BSD) as grey 8 x 8 PNG pictures."""
    from PIL import Image

    digits = need("sklearn.datasets", extra="train").load_digits()
    for i, (values, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        body = io.BytesIO()
        Image.fromarray((values * 255 / 16).round().astype(np.uint8)).save(body, format="PNG")
        yield Raw(f"digit-{i:04d}", body.getvalue(), str(label), f"digits:{i}")


read_digits.brings_data = True  # type: ignore[attr-defined]  # no path, no package

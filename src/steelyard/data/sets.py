"""Data sets that an installed package brings as arrays. Knows no files.

Example: `next(read_digits()).label`
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np

from steelyard.data.reading import PackageReader, Raw
from steelyard.plugins import need


def read_digits() -> Iterator[Raw]:
    """scikit-learn's 1,797 handwritten digits (UCI, BSD) as grey 8 x 8 PNG pictures."""
    from PIL import Image

    digits = need("sklearn.datasets", extra="train").load_digits()
    for i, (values, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        body = io.BytesIO()
        Image.fromarray((values * 255 / 16).round().astype(np.uint8)).save(body, format="PNG")
        yield Raw(f"digit-{i:04d}", body.getvalue(), str(label), f"digits:{i}")


DIGITS = PackageReader(read_digits, "scikit-learn")

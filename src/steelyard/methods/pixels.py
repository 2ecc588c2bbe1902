"""Encoded pictures -> normalized pixels of one size. Knows no labels and no torch.

Example: `Pixels(channels=1, side=8, mean=(0.3,), std=(0.2,)).collate(p.features([png]))`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from steelyard.engine.arrays import Inputs
from steelyard.tasks import Array
from steelyard.tasks.pictures import GREY, open_picture, small_of


class Pixels:
    """Side in pixels, channels (1 grey, 3 RGB), and the mean and deviation of each channel."""

    kind: ClassVar[str] = "pixels"

    def __init__(
        self, *, channels: int, side: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        self.channels, self.side = channels, side
        self.mean = np.asarray(mean, dtype=np.float32).reshape(-1, 1, 1)
        self.std = np.asarray(std, dtype=np.float32).reshape(-1, 1, 1)

    @classmethod
    def fit(cls, pictures: Sequence[bytes], *, side_max: int = 32) -> Pixels:
        """Side and channels from the pictures (at most `side_max`), statistics from all."""
        opened = [open_picture(p).image for p in pictures[:256]]
        side = min(side_max, int(np.median([min(i.size) for i in opened])))
        channels = 1 if all(i.mode in GREY for i in opened) else 3
        plain = cls(channels=channels, side=side, mean=[0.0] * channels, std=[1.0] * channels)
        values = np.stack(plain.features(pictures))
        std = values.std(axis=(0, 2, 3))
        plain.mean = values.mean(axis=(0, 2, 3)).reshape(-1, 1, 1)
        plain.std = np.maximum(std, 1e-3).reshape(-1, 1, 1)
        return plain

    def features(self, contents: Sequence[bytes]) -> list[Array]:
        return [self._one(picture) for picture in contents]

    def size(self, feature: Array) -> int:
        return 1

    def collate(self, features: Sequence[Array]) -> Inputs:
        """{"x": float32 [B, C, side, side]}, zero mean and unit deviation."""
        shape = (0, self.channels, self.side, self.side)
        return {"x": np.stack(features) if len(features) else np.zeros(shape, np.float32)}

    def save(self, folder: Path) -> dict[str, Any]:
        return {
            "channels": self.channels,
            "side": self.side,
            "mean": self.mean.ravel().tolist(),
            "std": self.std.ravel().tolist(),
        }

    @classmethod
    def load(cls, folder: Path, settings: Mapping[str, Any]) -> Pixels:
        return cls(**settings)

    def _one(self, picture: bytes) -> Array:
        from PIL import Image

        image = small_of(picture).convert("L" if self.channels == 1 else "RGB")
        if image.size != (self.side, self.side):
            image = image.resize((self.side, self.side), Image.Resampling.BILINEAR)
        values = np.asarray(image, dtype=np.float32).reshape(self.side, self.side, self.channels)
        return np.asarray((values.transpose(2, 0, 1) / 255.0 - self.mean) / self.std)

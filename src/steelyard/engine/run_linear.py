"""Runtime of the linear baseline: one sparse or dense product. Knows no torch.

Example: `LinearRuntime.load(folder, config, threads=1).run({"x": matrix})`
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load
from scipy.sparse import issparse

from steelyard.engine.arrays import Inputs
from steelyard.engine.model import Config
from steelyard.errors import Damaged
from steelyard.tasks import Array


class LinearRuntime:
    """weight [K, F], bias [K]; one thread, whatever was asked for."""

    threads = 1

    def __init__(self, weight: Array, bias: Array) -> None:
        self._weight, self.bias = np.ascontiguousarray(weight.T), bias

    @classmethod
    def load(cls, folder: Path, config: Config, *, threads: int) -> LinearRuntime:
        path = folder / "model.safetensors"
        try:
            tensors = load(path.read_bytes())  # not mapped: a cut file would kill the process
            return cls(tensors["weight"], tensors["bias"])
        except (SafetensorError, OSError, KeyError) as error:
            raise Damaged(str(path), "tensors 'weight' and 'bias'", str(error)) from error

    def run(self, inputs: Inputs) -> Array:
        """{"x": csr_matrix [B, F] or array [B, ...]} -> logits [B, K]"""
        x = inputs["x"]
        flat = x if issparse(x) else x.reshape(len(x), -1)
        return np.asarray(flat @ self._weight + self.bias, dtype=np.float32)

"""A runtime: one layer whose weights are whole steps, without torch."""

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from steelyard.errors import Damaged


class StepSums:
    threads = 1

    def __init__(self, steps, step, bias):
        self._weight, self._step, self._bias = steps.T.astype(np.float32), step, bias

    @classmethod
    def load(cls, folder, config, *, threads):
        path = folder / "steps.safetensors"
        try:
            return cls(**load(path.read_bytes()))
        except (SafetensorError, OSError, TypeError) as error:
            raise Damaged(str(path), "tensors 'steps', 'step' and 'bias'", str(error)) from error

    def run(self, inputs):
        return np.asarray(inputs["x"] @ self._weight * self._step + self._bias, dtype=np.float32)

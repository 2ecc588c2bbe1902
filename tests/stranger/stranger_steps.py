"""A compressor: the weights of one layer in whole steps, which a runtime of this package reads."""

import numpy as np
from safetensors.numpy import save_file

from steelyard.compress.job import Built
from steelyard.errors import UserError
from steelyard.spec.section import Section


class Settings(Section):
    steps: int = 127  # on either side of zero, 127 at most


def whole_steps(job):
    weights = {name: t.numpy() for name, t in job.load_module().state_dict().items()}
    if set(weights) != {"layer.weight", "layer.bias"}:
        raise UserError(
            "whole_steps", "a model of one layer", f"{len(weights)} tensors", "leave it out"
        )
    step = np.abs(weights["layer.weight"]).max(axis=1, keepdims=True) / job.settings.steps
    step = np.maximum(step, np.finfo(np.float32).tiny)
    kept = {
        "steps": np.rint(weights["layer.weight"] / step).astype(np.int8),
        "step": step[:, 0].astype(np.float32),
        "bias": weights["layer.bias"].astype(np.float32),
    }
    save_file(kept, job.draft / "steps.safetensors")
    return Built("step_sums", "int8")


whole_steps.Settings = Settings

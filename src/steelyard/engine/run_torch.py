"""Runtime of torch variants, rebuilt from plain weights. Knows no training.

Example: `TorchRuntime.load(folder, config, threads=1).run({"input_ids": ids, **rest})`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError

from steelyard.engine.arrays import Inputs
from steelyard.engine.model import Config, method_in, task_in
from steelyard.engine.predictor import preprocessor_in
from steelyard.errors import Damaged
from steelyard.plugins import get, need
from steelyard.strangers import lacking
from steelyard.tasks import Array


class TorchRuntime:
    """`model.safetensors`, and config.backbone: the encoder's own configuration or null."""

    def __init__(self, torch: Any, module: Any, threads: int) -> None:
        self._torch, self.module, self.threads = torch, module, threads

    @classmethod
    def load(cls, folder: Path, config: Config, *, threads: int) -> TorchRuntime:
        torch = need("torch", extra="train")
        return cls(torch, load_module(folder, config), threads)

    def run(self, inputs: Inputs) -> Array:
        torch = self._torch
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            with torch.inference_mode():
                logits = self.module(**{name: torch.as_tensor(a) for name, a in inputs.items()})
        finally:
            torch.set_num_threads(before)
        return np.asarray(logits.float().numpy(), dtype=np.float32)


def load_module(folder: Path, config: Config, *, attention: str | None = None) -> Any:
    """The trained module in evaluation mode; Damaged when the weights do not fit it."""
    load = need("safetensors.torch", extra="train").load
    backbone = config.backbone
    if backbone is not None and attention:
        backbone = {**backbone, "attn_implementation": attention}
    named, preprocessor = method_in(config), preprocessor_in(folder, config)
    method = get("methods", named)
    lacking("methods", named, method, "a method that makes torch modules", says=("module",))
    module = method.module(task_in(config), preprocessor, backbone, folder)
    path = folder / "model.safetensors"
    try:
        module.load_state_dict(load(path.read_bytes()), strict=True)
    except (RuntimeError, ValueError, OSError, SafetensorError) as error:
        fact = str(error).splitlines()[0]
        raise Damaged(str(path), "the weights of this task's module", fact) from error
    return module.eval()

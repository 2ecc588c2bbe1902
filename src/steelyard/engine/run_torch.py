"""Runtime of torch variants, rebuilt from plain weights. Knows no training.

Example: `TorchRuntime.load(folder, config, threads=1).run({"input_ids": ids, **rest})`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError

from steelyard.engine.backbone import empty_backbone
from steelyard.errors import Damaged
from steelyard.plugins import need
from steelyard.tasks import Array, Inputs, open_preprocessor, open_task


class TorchRuntime:
    """`model.safetensors`, and config["backbone"]: the encoder's own configuration or null."""

    def __init__(self, torch: Any, module: Any, threads: int) -> None:
        self._torch, self.module, self.threads = torch, module, threads

    @classmethod
    def load(cls, folder: Path, config: dict[str, Any], *, threads: int) -> TorchRuntime:
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


def load_module(folder: Path, config: dict[str, Any], *, attention: str | None = None) -> Any:
    """The trained module in evaluation mode; Damaged when the weights do not fit it."""
    load = need("safetensors.torch", extra="train").load
    task = open_task(config["task"], labels=config["labels"])
    settings = config["preprocess"]
    preprocessor = open_preprocessor(settings["kind"], folder, settings["settings"])
    named = config.get("backbone")
    backbone = None
    if named is not None:
        extra = {"attn_implementation": attention} if attention else {}
        backbone = empty_backbone(named | extra, folder)
    module = task.build(backbone, preprocessor, dropout=0.0)
    path = folder / "model.safetensors"
    try:
        module.load_state_dict(load(path.read_bytes()), strict=True)
    except (RuntimeError, ValueError, OSError, SafetensorError) as error:
        fact = str(error).splitlines()[0]
        raise Damaged(str(path), "the weights of this task's module", fact) from error
    return module.eval()

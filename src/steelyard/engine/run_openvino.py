"""Runtime of OpenVINO variants on the CPU. Knows no torch.

Example: `OpenVinoRuntime.load(folder, config, threads=1).run({"input_ids": ids, **rest})`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from steelyard.engine.arrays import Inputs
from steelyard.engine.model import Config
from steelyard.errors import Damaged
from steelyard.plugins import need
from steelyard.tasks import Array

# Kernels kept for shapes met before: without a bound the memory grows with every new shape. A shape
# takes some ten of them; fewer than 256 cost CPU where widths are many.
KERNELS_MAX = "256"


class OpenVinoRuntime:
    """`model.xml` and `model.bin`; config.precision says how it computes."""

    def __init__(self, compiled: Any, threads: int) -> None:
        self.threads = threads
        self._request = compiled.create_infer_request()
        self._names = [i.get_any_name() for i in compiled.inputs]

    @classmethod
    def load(cls, folder: Path, config: Config, *, threads: int) -> OpenVinoRuntime:
        openvino = need("openvino", extra="train")
        hint = "bf16" if "bf16" in str(config.precision) else "f32"
        settings = {
            "INFERENCE_PRECISION_HINT": hint,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,
            "CPU_RUNTIME_CACHE_CAPACITY": KERNELS_MAX,
        }
        path, core = folder / "model.xml", openvino.Core()
        try:
            # Read, not mapped: a mapped file that is cut while it is served kills the process.
            weights = np.frombuffer(path.with_suffix(".bin").read_bytes(), dtype=np.uint8)
            graph = path.read_bytes()
            if not graph.startswith(b"<"):  # the library takes an ONNX model too, under any name
                raise Damaged(str(path), "an OpenVINO model", "a file that is no XML")
            model = core.read_model(graph, openvino.Tensor(weights))
            compiled = core.compile_model(model, "CPU", settings)
        except (RuntimeError, OSError) as error:
            fact = str(error).strip().splitlines()[0]
            raise Damaged(str(path), "an OpenVINO model", fact) from error
        return cls(compiled, threads)

    def run(self, inputs: Inputs) -> Array:
        outputs = self._request.infer({name: inputs[name] for name in self._names})
        return np.array(next(iter(outputs.values())), dtype=np.float32)

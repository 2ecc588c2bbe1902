"""Runtime of ONNX variants on ONNX Runtime's CPU provider. Knows no torch.

Example: `OnnxRuntime.load(folder, config, threads=1).run({"input_ids": ids, **rest})`
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


class OnnxRuntime:
    """`model.onnx`, its inputs named as the module's arguments."""

    def __init__(self, session: Any, threads: int) -> None:
        self._session, self.threads = session, threads
        self._names = [i.name for i in session.get_inputs()]

    @classmethod
    def load(cls, folder: Path, config: Config, *, threads: int) -> OnnxRuntime:
        ort = need("onnxruntime", extra="train")
        ort.disable_telemetry_events()
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # Spinning workers would take a whole core while they wait.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        path = folder / "model.onnx"
        try:
            session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library raises its own kinds without a common base
            raise Damaged(str(path), "an ONNX model", str(error).splitlines()[0]) from error
        return cls(session, threads)

    def run(self, inputs: Inputs) -> Array:
        (logits,) = self._session.run(None, {name: inputs[name] for name in self._names})
        return np.asarray(logits, dtype=np.float32)

"""ONNX variants for ONNX Runtime: exported float32, and dynamic INT8. Knows no money.

Example: `onnx_int8(job).precision == "int8"`
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from steelyard.compress.job import SAMPLE, Built, CompressJob, check_equal
from steelyard.engine.model import Config
from steelyard.engine.run_onnx import OnnxRuntime
from steelyard.plugins import need
from steelyard.quiet import quiet

OPSET = 17


def onnx_fp32(job: CompressJob) -> Built:
    """The module as one ONNX graph, batch and length free."""
    shutil.copyfile(exported(job), job.draft / "model.onnx")
    return Built("onnxruntime", "fp32")


def onnx_int8(job: CompressJob) -> Built:
    """Dynamic quantization: 8-bit weights per channel, activations quantized as they come."""
    quantization = need("onnxruntime.quantization", extra="train")
    shape = need("onnxruntime.quantization.shape_inference", extra="train")
    source, prepared = exported(job), job.shared / "prepared.onnx"
    with quiet(""):  # the library warns through the root logger
        shape.quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantization.quantize_dynamic(
            str(prepared),
            str(job.draft / "model.onnx"),
            per_channel=True,
            reduce_range=False,
            weight_type=quantization.QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm", "Gather", "Conv"]
            if _convolves(prepared)
            else ["MatMul", "Gemm", "Gather"],
        )
    return Built("onnxruntime", "int8")


def exported(job: CompressJob) -> Path:
    """The float32 ONNX file, exported once a run and compared with the module."""
    path = job.shared / "model.onnx"
    if path.is_file():
        return path
    torch = need("torch", extra="train")
    need("onnx", extra="train")
    module = job.load_module()
    inputs = job.batches(SAMPLE)[0]
    tensors = {name: torch.as_tensor(a) for name, a in inputs.items()}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracer warnings about shapes that are constant here
        torch.onnx.export(
            module,
            (),
            str(path),
            kwargs=tensors,
            input_names=list(tensors),
            output_names=["logits"],
            dynamic_axes={**job.parts.inputs, "logits": job.parts.outputs},
            opset_version=OPSET,
            dynamo=False,
        )
    _compare(job, module, path, torch)
    return path


def _compare(job: CompressJob, module: Any, path: Path, torch: Any) -> None:
    config = Config(task=job.task.name, runtime="onnx")
    runtime = OnnxRuntime.load(path.parent, config, threads=job.threads)
    batches = job.batches(SAMPLE)
    for inputs in (batches[0], batches[-1], {k: v[:1] for k, v in batches[-1].items()}):
        with torch.inference_mode():
            expected = module(**{n: torch.as_tensor(a) for n, a in inputs.items()}).numpy()
        check_equal("onnx_fp32", np.asarray(expected), runtime.run(inputs))


def _convolves(path: Path) -> bool:
    onnx = need("onnx", extra="train")
    graph = onnx.load(str(path), load_external_data=False).graph
    return any(node.op_type == "Conv" for node in graph.node)

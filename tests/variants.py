"""Tiny untrained variants in artifact folders, one for each runtime: what engine tests open."""

from __future__ import annotations

from pathlib import Path

import torch

from steelyard.compress.job import CompressJob
from steelyard.engine.backbone import load_backbone
from steelyard.engine.fit import Progress, Recipe
from steelyard.engine.predictor import Predictor, read_config, write_config
from steelyard.engine.run_torch import load_module
from steelyard.plugins import get
from steelyard.tasks import open_task
from steelyard.train.model import Trained, save
from tests.conftest import reviews

RECIPE = Recipe(1, 8, 1e-3, 0.0, "fp32", 1, 1, False, 0)


def saved_text(encoder, folder):
    """(task, contents) of an encoder with a random head, saved in `folder`."""
    task = open_task("text_classification", labels=("negative", "positive"))
    torch.manual_seed(0)
    backbone = load_backbone((str(encoder),), cache=folder)
    preprocessor = task.preprocessor(backbone, [], length_max=32)
    module = task.build(backbone, preprocessor, dropout=0.1)
    torch.nn.init.normal_(module.head.weight, std=1.0)
    save(folder, task, Trained(module, preprocessor, backbone, Progress(), RECIPE))
    return task, [r["text"] for r in reviews(60)]


def saved_picture(encoder, folder):
    """(task, contents) of the textbook network with random weights, saved in `folder`."""
    task = open_task("image_classification", labels=("0", "1", "2"))
    contents = [task.decode(v) for v, _ in task.contract_examples()]
    torch.manual_seed(0)
    preprocessor = task.preprocessor(None, contents, length_max=32)
    module = task.build(None, preprocessor, dropout=0.1)
    save(folder, task, Trained(module, preprocessor, None, Progress(), RECIPE))
    return task, contents


def compressed(source: Path, name: str, draft: Path, contents) -> Path:
    """`source` through the compressor `name`, in `draft`."""
    config = read_config(source)
    preprocessor = Predictor.open_preprocessor(source, config)
    shared = draft.parent / f"{draft.name}-shared"
    task = open_task(config["task"], labels=config["labels"])
    for folder in (draft, shared):
        folder.mkdir()
    job = CompressJob(
        task, preprocessor, lambda: load_module(source, config, attention="eager"), draft, shared,
        contents, threads=1,
    )  # fmt: skip
    built = get("compressors", name)(job)
    write_config(draft, task, preprocessor, runtime=built.runtime, precision=built.precision)
    return draft


def baseline(folder: Path) -> list[str]:
    """A linear variant in `folder`; some contents for it."""
    import numpy as np
    from safetensors.numpy import save_file

    task = open_task("text_classification", labels=("a", "b"))
    texts = ["很好", "太差", "good", "bad"]
    fitted = task.baseline(texts, np.array([0, 1, 0, 1]), seed=0)
    save_file({"weight": fitted.weight, "bias": fitted.bias}, folder / "model.safetensors")
    write_config(folder, task, fitted.preprocessor, runtime="linear", precision="fp32")
    return texts

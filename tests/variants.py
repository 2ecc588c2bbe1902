"""Tiny untrained variants in artifact folders, one for each runtime: what engine tests open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from steelyard.clock import Clock
from steelyard.compress.job import CompressJob
from steelyard.engine.backbone import load_backbone
from steelyard.engine.fit import Examples, Parts, Progress, Recipe
from steelyard.engine.heads import head_of
from steelyard.engine.model import method_in, read_config, task_in
from steelyard.engine.predictor import preprocessor_in, write_arrays
from steelyard.engine.run_torch import load_module
from steelyard.methods import FitJob, cnn, fine_tune, method_named
from steelyard.methods.pixels import Pixels
from steelyard.methods.tokens import Tokens
from steelyard.methods.trained import FittedModule
from steelyard.plugins import get
from steelyard.spec.model import Train
from steelyard.spec.section import NoSettings
from steelyard.tasks import open_task
from tests.conftest import reviews

RECIPE = Recipe(1, 8, 1e-3, 0.0, "fp32", 1, 1, False, 0)


def text_parts(task, encoder, cache, *, dropout=0.1):
    """(parts, backbone) of an encoder with a fresh head."""
    backbone = load_backbone((str(encoder),), cache=cache)
    pad = int(backbone.module.config.pad_token_id)
    tokens = Tokens(backbone.tokenizer, length_max=32, pad=pad)
    head = head_of(task)
    module = fine_tune._with_head(backbone, head, dropout=dropout)
    return Parts(task, head, module, tokens), backbone


def saved_text(encoder, folder):
    """(task, contents) of an encoder with a random head, saved in `folder`."""
    task = open_task("text_classification", {"labels": ("negative", "positive")})
    torch.manual_seed(0)
    parts, backbone = text_parts(task, encoder, folder)
    torch.nn.init.normal_(parts.module.head.weight, std=1.0)
    FittedModule("fine_tune", parts, backbone, Progress(), RECIPE).save(folder)
    return task, [r["text"] for r in reviews(60)]


def saved_picture(encoder, folder):
    """(task, contents) of the textbook network with random weights, saved in `folder`."""
    task = open_task("image_classification", {"labels": ("0", "1", "2")})
    contents = [task.decode(v) for v, _ in task.contract_examples()]
    torch.manual_seed(0)
    head, pixels = head_of(task), Pixels.fit(contents)
    module = cnn._cnn(pixels, head.width, dropout=0.1)
    parts = Parts(task, head, module, pixels)
    FittedModule("cnn", parts, None, Progress(), RECIPE).save(folder)
    return task, contents


def compressed(source: Path, name: str, draft: Path, contents) -> Path:
    """`source` through the compressor `name`, in `draft`."""
    config = read_config(source)
    preprocessor = preprocessor_in(source, config)
    shared = draft.parent / f"{draft.name}-shared"
    task = task_in(config)
    for folder in (draft, shared):
        folder.mkdir()
    compressor = get("compressors", name)
    job = CompressJob(
        task,
        preprocessor,
        get("methods", method_in(config)).parts(head_of(task)),
        lambda: load_module(source, config, attention="eager"),
        draft,
        shared,
        contents,
        threads=1,
        settings=getattr(compressor, "Settings", NoSettings)(),
    )
    built = compressor(job)
    write_arrays(
        draft,
        task,
        preprocessor,
        method=method_in(config),
        runtime=built.runtime,
        precision=built.precision,
    )
    return draft


def outputs(model, contents):
    """What a model of arrays computes for each content, [n, ...]."""
    return np.stack(model.outputs_of(model.features(contents)))


def linear(task, contents, truths, *, seed=0):
    """A fitted linear model, not saved."""
    settings = Train(seed=seed)
    job = FitJob(task, settings, Examples(contents, truths), folder=Path(), clock=Clock())
    return method_named("linear").fit(job)


def baseline(folder: Path) -> list[str]:
    """A linear variant in `folder`; some contents for it."""
    task = open_task("text_classification", {"labels": ("a", "b")})
    texts = ["很好", "太差", "good", "bad"]
    linear(task, texts, ["a", "b", "a", "b"]).save(folder)
    return texts

"""What stands between contents and a model that computes with arrays. Knows no task and no training.

Example: `open_preprocessor("tokens", folder, settings).collate(features)["input_ids"].shape`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from steelyard.plugins import get
from steelyard.strangers import at_work
from steelyard.tasks import Array, Content

Inputs = dict[str, Any]  # name -> array [B, ...]; one sparse matrix for character n-grams


class Preprocessor(Protocol):
    """Content -> model inputs, without torch; saved beside the weights it belongs to."""

    kind: ClassVar[str]

    def features(self, contents: Sequence[Content]) -> list[Array]:
        """One array per content, of numbers: a long request is read in another process. Never
        raises on content that `Task.decode` let through."""

    def size(self, feature: Array) -> int:
        """Work it asks for, in tokens (1 where every item costs the same)."""

    def collate(self, features: Sequence[Array]) -> Inputs:
        """Padded arrays of one batch, each of shape [B, ...]."""

    def save(self, folder: Path) -> dict[str, Any]:
        """Write what is needed into `folder`; return the JSON settings that `load` takes."""

    @classmethod
    def load(cls, folder: Path, settings: Mapping[str, Any]) -> Preprocessor:
        """The inverse of `save`."""


@dataclass(frozen=True)
class Backbone:
    """A loaded pretrained encoder (a torch module) and the folder of its tokenizer."""

    module: Any
    width: int
    tokenizer: Path
    source: str


Axes = Mapping[int, str]  # those that differ from batch to batch, by place


@dataclass(frozen=True)
class ModuleParts:
    """What a method says of the torch modules that it makes, so that nobody guesses it from shapes.

    `inputs` and `outputs` have axes that an export leaves free. `encoder` names the attribute of what is
    pretrained, which may be adapted by matrices of low rank and whose token embeddings may be frozen; `head` that
    of what is new. `attends`: a quantizer treats it as a transformer.
    """

    inputs: Mapping[str, Axes]
    outputs: Axes
    encoder: str | None = None
    head: str | None = None
    attends: bool = False


def open_preprocessor(kind: str, folder: Path, settings: Mapping[str, Any]) -> Preprocessor:
    made = get("preprocessors", kind)
    with at_work("preprocessors", kind):
        preprocessor: Preprocessor = made.load(folder, settings)
    return preprocessor


def softmax(logits: Array) -> Array:
    """Rows sum to one; float64 so that calibration is not rounded away. [..., K] -> [..., K]"""
    shifted = np.asarray(logits, dtype=np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))

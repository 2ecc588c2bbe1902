"""Subword tokens for a pretrained encoder, padded in steps of eight. Knows no torch.

Example: `Tokens.load(folder, {"length_max": 128}).collate(t.features(["物流很快"]))`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from steelyard.engine.arrays import Inputs
from steelyard.tasks import Array
from steelyard.tasks.places import cut_at

CHARACTERS_PER_TOKEN = 16  # cut hostile input before the tokenizer sees it
# Runtimes keep kernels for every width they meet: few widths are few kernels, and little memory.
WIDTH_STEP = 8


class Tokens:
    """`tokenizer.json` and the longest input in tokens."""

    kind: ClassVar[str] = "tokens"

    def __init__(self, file: Path, *, length_max: int, pad: int) -> None:
        from tokenizers import Tokenizer

        self.file, self.length_max, self.pad = file, length_max, pad
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(length_max)

    def features(self, contents: Sequence[str]) -> list[Array]:
        """For each content the ids of its tokens, int32 [n], n at least one."""
        encoded = self._tokenizer.encode_batch(self._cut(contents))
        return [np.array(e.ids or [self.pad], dtype=np.int32) for e in encoded]

    def _cut(self, contents: Sequence[str]) -> list[str]:
        most = self.length_max * CHARACTERS_PER_TOKEN
        return [text if len(text) <= most else cut_at(text, most) for text in contents]

    def ids(self, feature: Array) -> Array:
        """Of the tokens, [n]."""
        return feature

    def size(self, feature: Array) -> int:
        """Tokens that are computed, padding among them."""
        return self._width(len(feature))

    def collate(self, features: Sequence[Array]) -> Inputs:
        """input_ids and attention_mask, int64 [B, T]; T in steps of eight, at most `length_max`."""
        width = self._width(max((len(f) for f in features), default=1))
        ids = np.full((len(features), width), self.pad, dtype=np.int64)
        mask = np.zeros((len(features), width), dtype=np.int64)
        for row, feature in enumerate(features):
            ids[row, : len(feature)] = self.ids(feature)
            mask[row, : len(feature)] = 1
        return {"input_ids": ids, "attention_mask": mask}

    def _width(self, tokens: int) -> int:
        stepped = -(-tokens // WIDTH_STEP) * WIDTH_STEP
        return max(tokens, min(stepped, self.length_max))  # an encoder may have no further position

    def save(self, folder: Path) -> dict[str, Any]:
        (folder / "tokenizer.json").write_bytes(self.file.read_bytes())
        return {"length_max": self.length_max, "pad": self.pad}

    @classmethod
    def load(cls, folder: Path, settings: Mapping[str, Any]) -> Tokens:
        return cls(
            folder / "tokenizer.json",
            length_max=int(settings["length_max"]),
            pad=int(settings["pad"]),
        )

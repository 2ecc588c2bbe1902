"""Subword tokens that know their characters, a Han character a token. Knows no entities and no torch.

Example: `TokenSpans.load(folder, {"length_max": 128}).features(["马云在杭州"])[0][:, 1:]`
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from steelyard.files import write
from steelyard.methods.tokens import Tokens
from steelyard.tasks import Array
from steelyard.tasks.places import placed

HAN = "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]"


class TokenSpans(Tokens):
    """An entity may begin at any Han character, so none is joined to its neighbour. Places are those
    of the text that was sent, whatever cleaning did to it."""

    kind: ClassVar[str] = "token_spans"

    def features(self, contents: Sequence[str]) -> list[Array]:
        """For each content int32 [n, 3]: id of each token and its characters [start, end); start
        equals end where a token is of no character of its own."""
        cut = self._cut(contents)
        encoded = self._tokenizer.encode_batch([str(text) for text in cut])
        return [_feature(text, e, self.pad) for text, e in zip(cut, encoded, strict=True)]

    def ids(self, feature: Array) -> Array:
        return feature[:, 0]

    @classmethod
    def of(cls, tokenizer: Path, folder: Path, *, length_max: int, pad: int) -> TokenSpans:
        """From an encoder's tokenizer, changed so that it parts Han characters; kept in `folder`."""
        settings = json.loads(tokenizer.read_text(encoding="utf-8"))
        split = {
            "type": "Split",
            "pattern": {"Regex": HAN},
            "behavior": "Isolated",
            "invert": False,
        }
        before = settings.get("pre_tokenizer")
        if before and before.get("type") == "Metaspace":
            # else every part would begin with the mark of a space
            before = {
                "type": "Metaspace",
                "replacement": before["replacement"],
                "prepend_scheme": "first",
                "split": True,
            }
        settings["pre_tokenizer"] = {
            "type": "Sequence",
            "pretokenizers": [split, *([before] if before else [])],
        }
        path = folder / "tokenizer.json"
        write(path, json.dumps(settings, ensure_ascii=False))
        return cls(path, length_max=length_max, pad=pad)


def _feature(text: str, encoded: Any, pad: int) -> Array:
    if not encoded.ids:
        return np.array([[pad, 0, 0]], dtype=np.int32)
    source = placed(text)
    feature = np.zeros((len(encoded.ids), 3), dtype=np.int32)
    feature[:, 0] = encoded.ids
    following = len(text) + 1
    for i in range(len(encoded.ids) - 1, -1, -1):
        start, end = encoded.offsets[i]
        while start < end and text[start].isspace():
            start += 1
        # a mark of a space has the place of what stands behind it
        if start >= end or start >= following:
            continue
        following = start
        feature[i, 1:] = source.source(start, min(end, len(text)))
    return feature

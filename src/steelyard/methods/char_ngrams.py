"""TF-IDF of character n-grams, without scikit-learn at serving time. Knows no labels.

Characters need no segmentation, so Chinese and English are treated alike.
Example: `CharNgrams.fit(["物流很快"], n_max=3).collate(["很快"])["x"].shape`
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import csr_matrix

from steelyard.engine.arrays import Inputs
from steelyard.tasks import Array

FEATURES_MAX = 200_000
CHARACTERS_MAX = 8_000


class CharNgrams:
    """Vocabulary, inverse document frequencies and the n-gram range of one fitted baseline."""

    kind: ClassVar[str] = "char_ngrams"

    def __init__(self, vocabulary: dict[str, int], idf: Any, n_max: int) -> None:
        self.vocabulary, self.n_max = vocabulary, n_max
        self.idf = np.asarray(idf, dtype=np.float32)

    @classmethod
    def fit(cls, texts: Sequence[str], *, n_max: int = 3, documents_min: int = 2) -> CharNgrams:
        """Keep n-grams of at least `documents_min` documents; smooth idf as scikit-learn does:
        ln((1 + n) / (1 + df)) + 1."""
        frequency: Counter[str] = Counter()
        for text in texts:
            frequency.update(set(_ngrams(text, n_max)))
        kept = [g for g, n in frequency.most_common(FEATURES_MAX) if n >= documents_min]
        kept = sorted(kept or frequency)
        idf = [math.log((1 + len(texts)) / (1 + frequency[g])) + 1 for g in kept]
        return cls({g: i for i, g in enumerate(kept)}, idf, n_max)

    def features(self, contents: Sequence[str]) -> list[Array]:
        """For each content int32 [2, n]: places in the vocabulary, and how often each occurs."""
        features = []
        for text in contents:
            known = (self.vocabulary.get(g) for g in _ngrams(text, self.n_max))
            counts = Counter(i for i in known if i is not None)
            pair = (list(counts.keys()), list(counts.values()))
            features.append(np.array(pair, dtype=np.int32))
        return features

    def size(self, feature: Array) -> int:
        return 1

    def collate(self, features: Sequence[Array]) -> Inputs:
        """{"x": csr_matrix [B, F]}, rows of unit length, term frequency 1 + ln(count)."""
        empty = np.zeros((2, 0), dtype=np.int32)
        where, counts = np.concatenate([empty, *features], axis=1)
        starts = np.cumsum([0, *(f.shape[1] for f in features)])
        values = (1.0 + np.log(counts.astype(np.float32))) * self.idf[where]
        owner = np.repeat(np.arange(len(features)), np.diff(starts))
        norms = np.sqrt(np.bincount(owner, values**2, minlength=len(features)))
        values = values / np.maximum(norms[owner], 1e-12)
        shape = (len(features), max(1, len(self.vocabulary)))
        return {"x": csr_matrix((values.astype(np.float32), where, starts), shape=shape)}

    def save(self, folder: Path) -> dict[str, Any]:
        body = {"ngrams": list(self.vocabulary), "idf": [round(float(v), 6) for v in self.idf]}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        (folder / "ngrams.json").write_text(text, encoding="utf-8")
        return {"n_max": self.n_max}

    @classmethod
    def load(cls, folder: Path, settings: Mapping[str, Any]) -> CharNgrams:
        body = json.loads((folder / "ngrams.json").read_text(encoding="utf-8"))
        vocabulary = {g: i for i, g in enumerate(body["ngrams"])}
        return cls(vocabulary, body["idf"], int(settings["n_max"]))


def _ngrams(text: str, n_max: int) -> list[str]:
    text = text[:CHARACTERS_MAX].lower()
    return [text[i : i + n] for n in range(1, n_max + 1) for i in range(len(text) - n + 1)]

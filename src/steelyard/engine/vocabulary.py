"""Keep only the token embeddings a product can meet. Knows no task.

A multilingual encoder spends most of its weights on words of other languages. Pieces that the
product's own texts use are kept, and every single character, so that any text still has a
reading (vocabulary trimming, Abdaoui et al. 2020). Example: `trim(backbone, texts, folder).module`
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from steelyard.engine.arrays import Backbone
from steelyard.errors import UserError
from steelyard.files import write
from steelyard.plugins import need

_BATCH = 1000
_BOUNDARY = "\u2581"  # how SentencePiece writes the start of a word


def trim(backbone: Backbone, texts: Iterable[str], folder: Path) -> Backbone:
    """The same encoder with fewer embedding rows, and its tokenizer written to `folder`.

    Texts made of kept pieces are read exactly as before. UserError for other tokenizers than
    Unigram (SentencePiece), whose pieces may be removed without changing the rest.
    """
    settings = json.loads(backbone.tokenizer.read_text(encoding="utf-8"))
    model = settings["model"]
    if model.get("type") != "Unigram":
        raise UserError(
            "train.vocabulary",
            "full for this backbone",
            f"trimmed, but its tokenizer is {model.get('type')}",
            "say: vocabulary: full",
        )
    kept = sorted(_used(backbone.tokenizer, texts) | _needed(model["vocab"], model["unk_id"]))
    specials = {t["content"] for t in settings["added_tokens"]}
    kept = [i for i in kept if i < len(model["vocab"])]
    renumbered = {old: new for new, old in enumerate(kept)}
    vocabulary = [model["vocab"][i] for i in kept]
    settings["model"] = model | {"vocab": vocabulary, "unk_id": renumbered[model["unk_id"]]}
    places = {piece: i for i, (piece, _) in enumerate(vocabulary)}
    settings["added_tokens"] = [
        t | {"id": places[t["content"]]} for t in settings["added_tokens"] if t["content"] in places
    ]
    _renumber(settings.get("post_processor") or {}, {p: places[p] for p in specials if p in places})
    path = folder / "tokenizer.json"
    write(path, json.dumps(settings, ensure_ascii=False))
    _cut(backbone.module, kept, renumbered)
    return replace(backbone, tokenizer=path)


def _used(tokenizer: Path, texts: Iterable[str]) -> set[int]:
    encoder = need("tokenizers", extra="train").Tokenizer.from_file(str(tokenizer))
    encoder.no_truncation()
    used: set[int] = set()
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            used.update(i for e in encoder.encode_batch(batch) for i in e.ids)
            batch = []
    used.update(i for e in encoder.encode_batch(batch) for i in e.ids)
    return used


def _needed(vocabulary: list[list[Any]], unknown: int) -> set[int]:
    """Special tokens (score 0 by convention, in front) and single characters of any script."""
    single = {
        i for i, (piece, _) in enumerate(vocabulary) if len(piece.removeprefix(_BOUNDARY)) <= 1
    }
    return (
        single
        | {i for i, (piece, _) in enumerate(vocabulary[:8]) if piece.startswith("<")}
        | {unknown}
    )


def _renumber(node: Any, places: dict[str, int]) -> None:
    """Ids inside the template that puts <s> and </s> around a text."""
    for name, token in (node.get("special_tokens") or {}).items():
        token["ids"] = [places[name]]
    for part in node.get("processors") or []:
        _renumber(part, places)


def _cut(module: Any, kept: list[int], renumbered: dict[int, int]) -> None:
    torch = need("torch", extra="train")
    old = module.get_input_embeddings()
    pad = module.config.pad_token_id
    padding = renumbered.get(pad) if pad is not None else None
    new = torch.nn.Embedding(len(kept), old.weight.shape[1], padding_idx=padding)
    with torch.no_grad():
        new.weight.copy_(old.weight[torch.as_tensor(kept)])
    module.set_input_embeddings(new)
    module.config.vocab_size = len(kept)
    module.config.pad_token_id = padding

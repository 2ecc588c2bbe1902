"""The encoder a product's trainings begin with, cut to its vocabulary once for all of them.

Knows no training. Example: `encoder_of(store, product, dataset="a1b2").folder`
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from steelyard.engine.backbone import (
    default_cache,
    identity_of,
    locate_backbone,
    open_backbone,
    save_backbone,
)
from steelyard.engine.vocabulary import trim
from steelyard.spec import ProductFile
from steelyard.store import Store


@dataclass(frozen=True)
class Encoder:
    """A folder that `open_backbone` reads, and the source it came from."""

    folder: Path
    source: str


def encoder_of(store: Store, product: ProductFile, *, dataset: str) -> Encoder:
    """The first source that is here, trimmed where the product says so. A trimmed one is kept in the scratch folder, which later turns sweep."""
    settings = product.spec.train
    folder, source = locate_backbone(settings.backbone, cache=default_cache(), base=product.folder)
    if settings.vocabulary == "full":
        return Encoder(folder, source)
    body = json.dumps([identity_of(folder), dataset])

    def fill(draft: Path) -> None:
        rows = store.datasets.read("records", dataset, columns=["content"], where="split = 'train'")
        trimmed = trim(open_backbone(folder, source), rows["content"].to_pylist(), draft)
        save_backbone(trimmed, draft)

    return Encoder(store.encoders.of(hashlib.sha256(body.encode()).hexdigest()[:32], fill), source)

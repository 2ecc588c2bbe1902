"""The encoder a product's trainings begin with, cut to its vocabulary once for all of them.

Knows no training. Example: `encoder_of(store, product, dataset="a1b2").folder`
"""

from __future__ import annotations

import hashlib
import json
import shutil
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
from steelyard.errors import Damaged, Missing
from steelyard.files import write
from steelyard.spec import ProductFile
from steelyard.store import Artifacts, Store


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
    kept = Artifacts(store.root / "scratch" / "encoders")
    body = json.dumps([identity_of(folder), dataset])
    pointer = kept.root / f"{hashlib.sha256(body.encode()).hexdigest()[:32]}.id"
    if pointer.is_file():
        try:
            return Encoder(kept.open(pointer.read_text(encoding="utf-8").strip()), source)
        except (Missing, Damaged):
            shutil.rmtree(kept.root)  # made again below
    records = store.datasets.read("records", dataset, columns=["content"], where="split = 'train'")
    with kept.draft() as draft:
        save_backbone(
            trim(open_backbone(folder, source), records["content"].to_pylist(), draft), draft
        )
        identity = kept.publish(draft)
    write(pointer, identity)
    return Encoder(kept.root / identity, source)

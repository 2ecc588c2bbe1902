"""Labels that a variant answers and labels that the product file names: are they the same words?

Knows no answers. Example: `unlike(store, Vocabulary.of(product), live="a1b2", canary="c3d4")`
"""

from __future__ import annotations

from steelyard.errors import StoreError
from steelyard.reason import Reason
from steelyard.spec import Vocabulary
from steelyard.store import Store


def answered_by(store: Store, variant: str) -> tuple[str, ...]:
    """Labels a variant can answer; none where its files are not here."""
    from steelyard.engine.predictor import read_config

    try:
        return tuple(read_config(store.artifacts.root / variant)["labels"])
    except StoreError:
        return ()


def unlike(store: Store, vocabulary: Vocabulary, *, live: str, canary: str) -> Reason | None:
    """Why the two are not compared when either answers labels that the file does not name: its
    outcomes would all be wrong, whatever it knows."""
    for arm, variant in (("live", live), ("canary", canary)):
        strange = vocabulary.unread(answered_by(store, variant))
        if strange:
            return Reason("release.strange_labels", {"arm": arm, "labels": tuple(strange)})
    return None

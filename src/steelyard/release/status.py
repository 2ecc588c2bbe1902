"""What answers now, what it lacks, what the canary shows, and who changed what. Knows no terminal.

Example: `status_of(store, product)["live"]["misses"]`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.as_json import to_json
from steelyard.errors import UserError
from steelyard.release.by_hand import now
from steelyard.release.who import live_misses
from steelyard.spec import ProductFile
from steelyard.store import Store

HISTORY = 20  # newest rows


def status_of(store: Store, product: ProductFile) -> dict[str, Any]:
    """{"live", "canary": variant, share, since, who, why, pinned, misses, damaged; "readout";
    "note"; "history": the newest rows first}; nothing is changed."""
    here = now(store)
    names = store.variants.names()
    history = [row | {"name": names.get(row["variant"])} for row in store.releases.newest(HISTORY)]
    facts: dict[str, Any] = {
        "live": _one(store, product, here.live, names),
        "canary": _one(store, product, here.canary, names),
        "readout": None,
        "note": None,
        "history": history,
    }
    if here.live is None:
        facts["note"] = "nothing is live: steelyard turn, or steelyard release promote"
    if here.live is not None and here.canary is not None:
        # what reads out an experiment loads numpy and more: longer than all else here takes
        from steelyard.release.readout import readout
        from steelyard.tasks import task_of

        task = task_of(product)
        pair = {"live": here.live["variant"], "canary": here.canary["variant"]}
        shown = readout(store, product, task=task, variants=pair).to_json()
        facts["readout"] = {k: v for k, v in shown.items() if k != "path"}
    return facts


def _one(
    store: Store, product: ProductFile, row: Mapping[str, Any] | None, names: dict[str, str]
) -> dict[str, Any] | None:
    if row is None:
        return None
    pinned = row["pinned"]
    return {
        "variant": row["variant"],
        "name": names.get(row["variant"]),
        "share": row["share"],
        "since": row["created"],
        "who": row["who"],
        "reason": row["reason"],
        "pinned": pinned and {k: pinned[k] for k in ("who", "reason", "created")},
        "misses": to_json(live_misses(store, product, row["variant"])),
        "damaged": _damage(store, row["variant"]),
    }


def _damage(store: Store, variant: str) -> str | None:
    try:
        store.artifacts.open(variant)
    except UserError as error:
        return str(error)
    return None

"""Which variant answers: the first release, and a new variant as canary. Knows no HTTP.

Example: `run(store, product, step, chosen="a1b2", baseline="c3d4")["canary"]`
"""

from __future__ import annotations

from typing import Any

from steelyard.spec import ProductFile
from steelyard.store import Step, Store, tables

WHO = "steelyard"


def run(
    store: Store, product: ProductFile, step: Step, *, chosen: str | None, baseline: str
) -> dict[str, Any]:
    """{"live": id, "canary": id or None}: the baseline goes live when nothing is yet."""
    current = {row["state"]: row["variant"] for row in store.releases()}
    live = current.get("live")
    if live is None:
        live = baseline
        _add(store, step, live, "live", 1.0, "first release: nothing was live before")
    if chosen is None:
        return {"live": live, "canary": None, "refused": "no variant meets the goals"}
    if chosen == live:
        return {"live": live, "canary": None}
    canary = current.get("canary")
    if canary == chosen:  # undecided so far: it goes on
        return {"live": live, "canary": chosen}
    if canary is not None:
        _add(store, step, canary, "retired", 0.0, f"replaced as canary by {chosen}")
    share = product.spec.market.canary_share
    _add(store, step, chosen, "canary", share, "meets the goals at the lowest cost")
    return {"live": live, "canary": chosen}


def _add(store: Store, step: Step, variant: str, state: str, share: float, reason: str) -> None:
    step.add(
        tables.release, product=store.product, variant=variant, state=state, share=share,
        reason=reason, who=WHO,
    )  # fmt: skip

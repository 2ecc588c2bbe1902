"""Which variant answers: the first release, and a new variant as canary. Knows no HTTP.

Example: `run(store, product, step, chosen="a1b2", baseline="c3d4")["canary"]`
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from steelyard.spec import ProductFile
from steelyard.store import Step, Store, tables

WHO = "steelyard"


def run(
    store: Store, product: ProductFile, step: Step, *, chosen: str | None, baseline: str
) -> dict[str, Any]:
    """{"live": id, "canary": id or None}: the baseline goes live when nothing is yet.

    A canary that is not the chosen variant any more is retired: nothing would measure it.
    """
    current = {row["state"]: row for row in store.releases()}
    live = current["live"]["variant"] if "live" in current else baseline
    if "live" not in current:
        _add(store, step, live, "live", 1.0, "first release: nothing was live before")
    wanted, why = _wanted(store, live, chosen)
    canary, share = current.get("canary"), product.spec.market.canary_share
    if canary is not None and canary["variant"] != wanted:
        _add(
            store,
            step,
            canary["variant"],
            "retired",
            0.0,
            why or f"replaced as canary by {str(wanted)[:10]}",
        )
    if wanted is not None and (canary is None or canary["variant"] != wanted):
        _add(store, step, wanted, "canary", share, "meets the goals at the lowest cost")
    elif wanted is not None and canary is not None and canary["share"] != share:
        _add(store, step, wanted, "canary", share, "the share was changed in the product file")
    return {"live": live, "canary": wanted} | ({"why": why} if why else {})


def _wanted(store: Store, live: str, chosen: str | None) -> tuple[str | None, str]:
    """The variant to compare with the live one, or None and why there is none."""
    if chosen is None:
        return None, "no variant meets the goals"
    if chosen == live:
        return None, "the chosen variant is live already"
    e = tables.experiment
    query = sa.select(e.c.arms, e.c.readout).where(e.c.product == store.product)
    for row in store.database.rows(query.order_by(e.c.created.desc())):
        if row["arms"] == {"live": live, "canary": chosen}:
            back = row["readout"]["decision"] == "rolled back"
            return (
                (None, f"rolled back before: {row['readout']['reason']}") if back else (chosen, "")
            )
    return chosen, ""


def _add(store: Store, step: Step, variant: str, state: str, share: float, reason: str) -> None:
    step.add(
        tables.release, product=store.product, variant=variant, state=state, share=share,
        reason=reason, who=WHO,
    )  # fmt: skip

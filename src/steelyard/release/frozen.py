"""The rule of an experiment as it was when it began: a file that changes meanwhile takes effect with the next.

Knows no intervals. Example: `frozen(store, product, live="a", canary="b").changed == ("release.confidence",)`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steelyard.spec import ProductFile
from steelyard.spec.declared import with_section
from steelyard.store import Store

# What decides. How many records are sent, and when one looks, may change: intervals hold at every look.
SETTINGS = (
    "confidence",
    "outcome_loss_max",
    "outcome_days",
    "metric",
    "metric_days",
    "metric_loss_max",
)
SHARE = "canary_share"
FINISHED = ("promote", "rolled back")


@dataclass(frozen=True)
class Frozen:
    """The product file with the rule of the experiment, and names of what the file says otherwise now."""

    product: ProductFile
    changed: tuple[str, ...]


def frozen(store: Store, product: ProductFile, *, live: str, canary: str) -> Frozen:
    """As the first readout of these two left it since the last decided one, and since the canary came into service;
    the file's own before that. The share is that of the canary in service."""
    now = product.spec.release
    began = _began(store, {"live": live, "canary": canary})
    kept = {name: began[name] for name in SETTINGS if name in began}
    row = next((r for r in store.releases.current() if r["variant"] == canary), None)
    if row is not None and row["state"] == "canary":
        kept[SHARE] = row["share"]
    changed = tuple(
        f"release.{name}" for name, value in kept.items() if getattr(now, name) != value
    )
    if not changed:
        return Frozen(product, ())
    rule = now.model_copy(update=kept)
    return Frozen(with_section(product, "release", rule), changed)


def rule_of(product: ProductFile) -> dict[str, Any]:
    """What an experiment keeps of the file."""
    rule = product.spec.release
    own: dict[str, Any] = {"confidence": rule.confidence, "outcome_loss_max": rule.outcome_loss_max}
    if rule.outcome_days is not None:
        own["outcome_days"] = rule.outcome_days
    if rule.metric != "outcome":
        own |= {"metric_days": rule.metric_days, "metric_loss_max": rule.metric_loss_max}
    return own


def _began(store: Store, arms: dict[str, str]) -> dict[str, Any]:
    first: dict[str, Any] = {}
    entered = _entered(store, arms["canary"])
    for row in store.experiments.all():
        if row["arms"] != arms or (entered is not None and row["created"] < entered):
            continue  # a person ended what was before
        if row["readout"].get("decision") in FINISHED:
            first = {}
        else:  # the version before let each turn have its own: the newest is the one that was in force
            # what an outcome waits for is in a rule only where it waits
            first = {"outcome_days": None, **row["rule"], "metric": row["metric"]}
    return first


def _entered(store: Store, canary: str) -> str | None:
    """When it last became a canary; None where it is none."""
    entered: str | None = None
    for row in store.releases.history():
        if row["variant"] == canary:
            entered = (entered or row["created"]) if row["state"] == "canary" else None
    return entered

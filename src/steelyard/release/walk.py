"""Which variant answers: the first release, and a new variant as canary. Knows no HTTP.

Example: `run(store, product, step, task=task, dataset=d, chosen="a1b2", baseline="c3d4").canary`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steelyard.reason import Reason
from steelyard.release.classes import unlike
from steelyard.release.goals import misses
from steelyard.release.left import Check, Decided
from steelyard.release.who import WHO, live_misses
from steelyard.release.whole import check_whole
from steelyard.spec import ProductFile, names_in
from steelyard.store import Step, Store
from steelyard.store.releases import RETIRED, UNPINNED
from steelyard.words import kept, say

if TYPE_CHECKING:
    from steelyard.tasks import Task


@dataclass(frozen=True)
class Wanted:
    """The variant to compare with the live one, or None and why there is none."""

    canary: str | None
    why: Reason | None = None
    check: Check | None = None


def run(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    task: Task,
    dataset: str,
    chosen: str | None,
    baseline: str,
) -> Decided:
    """What answers from now on.

    The baseline goes live when nothing is yet, or what meets the goals where the file says so. A
    canary that is not the chosen variant any more is retired: nothing would measure it.
    """
    current = {row["state"]: row for row in store.releases.current()}
    if "live" in current:
        live: str | None = current["live"]["variant"]
    else:
        live = _first(store, product, step, chosen=chosen, baseline=baseline)
    wanted = _wanted(store, product, step, task=task, dataset=dataset, live=live, chosen=chosen)
    canary = current.get("canary")
    _canary(step, wanted, canary, share=_share(product, current.get("live"), canary, wanted))
    missed = live_misses(store, product, live)
    return Decided(live, wanted.canary, missed, wanted.why, wanted.check)


def newest_by_hand(store: Store) -> int:
    """Id of the newest release row that a person added; 0 where there is none."""
    return store.releases.newest_not_by(WHO)


def _first(
    store: Store, product: ProductFile, step: Step, *, chosen: str | None, baseline: str
) -> str | None:
    """What goes live where nothing is: with `below_goals: refuse`, only what meets the goals."""
    missed = misses(store.measures.of(baseline), product.spec.goals)
    first, reason = baseline, Reason("release.first")
    if missed and product.spec.release.below_goals == "refuse":
        if chosen is None:
            return None
        first, reason = chosen, Reason("release.first_chosen", {"miss": missed[0]})
    elif missed:
        reason = Reason("release.first_below", {"miss": missed[0]})
    add(step, first, "live", 1.0, reason)
    return first


def _share(
    product: ProductFile,
    live: Mapping[str, Any] | None,
    canary: Mapping[str, Any] | None,
    wanted: Wanted,
) -> float:
    """The file's, but that of the canary while its experiment runs: users who changed arms, or a rate that
    drifts under two shares, would pass for what the canary did. With another live variant another one begins."""
    same = live is not None and canary is not None and canary["variant"] == wanted.canary
    if same and live is not None and canary is not None and canary["id"] > live["id"]:
        return float(canary["share"])
    return product.spec.release.canary_share


def _canary(step: Step, wanted: Wanted, now: Mapping[str, Any] | None, *, share: float) -> None:
    if now is not None and now["variant"] != wanted.canary:
        why = wanted.why or Reason("release.other_canary", {"other": str(wanted.canary)})
        add(step, now["variant"], RETIRED, 0.0, why)
    if wanted.canary is None:
        return
    if now is None or now["variant"] != wanted.canary:
        add(step, wanted.canary, "canary", share, Reason("release.becomes_canary"))
    elif now["share"] != share:
        add(step, wanted.canary, "canary", share, Reason("release.other_share"))


def _wanted(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    task: Task,
    dataset: str,
    live: str | None,
    chosen: str | None,
) -> Wanted:
    pinned = next(
        (row["pinned"] for row in store.releases.current() if row["state"] == "live"), None
    )
    if pinned:
        return Wanted(
            None, Reason("release.pinned", {"who": pinned["who"], "why": pinned["reason"]})
        )
    if chosen is None:
        return Wanted(None, Reason("release.none_meets"))
    if live is None or chosen == live:
        return Wanted(None, Reason("release.live_already"))
    back = _taken_back(store, live, chosen)
    if back is not None:
        return Wanted(None, Reason("release.taken_back", {"why": back}))
    other = unlike(store, task, names_in(product), live=live, canary=chosen)
    if other is not None:
        return Wanted(None, other)
    if any(
        row["variant"] == chosen and row["state"] == "canary" for row in store.releases.current()
    ):
        return Wanted(chosen)  # it passed when it became one
    check_whole(store, live=live, canary=chosen)
    from steelyard.release.gate import holdout_check, inferior

    check = holdout_check(
        store, product, step, task=task, dataset=dataset, live=live, canary=chosen
    )
    worse = inferior(check, metric=task.quality, loss_max=product.spec.release.outcome_loss_max)
    if worse is not None:
        return Wanted(None, worse, check)
    return Wanted(chosen, check=check)


def _taken_back(store: Store, live: str, chosen: str) -> Reason | None:
    """Why `chosen` was taken back against this live variant, by the readout or by a person; None
    where it was not."""
    for row in store.experiments.all():
        if (
            row["arms"] == {"live": live, "canary": chosen}
            and row["readout"]["decision"] == "rolled back"
        ):
            return kept(row["readout"], "reason")
    for row in reversed(store.releases.history()):
        if row["variant"] == chosen:
            by_hand = row["state"] == RETIRED and row["who"] != WHO
            said = Reason("release.by_hand", {"who": row["who"], "why": row["reason"]})
            return said if by_hand else None
        if row["state"] in ("live", UNPINNED):
            return None  # another live variant, or turns were let go on: it may be tried again
    return None


def add(step: Step, variant: str, state: str, share: float, reason: Reason) -> None:
    """One release row with the step's other facts; it keeps one line, as of a person, in English."""
    step.add(
        "release",
        product=step.store.product,
        variant=variant,
        state=state,
        share=share,
        reason=say(reason, "en"),
        who=WHO,
    )

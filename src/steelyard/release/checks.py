"""What keeps a readout from deciding though its interval would: users who did not come as promised, a clock that
jumped, an earlier experiment that said the opposite. Knows no intervals of outcomes.

Example: `users_broken(store, by_arm, since=since, share=0.1)`
"""

from __future__ import annotations

from collections.abc import Mapping

from steelyard.reason import Reason
from steelyard.release.evidence import ARMS
from steelyard.release.left import Decision
from steelyard.stats import mismatch
from steelyard.store import Store

SIGNS = {"promote": 1, "rolled back": -1}


def users_broken(
    store: Store, reached: Mapping[str, int], *, since: str, share: float | None
) -> Reason | None:
    """Why nothing may be decided by real users; None where nothing speaks against it. `reached` are the users
    of each arm, with an outcome or without; `share` is what was promised to the canary."""
    jumped = clock_jumped(store, since=since)
    if jumped is not None:
        return jumped
    if share is None or not 0 < share < 1:
        return None
    counts = [reached[arm] for arm in ARMS]
    seen = mismatch(counts, [1 - share, share])
    if not seen.found:
        return None
    found = counts[1] / sum(counts)
    return Reason(
        "readout.mismatch",
        {"live": counts[0], "canary": counts[1], "share": share, "found": found},
    )


def clock_jumped(store: Store, *, since: str) -> Reason | None:
    """Times of releases that go backwards, or that are not yet: which answers belong to the experiment is
    known by them."""
    history = store.releases.history()
    times = [row["created"] for row in history]
    at = times.index(since) if since in times else len(times)
    # answers know their experiment: of what was before, only rows of the variant that came then could be mixed up
    own = times
    if at < len(times):
        own = [row["created"] for row in history[:at] if row["variant"] == history[at]["variant"]]
    earlier, later = max(own, default=since), min(times[at:], default=since)
    if earlier > since or later < since:
        before, after = (earlier, since) if earlier > since else (since, later)
        return Reason("readout.clock", {"before": before[:19], "after": after[:19]})
    now = store.clock.now()
    if now < since:
        return Reason("readout.clock", {"before": since[:19], "after": now[:19]})
    return None


def held(decision: Decision, broken: Reason | None, replayed: Decision | None) -> Decision:
    """The decision, or why there is none: where users tell nothing reliable, only a canary that replayed records
    prove to be bad is taken back."""
    if broken is None:
        return decision
    if replayed is not None and replayed.decision == "rolled back":
        return replayed
    return Decision("keep", Reason("readout.broken", {"broken": broken, "why": decision.reason}))


def contradicted(store: Store, decision: Decision, *, live: str, canary: str) -> Decision:
    """The decision, unless finished experiments of these two said the opposite of it or of each other."""
    now = SIGNS.get(decision.decision)
    if now is None:
        return decision
    earlier = _finished(store, live, canary)
    against = next((name for name, sign in earlier if sign != now), None)
    if against is None:
        return decision
    why = Reason("readout.contradicted", {"experiment": against, "why": decision.reason})
    return Decision("keep", why)


def _finished(store: Store, live: str, canary: str) -> list[tuple[str, int]]:
    """(id, 1 where `canary` was the better one, else -1) of every finished experiment of the two, whichever of
    them was live."""
    told = []
    for row in store.experiments.all():
        sign = SIGNS.get(row["readout"].get("decision"))
        if sign is None:
            continue
        if row["arms"] == {"live": live, "canary": canary}:
            told.append((row["id"], sign))
        elif row["arms"] == {"live": canary, "canary": live}:
            told.append((row["id"], -sign))
    return told

"""Which release answers a user, always the same one. Knows no HTTP.

A damaged artifact is refused and what served before keeps serving.
Example: `router.pick(user_hash).variant`
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

from steelyard.engine.model import open_model
from steelyard.errors import RequestError
from steelyard.serve.batcher import Batcher
from steelyard.serve.handover import Together
from steelyard.serve.journal import fact_of
from steelyard.spec.model import Serve
from steelyard.store import Store
from steelyard.store.releases import experiment_of

AGAIN_S = 60.0  # a damaged release is looked at again after this
log = logging.getLogger("steelyard.serve")


@dataclass(frozen=True)
class _Refused:
    """Why a release is not served, and when it was last tried: hashing it again takes a while."""

    reason: str
    monotonic_s: float


@dataclass(frozen=True)
class Served:
    """A loaded release."""

    variant: str
    state: str
    share: float
    batcher: Batcher
    release: int | None = None  # number of the row that put it there
    experiment: str | None = None  # with which other release it shares the users
    stands_in: bool = False  # an older release, since the live one cannot be loaded


class Router:
    """Reads releases from the ledger, now and again every `every_s` seconds; `changed` is called
    when others are loaded than before; answers are told inside `telling`. `scale`
    names what outcomes are worth."""

    def __init__(
        self,
        store: Store,
        settings: Serve,
        *,
        every_s: float = 2.0,
        scale: str = "",
        goal_ms: float | None = None,
        changed: Callable[[], None] | None = None,
        telling: Together = nullcontext,
    ) -> None:
        self.store, self.settings, self.goal_ms, self._telling = store, settings, goal_ms, telling
        self._changed, self.scale = changed or (lambda: None), scale
        self._batchers: dict[str, Batcher] = {}
        self._served: dict[str, Served] = {}
        self._wanted: dict[str, str] = {}  # state -> variant, as the ledger has it
        self._refused: dict[str, _Refused] = {}
        self._stop = threading.Event()
        self.refresh()
        self._thread = threading.Thread(target=self._poll, args=(every_s,), daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        return "live" in self._served

    @property
    def served(self) -> list[Served]:
        return list(self._served.values())

    @property
    def refused(self) -> dict[str, str]:
        """Variant -> why it is not served: current releases that could not be loaded."""
        current = {variant for variant in self._wanted.values() if variant in self._refused}
        return {variant: self._refused[variant].reason for variant in sorted(current)}

    def arm(self, state: str) -> Served:
        """The release in this state, never one that stands in for it; 409 when there is none."""
        served = self._served.get(state)
        if served is not None and not served.stands_in:
            return served
        reason = self.refused.get(self._wanted.get(state, ""))
        fact, repair = ("none", "see /readyz for what is in service")
        if reason is not None:
            fact, repair = ("one that cannot be loaded", reason)
        raise RequestError(409, "arm", f"a {state} release in service", fact, repair)

    def absent(self) -> RequestError:
        """The 503 of a server without a live release: the cause where there is one."""
        reason = self.refused.get(self._wanted.get("live", ""))
        if reason is None:
            return RequestError(503, "server", "a live release", "none", "run: steelyard turn")
        return RequestError(503, "server", "a live release", "one that cannot be loaded", reason)

    def live(self) -> Served:
        """What answers in place of the live release, most often itself; 503 before the first one."""
        live = self._served.get("live")
        if live is None:
            raise self.absent()
        return live

    def pick(self, user: str) -> Served:
        """Sticky: a hash of user and canary against the canary's share, so that another canary
        meets other users; 503 before the first release."""
        live, canary = self.live(), self._served.get("canary")
        if canary is None:
            return live
        digest = hashlib.sha256(f"{canary.variant}\t{user}".encode()).digest()
        return canary if int.from_bytes(digest[:8], "big") / 2**64 < canary.share else live

    def refresh(self) -> None:
        """Follow the ledger. What cannot be loaded is refused; what served before stays."""
        by_state = {row["state"]: row for row in self.store.releases.current()}
        self._wanted = {state: row["variant"] for state, row in by_state.items()}
        before = set(self._batchers)
        served: dict[str, Served] = {}
        for state in ("live", "canary"):
            row = by_state.get(state)
            if row is None:
                continue
            batcher = self._load(row["variant"])
            if batcher is not None:
                served[state] = Served(row["variant"], state, row["share"], batcher, row["id"])
        if "live" not in served:
            kept = self._served.get("live") or self._older()
            if kept is not None:
                served["live"] = replace(kept, stands_in=True)
        if "canary" in served and not served["live"].stands_in:
            pair = experiment_of(served["live"].variant, served["canary"].variant, scale=self.scale)
            served = {state: replace(one, experiment=pair) for state, one in served.items()}
        self._served = served
        self._drop({s.variant for s in served.values()})
        if set(self._batchers) != before:
            self._changed()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=30)  # a refresh under way may still load a release
        for batcher in self._batchers.values():
            batcher.close()

    def _poll(self, every_s: float) -> None:
        failing = False
        while not self._stop.wait(every_s):
            try:
                self.refresh()
                failing = False
            except Exception as error:  # a ledger that is away for a moment must not stop serving
                if not failing:  # said once, not every two seconds
                    log.error("router.refresh failed because=%s", fact_of(error))
                failing = True

    def _load(self, variant: str) -> Batcher | None:
        if variant in self._batchers:
            return self._batchers[variant]
        refused = self._refused.get(variant)
        if refused is not None and time.monotonic() - refused.monotonic_s < AGAIN_S:
            return None
        try:
            folder = self.store.artifacts.open(variant)
            model = open_model(folder, threads=self.settings.threads)
        except Exception as error:  # whatever is wrong with it, what served before goes on
            if refused is None:
                log.error("release.refused variant=%s because=%s", variant, error)
            # told over HTTP, to people who have no business with this machine's folders
            reason = self.store.placeless(str(error))
            self._refused[variant] = _Refused(reason, time.monotonic())
            return None
        self._refused.pop(variant, None)
        self._batchers[variant] = Batcher(
            model,
            self.settings,
            clock=self.store.clock,
            goal_ms=self.goal_ms,
            telling=self._telling,
        )
        return self._batchers[variant]

    def _older(self) -> Served | None:
        """The newest release of the past that still loads, when the live one does not."""
        for row in reversed(self.store.releases.history()):
            batcher = self._load(row["variant"]) if row["state"] == "live" else None
            if batcher is not None:
                return Served(row["variant"], "live", 1.0, batcher, row["id"])
        return None

    def _drop(self, wanted: set[str]) -> None:
        for variant in set(self._batchers) - wanted:
            self._batchers.pop(variant).close()

"""Visits and conversions into the ledger, in groups: one durable commit serves many. Knows no HTTP.

Nothing is acknowledged before its row is on the disk. The thread writes a fifth of the time at most, so
that those who wait for answers find the ledger free.
Example: `counter.put(teller.visit("wechat", now=clock.now())).result().identity`
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from steelyard.errors import RequestError, RowRefused, StoreError
from steelyard.serve.busy import Busy, ledger_away
from steelyard.serve.told import Told
from steelyard.spec import Money, ProductFile
from steelyard.store import CONVERSION, REVOKED, VISIT, Line, Store

GROUP_MAX = 256
WAITING_MAX = 8 * GROUP_MAX  # a disk that falls behind refuses instead of filling the memory
REST = 4  # times what a commit took
REST_MAX_S = 1.0
TRIES = 5  # against other servers of the ledger that write the same ids
NO_TURN = 0  # of a line that no turn made
Row = dict[str, Any]
Item = tuple[Told, "Future[Counted]"]


@dataclass(frozen=True)
class Counted:
    """What stands in the ledger now."""

    identity: str
    revision: int
    revoked: bool
    channel: str | None

    @classmethod
    def of(cls, row: Row) -> Counted:
        revoked = row["kind"] == REVOKED
        return cls(row["key"], row["revision"], revoked, row["channel"])


class _Raced(Exception):
    """Another server wrote one of the rows meanwhile."""


class Counter:
    """One thread writes. `away` hears of a ledger out of reach."""

    def __init__(
        self, store: Store, product: ProductFile, *, away: Callable[[Exception], None]
    ) -> None:
        counting = product.spec.market.counted
        assert counting is not None
        self._store, self._away = store, away
        self._window = timedelta(days=counting.attribution_days)
        self._waiting: deque[Item] = deque()
        self._closed, self._changed = False, threading.Condition()
        self._thread = threading.Thread(target=self._work, name="counter", daemon=True)
        self._thread.start()

    def put(self, told: Told) -> Future[Counted]:
        """RequestError of the future: 404 and 409 for what contradicts the ledger; Busy where none writes."""
        future: Future[Counted] = Future()
        with self._changed:
            if self._closed:
                raise Busy("a server that goes on", "one that ends")
            if len(self._waiting) >= WAITING_MAX:
                raise Busy("room for a count", f"{WAITING_MAX} waiting for the disk")
            self._waiting.append((told, future))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Write what is queued, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=60)

    def _work(self) -> None:
        while group := self._next():
            began_s = time.monotonic()
            self._commit(group)
            rest_s = min(REST_MAX_S, REST * (time.monotonic() - began_s))
            with self._changed:  # whoever closes it waits for no rest
                self._changed.wait_for(lambda: self._closed, timeout=rest_s)

    def _next(self) -> list[Item]:
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(GROUP_MAX, len(self._waiting)))]

    def _commit(self, group: list[Item]) -> None:
        try:
            outcomes = self._written([told for told, _ in group])
        except Exception as error:  # each caller is told; the counter goes on
            self._failed(group, error)
            return
        for (_, future), outcome in zip(group, outcomes, strict=True):
            if not future.set_running_or_notify_cancel():
                continue
            if isinstance(outcome, RequestError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _failed(self, group: list[Item], error: Exception) -> None:
        """One row that the database refuses must not cost the others of its group theirs."""
        away = isinstance(error, StoreError | OSError) and not isinstance(error, RowRefused)
        if len(group) > 1 and not away:
            for item in group:
                self._commit([item])
            return
        if away:
            self._away(error)
        for _, future in group:
            if future.set_running_or_notify_cancel():
                future.set_exception(ledger_away() if away else error)

    def _written(self, group: list[Told]) -> list[Counted | RequestError]:
        for _ in range(TRIES):
            try:
                return self._once(group)
            except _Raced:
                continue
        raise ledger_away()

    def _once(self, group: list[Told]) -> list[Counted | RequestError]:
        """Decide by what stands in the ledger, and write all that is new, or nothing."""
        history = self._store.events.history(list({told.key for told in group}))
        fresh: list[Row] = []
        outcomes: list[Counted | RequestError] = []
        for told in group:
            revisions = history.setdefault(told.key, [])
            try:
                row = decided(told, revisions)
            except RequestError as error:
                outcomes.append(error)
                continue
            if row is not None:
                self._attribute(row)
                row["id"] = _id(row["key"], row["revision"])
                revisions.append(row)
                fresh.append(row)
            outcomes.append(Counted.of(revisions[-1]))

        def lines(new: set[str]) -> list[Line]:
            if len(new) != len(fresh):
                raise _Raced
            return [line for row in fresh for line in _lines(row, history[row["key"]])]

        if fresh:
            self._store.record_once([("event", row) for row in fresh], lines, turn=NO_TURN)
        return outcomes

    def _attribute(self, row: Row) -> None:
        """The channel of the user's last visit before it, within the window; which visit is kept with it."""
        if row["kind"] != CONVERSION or row["channel"] is not None or row["customer"] is None:
            return
        first = datetime.fromisoformat(row["at"]) - self._window
        visit = self._store.events.last_visit(
            row["customer"], since=first.isoformat(timespec="microseconds"), until=row["at"]
        )
        if visit is not None:
            row["channel"] = visit["channel"]
            row["body"] = row["body"] | {"visit": visit["id"]}


def decided(told: Told, revisions: list[Row]) -> Row | None:
    """The row to write, None where what is told stands there already; RequestError 404 or 409 where it
    contradicts `revisions`, which are in their order."""
    if told.revoked:
        return _revoked(revisions)
    if told.revision > len(revisions):
        raise RequestError(
            409,
            "revision",
            f"{len(revisions)}, the next one",
            "a later one",
            "send those before it",
        )
    if told.revision == len(revisions):
        if revisions and revisions[-1]["kind"] == REVOKED:
            raise _gone()
        return dict(told.event) | {"revision": told.revision}
    old = revisions[told.revision]
    if old["kind"] == REVOKED:
        raise _gone()
    before, now = old["body"]["said"], told.event["body"]["said"]
    other = sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))
    if other:
        repair = "send another id"
        if told.event["kind"] != VISIT:
            repair = f"correct it with revision {len(revisions)}, or send another id"
        expected = f"what was told under this id on {str(old.get('created', old['at']))[:10]}"
        raise RequestError(
            409, other[0], expected, f"another {' and another '.join(other)}", repair
        )
    return None


def _revoked(revisions: list[Row]) -> Row | None:
    if not revisions:
        raise RequestError(
            404, "id", "the id of a conversion that was told", "an unknown id", "tell it first"
        )
    last = revisions[-1]
    if last["kind"] == REVOKED:
        return None
    body = {n: one for n, one in last["body"].items() if n != "cash"}
    money = {"nano": last["nano"], "currency": last["currency"]}
    row = {n: last[n] for n in _KEPT} | {
        "body": body | {"value": money},
        "nano": None,
        "currency": None,
    }
    return row | {"kind": REVOKED, "revision": last["revision"] + 1}


_KEPT = ("product", "key", "day", "at", "channel", "customer", "file", "row")


def _gone() -> RequestError:
    return RequestError(
        409, "id", "a conversion that stands", "one that was taken back", "tell it under another id"
    )


def _lines(row: Row, revisions: list[Row]) -> Iterator[Line]:
    """What was booked by the revision before is taken back, and this one booked where it is cash."""
    if row["revision"] > 0:
        yield from _booked(revisions[row["revision"] - 1], taken_back=True)
    yield from _booked(row)


def _booked(row: Row, *, taken_back: bool = False) -> Iterator[Line]:
    if not row["body"].get("cash") or not row["nano"]:
        return
    money, evidence = Money(row["nano"], row["currency"]), f"event:{row['id']}"
    about = {"day": row["day"]} | {n: row[n] for n in ("channel", "customer") if row[n]}
    about |= {n: row["body"]["said"][n] for n in ("plan",) if n in row["body"]["said"]}
    if taken_back:
        yield Line("sale.income", -1, "sale", -money, f"{evidence} taken back", about=about)
    else:
        yield Line("sale.income", 1, "sale", money, evidence, about=about)


def _id(key: str, revision: int) -> str:
    """The same for every server, so that one of two that write a revision at once is not new."""
    return hashlib.sha256(f"{key}\t{revision}".encode()).hexdigest()[:32]

"""Answers and feedback into the ledger, in groups: one durable commit serves many requests.

Knows no HTTP. Nothing is acknowledged before its row is on the disk.
Example: `journal.answers(rows).result(); journal.feedback(row, worth).result()`
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict, deque
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from steelyard.errors import RowRefused, StoreError, Upgraded
from steelyard.serve.busy import Busy, ledger_away
from steelyard.serve.handover import Handover, Together
from steelyard.spec import Money, ProductFile
from steelyard.spec.money import NANO
from steelyard.spec.pricing import on, today
from steelyard.store import IMPUTED, Fact, Line, Store

log = logging.getLogger("steelyard.serve")
GROUP_MAX = 512
ROWS_FEW = 8  # a request of more inputs is a group with those of few, in every second one while others wait
WAITING_MAX = 8 * GROUP_MAX  # a disk that falls behind refuses instead of filling the memory


@dataclass(frozen=True)
class Earned:
    """What an outcome says that an answer was worth. `of_right` is its part of a right answer, None
    where a value table says the money."""

    money: Decimal
    of_right: float | None = None

    @property
    def account(self) -> str:
        return "value.wrong" if self.money < 0 else "value.correct"

    @property
    def quantity(self) -> tuple[Decimal, str]:
        """How much of what stands in the ledger's line."""
        if self.of_right is None:
            return Decimal(1), "outcome"
        return Decimal(str(self.of_right)), "correct_answer"


NO_WORTH = Earned(Decimal(0), of_right=0.0)


@dataclass(frozen=True)
class _Item:
    noun: str  # answer or feedback
    rows: list[dict[str, Any]]
    worth: Earned | None  # None for what can earn nothing
    variant: str
    future: Future[bool]
    partner: str = ""  # whose key asked


class Journal:
    """One thread writes; callers wait for their own group, and learn whether their rows were new.
    What a caller puts inside `together` is one group; what a group's callers are told is said inside
    `telling`."""

    def __init__(
        self, store: Store, product: ProductFile, *, telling: Together = nullcontext
    ) -> None:
        self.store, self.prices = store, product.spec.money.prices
        self._channel_of = product.spec.market.channel_of
        # what rounding to whole nano-units left of each account so far, in nano-units
        self._carried: dict[str, Decimal] = {}
        self._away_since: float | None = None
        self._upgraded = False  # whether it was said
        self._telling = telling
        self._waiting: deque[_Item] = deque()
        self._wrote_many = False  # in the group before
        self._closed, self._changed = False, threading.Condition()
        self._coming = Handover(self._accept)
        self.together = self._coming.together
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def answers(self, rows: list[dict[str, Any]], *, partner: str = "") -> Future[bool]:
        """Rows of one request, all by one variant; its cost is also about the partner whose key asked."""
        return self._put(_Item("answer", rows, None, rows[0]["variant"], Future(), partner))

    def feedback(self, row: dict[str, Any], *, worth: Earned | None, variant: str) -> Future[bool]:
        """One row; the same row again changes and earns nothing. `worth` is None for whatever
        earns nothing by its kind: a rating, or the outcome of a replayed record."""
        return self._put(_Item("feedback", [row], worth, variant, Future()))

    def close(self) -> None:
        """Write what is queued, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=60)

    def _put(self, item: _Item) -> Future[bool]:
        if self._closed:  # nobody would write it
            raise Busy("a server that goes on", "one that ends")
        if len(self._waiting) >= WAITING_MAX:
            raise Busy("room in the journal", f"{WAITING_MAX} rows waiting for the disk")
        self._coming.put(item)
        return item.future

    def _accept(self, items: list[_Item]) -> None:
        with self._changed:
            self._waiting.extend(items)
            self._changed.notify()

    def _next(self) -> list[_Item]:
        """The next group: requests of few rows, and one of many at most, since each is written whole
        and the others wait for it; none right behind another, while some of few wait. Empty when the
        journal is closed and nothing is left."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            group: list[_Item] = []
            later: list[_Item] = []
            room = not self._wrote_many  # for one of many rows
            while self._waiting and len(group) < GROUP_MAX:
                item = self._waiting.popleft()
                many = len(item.rows) > ROWS_FEW
                (group if room or not many else later).append(item)
                room = room and not many
            if later and not group:
                group.append(later.pop(0))
            self._waiting.extendleft(reversed(later))
            self._wrote_many = any(len(item.rows) > ROWS_FEW for item in group)
            return group

    def _work(self) -> None:
        while group := self._next():
            self._commit(group)

    def _commit(self, group: list[_Item]) -> None:
        seen: set[str] = set()
        carried: dict[str, Decimal] = {}

        def lines(new: set[str]) -> list[Line]:
            seen.update(new)
            carried.update(self._carried)
            return self._lines(group, new, carried)

        try:
            self.store.record_once(group_rows(group), lines)
        except Exception as error:  # each caller is told; the journal goes on
            self._failed(group, error)
            return
        self._back()
        self._carried = carried  # only now: a transaction that failed moved no money
        with self._telling():
            for item in group:
                mine = {row["id"] for row in item.rows} & seen
                seen -= mine  # the same row a second time in one group is not new
                if item.future.set_running_or_notify_cancel():
                    item.future.set_result(len(mine) == len(item.rows))

    def _failed(self, group: list[_Item], error: Exception) -> None:
        """One row that the database refuses must not cost the others of its group theirs."""
        away = _away(error)
        if len(group) > 1 and not away:
            for item in group:
                self._commit([item])
            return
        if away:
            self.away(error)
        with self._telling():
            for item in group:
                if item.future.set_running_or_notify_cancel():
                    item.future.set_exception(ledger_away() if away else error)

    def away(self, error: Exception) -> None:
        """Said in the log once, not for every request that meets it, until it is back."""
        if isinstance(
            error, Upgraded
        ):  # it will not come back by itself, and was perhaps locked before
            if not self._upgraded:
                self._upgraded = True
                log.error("ledger.upgraded because=%s: requests get 503 until then", error)
            return
        if self._away_since is None:
            self._away_since = time.monotonic()
            log.error("ledger.away because=%s: requests get 503 until it is back", fact_of(error))

    def _back(self) -> None:
        if self._away_since is not None:
            log.warning("ledger.back after_s=%.1f", time.monotonic() - self._away_since)
            self._away_since = None

    def _lines(self, group: list[_Item], new: set[str], carried: dict[str, Decimal]) -> list[Line]:
        """One line a variant and partner for the CPU of its answers, one for what its outcomes earned."""
        cpu: dict[tuple[str, str], list[float]] = defaultdict(list)
        requests: Counter[tuple[str, str]] = Counter()
        worth: dict[tuple[str, str, str], list[Earned]] = defaultdict(list)
        counted: set[str] = set()
        for item in group:
            asked = (item.variant, item.partner)
            first = item.rows[0]["id"]
            requests[asked] += first in new and first not in counted
            for row in item.rows:
                if row["id"] not in new or row["id"] in counted:
                    continue
                counted.add(row["id"])
                if item.noun == "answer":
                    cpu[asked].append(row["cpu_s"])
                elif item.worth is not None:
                    earned = item.worth
                    worth[item.variant, earned.account, earned.quantity[1]].append(earned)
        lines = []
        for (variant, partner), seconds in sorted(cpu.items()):
            hours = Decimal(str(round(sum(seconds), 9))) / 3600
            dated = on(self.prices.cpu_hour, today())
            price = self.prices.cpu_hour if dated is None else dated
            money = self._rounded("cpu.serve", -price * hours, carried)
            lines.append(
                Line(
                    "cpu.serve",
                    round(hours, 15),
                    "cpu_hour",
                    money,
                    f"variant:{variant} answers:{len(seconds)}",
                    about={"variant": variant}
                    | self._of_partner(partner, requests[variant, partner], len(seconds)),
                )
            )
        for (variant, account, unit), outcomes in sorted(worth.items()):
            total = sum((earned.money for earned in outcomes), Decimal(0))
            money = self._rounded(account, total, carried)
            lines.append(
                Line(
                    account,
                    sum((earned.quantity[0] for earned in outcomes), Decimal(0)),
                    unit,
                    money,
                    f"variant:{variant} outcomes:{len(outcomes)}",
                    basis=IMPUTED,
                    about={"variant": variant},
                )
            )
        return lines

    def _of_partner(self, partner: str, requests: int, answers: int) -> dict[str, Any]:
        """What its meter reads."""
        if not partner:
            return {}
        said = {"partner": partner, "requests": requests, "answers": answers}
        return said | {"channel": self._channel_of[partner]}

    def _rounded(self, account: str, amount: Decimal, carried: dict[str, Decimal]) -> Money:
        """Whole nano-units; what is left over goes into the account's next line, else the same
        half a unit could be lost, or charged, with every commit."""
        exact = amount * NANO + carried.get(account, Decimal(0))
        money = Money(int(exact.to_integral_value()), self.store.currency)
        carried[account] = exact - money.nano
        return money


def _away(error: Exception) -> bool:
    """Whether the database itself was not to be had: locked, full, restarting, out of reach."""
    return isinstance(error, (StoreError, OSError)) and not isinstance(error, RowRefused)


def fact_of(error: Exception) -> str:
    """What the database said, in one line and without the statement."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0] if said else type(error).__name__


def group_rows(group: list[_Item]) -> list[Fact]:
    """Answers before the feedback that names them."""
    ordered = sorted(group, key=lambda item: item.noun == "feedback")
    return [(item.noun, row) for item in ordered for row in item.rows]

"""Answers and feedback into the ledger, in groups: one durable commit serves many requests.

Knows no HTTP. Nothing is acknowledged before its row is on the disk.
Example: `journal.answers(rows).result(); journal.feedback(row, worth).result()`
"""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from steelyard.errors import RequestError, Unavailable
from steelyard.spec import Money, ProductFile
from steelyard.store import Line, Store, tables

GROUP_MAX = 512
WAITING_MAX = 8 * GROUP_MAX  # a disk that falls behind refuses instead of filling the memory


@dataclass(frozen=True)
class _Item:
    table: sa.Table
    rows: list[dict[str, Any]]
    worth: float  # correct answers it stands for
    variant: str
    future: Future[bool]


class Journal:
    """One thread writes; callers wait for their own group, and learn whether their rows were new."""

    def __init__(self, store: Store, product: ProductFile) -> None:
        self.store, self.prices = store, product.spec.money.prices
        self.correct = product.spec.money.correct_answer
        self._queue: queue.Queue[_Item | None] = queue.Queue(WAITING_MAX)
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def answers(self, rows: list[dict[str, Any]]) -> Future[bool]:
        """Rows of one request, all by one variant."""
        return self._put(_Item(tables.answer, rows, 0.0, rows[0]["variant"], Future()))

    def feedback(self, row: dict[str, Any], *, worth: float, variant: str) -> Future[bool]:
        """One row; the same row again changes and earns nothing."""
        return self._put(_Item(tables.feedback, [row], worth, variant, Future()))

    def close(self) -> None:
        """Write what is queued, then stop."""
        self._queue.put(None)
        self._thread.join(timeout=60)

    def _put(self, item: _Item) -> Future[bool]:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            full = f"{WAITING_MAX} rows waiting for the disk"
            raise RequestError(
                503, "server", "room in the journal", full, "retry after a second"
            ) from None
        return item.future

    def _work(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group, last = [first], False
            while len(group) < GROUP_MAX:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    last = True
                    break
                group.append(item)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[_Item]) -> None:
        seen: set[str] = set()

        def lines(new: set[str]) -> list[Line]:
            seen.update(new)
            return self._lines(group, new)

        try:
            self.store.record_once(group_rows(group), lines)
        except Exception as error:  # each caller is told; the journal goes on
            self._failed(group, error)
            return
        for item in group:
            mine = {row["id"] for row in item.rows} & seen
            seen -= mine  # the same row a second time in one group is not new
            if item.future.set_running_or_notify_cancel():
                item.future.set_result(len(mine) == len(item.rows))

    def _failed(self, group: list[_Item], error: Exception) -> None:
        """One row that the database refuses must not cost the others of its group theirs."""
        if len(group) > 1 and not _away(error):
            for item in group:
                self._commit([item])
            return
        told = _AWAY if _away(error) else error
        for item in group:
            if item.future.set_running_or_notify_cancel():
                item.future.set_exception(told)

    def _lines(self, group: list[_Item], new: set[str]) -> list[Line]:
        """One line a variant for the CPU of its answers, one for what its outcomes earned."""
        cpu: dict[str, list[float]] = defaultdict(list)
        worth: dict[str, list[float]] = defaultdict(list)
        counted: set[str] = set()
        for item in group:
            for row in item.rows:
                if row["id"] not in new or row["id"] in counted:
                    continue
                counted.add(row["id"])
                if item.table is tables.answer:
                    cpu[item.variant].append(row["cpu_s"])
                elif row["kind"] == "outcome":
                    worth[item.variant].append(item.worth)
        currency = self.store.currency
        lines = []
        for variant, seconds in sorted(cpu.items()):
            hours = Decimal(str(round(sum(seconds), 6))) / 3600
            money = Money.of(self.prices.cpu_hour * hours, currency)
            lines.append(Line("cpu.serve", round(hours, 12), "cpu_hour", -money, f"variant:{variant} answers:{len(seconds)}"))  # fmt: skip
        for variant, outcomes in sorted(worth.items()):
            right = Decimal(str(sum(outcomes)))
            money = Money.of(self.correct * right, currency)
            lines.append(Line("value.correct", right, "correct_answer", money, f"variant:{variant} outcomes:{len(outcomes)}"))  # fmt: skip
        return lines


_AWAY = RequestError(503, "server", "a ledger that can be reached", "none", "retry after a second")


def _away(error: Exception) -> bool:
    """Whether the database itself was not to be had: locked, restarting, out of reach."""
    return isinstance(error, (Unavailable, sa.exc.OperationalError, sa.exc.InterfaceError))


def group_rows(group: list[_Item]) -> list[tuple[sa.Table, dict[str, Any]]]:
    """Answers before the feedback that names them."""
    ordered = sorted(group, key=lambda item: item.table is tables.feedback)
    return [(item.table, row) for item in ordered for row in item.rows]

"""How many answers a partner may ask in a day. Knows no HTTP.

What was answered is read from the ledger, so that a restart and another server of it count too.
Example: `async with quotas.metered("acme", 3): ...`
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from steelyard.errors import RequestError
from steelyard.spec.market import Market
from steelyard.store import Store

FRESH_S = 10.0  # what other servers of the ledger answered is known so late


class Exhausted(RequestError):
    """429: the day's answers are used up; `wait_s` is when the next day begins."""

    def __init__(self, most: int, used: int, *, wait_s: float) -> None:
        self.wait_s = wait_s
        super().__init__(
            429,
            "header",
            f"at most {most} answers of this key a day",
            f"{used} and these",
            "come again after the seconds in Retry-After, or ask whoever runs the server for more",
        )


class Quotas:
    """Counts of this day, where the books are kept. Its coroutines run in one event loop."""

    def __init__(self, store: Store, market: Market) -> None:
        self._store, self._market, self._zone = store, market, ZoneInfo(market.time_zone)
        self._used: Counter[str] = Counter()
        self._written: Counter[str] = Counter()
        self._working: Counter[str] = Counter()  # asked, and perhaps in no line yet
        self._day, self._last, self._read_s = "", 0, float("-inf")
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def metered(self, partner: str, n: int) -> AsyncIterator[None]:
        """Around what answers, till its lines are written: `n` answers of the day, which it has again where
        there are none after all. Nobody's answers are without a limit."""
        if not partner:
            yield
            return
        await self._take(partner, n)
        self._working[partner] += n
        try:
            yield
        except BaseException:
            self._used[partner] = max(0, self._used[partner] - n)
            raise
        finally:
            self._working[partner] -= n

    async def _take(self, partner: str, n: int) -> None:
        """Count `n` answers; Exhausted where they are more than are left of the day."""
        now = datetime.fromisoformat(self._store.clock.now()).astimezone(self._zone)
        async with self._lock:
            if now.date().isoformat() != self._day or self._wall_s() - self._read_s > FRESH_S:
                await self._refresh(now)
            most = self._market.partners[partner].answers_a_day
            if self._used[partner] + n > most:  # a retry was counted, and wrote no line
                await self._refresh(now)
        if self._used[partner] + n > most:
            tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            wait_s = (tomorrow.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
            raise Exhausted(most, self._used[partner], wait_s=wait_s)
        self._used[partner] += n

    async def _refresh(self, now: datetime) -> None:
        """What the ledger has of this day: all that it has, the first time, and then what is new."""
        day = now.date().isoformat()
        if day != self._day:
            self._day = day
            self._used.clear()
            self._written.clear()
        start = now.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        since = start.isoformat(timespec="microseconds")
        rows = await asyncio.to_thread(
            self._store.ledger.of_partners, after=self._last, since=since
        )
        for row in rows:
            self._last = row["id"]
            self._written[row["about"]["partner"]] += row["about"]["answers"]
        # as the lines have it: an answer that was there before, which a retry got again, is in none of them
        self._used = self._written + self._working
        self._read_s = self._wall_s()

    def _wall_s(self) -> float:
        return self._store.clock.wall_s()

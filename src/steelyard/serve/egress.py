"""What a server sends out, in the ledger at the price of a GB: bodies of responses, a line a minute. Knows no route.

Example: `egress = Egress.of(store, prices)`, which is None where sending has no price
"""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from steelyard.spec import Money
from steelyard.spec.money import NANO
from steelyard.spec.pricing import Prices, on, today
from steelyard.store import Line, Store

SENT = "storage.sent"
EVERY_S = 60.0
_GB = 10**9
log = logging.getLogger("steelyard.serve")


class Egress:
    """Counts in one event loop; what could not be written yet is in the next line."""

    def __init__(self, store: Store, price: Decimal) -> None:
        self._store, self._price = store, price
        self._bytes, self._carried = 0, Decimal(0)

    @classmethod
    def of(cls, store: Store, prices: Prices) -> Egress | None:
        return None if prices.egress_gb is None else cls(store, prices.egress_gb)

    def around(self, app: ASGIApp) -> ASGIApp:
        """The same application, whose bodies are counted as they leave."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            async def sent(message: Message) -> None:
                self._bytes += len(message.get("body", b""))
                await send(message)

            await app(scope, receive, sent if scope["type"] == "http" else send)

        return counted

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self.book()

    async def book(self) -> None:
        """One line for what was sent since the last one; the server goes on where it cannot be written."""
        count, self._bytes = self._bytes, 0  # in the loop, where it is counted
        if count and not await asyncio.to_thread(self._write, count):
            self._bytes += count

    def _write(self, count: int) -> bool:
        quantity = Decimal(count) / _GB
        price = on(self._price, today())
        exact = (self._price if price is None else price) * quantity * NANO + self._carried
        money = Money(int(exact.to_integral_value()), self._store.currency)
        line = Line(SENT, quantity, "gb", -money, f"server bytes:{count}")
        try:
            self._store.record_once([], lambda new: [line])
        except Exception as error:
            log.warning("egress.waits bytes=%d because=%s", count, type(error).__name__)
            return False
        self._carried = exact - money.nano
        return True

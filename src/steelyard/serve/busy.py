"""What a server without room says: 503, and when it is worth to come again. Knows no HTTP.

Example: `raise Busy("room in the queue", "64 waiting", wait_s=0.4)`
"""

from __future__ import annotations

from steelyard.errors import RequestError


class Busy(RequestError):
    """503: no room just now; `wait_s` is when it is worth to ask again."""

    def __init__(self, expected: str, found: str, *, wait_s: float = 1.0) -> None:
        self.wait_s = wait_s
        super().__init__(503, "server", expected, found, "retry after the seconds in Retry-After")


def ledger_away() -> RequestError:
    """The ledger is locked, full or out of reach; the log says which, once."""
    return Busy("a ledger that can be written", "one that cannot be written just now")

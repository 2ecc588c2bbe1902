"""One kept-alive connection to a server, which outlives its restart. Knows no record.

Example: `Client("http://127.0.0.1:8080").check_served({"live": variant})`
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from steelyard.errors import StoreError, UserError

GIVE_UP_S = 120.0  # without one success, of a server that answered before
FIRST_S = 5.0  # of one that never did, or has another release: it looks every 2 s
RETRY_S = 0.05
TIMEOUT_S = 60
log = logging.getLogger("steelyard.release")


class Client:
    """Speaks JSON; StoreError when the server stays away."""

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        give_up_s: float = GIVE_UP_S,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        try:
            parts = urlsplit(base_url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port or 80
        except ValueError:  # a port that is no number, half a bracket of an address
            host = None
        if not host or scheme != "http":
            raise UserError("url", "http://host:port", repr(base_url))
        self._host, self._port, self._url = host, port, base_url
        self._headers: dict[str, str | bytes] = {"Content-Type": "application/json"}
        if key:
            self._headers["Authorization"] = b"Bearer " + os.fsencode(key)
        self._connection: http.client.HTTPConnection | None = None
        self._give_up_s, self._cause = give_up_s, "no answer"
        self._refused = refused  # told of every 503
        self.retried = 0

    def check_served(self, arms: Mapping[str, str]) -> None:
        """StoreError within seconds, with the cause, where nothing answers, or where the server
        has not these variants (state -> variant) in service, even after it looked again."""
        status, lacking = 0, ("", "")
        body: dict[str, Any] = {}
        for wait in _waits(min(FIRST_S, self._give_up_s)):
            status, body, _ = self._once("GET", "/readyz", None)
            if status not in (0, 200, 503):
                raise UserError(self._url, "a steelyard server", f"status {status} for /readyz")
            served = body.get("releases") or {}
            lacking = next(((a, v) for a, v in arms.items() if served.get(a) != v), ("", ""))
            if status == 200 and not lacking[0]:
                return
            time.sleep(wait)
        if status == 200:
            arm, variant = lacking
            cause = (body.get("refused") or {}).get(variant) or f"{served.get(arm, 'nothing')[:12]}"
            raise StoreError(
                self._url,
                f"{variant[:12]} in service as {arm}",
                str(cause),
                "see: steelyard release status",
            )
        if status == 503:
            raise StoreError(self._url, "a live release in service", problem(body))
        raise StoreError(self._url, "a steelyard server", self._cause, "start it: steelyard serve")

    def post(
        self, path: str, body: dict[str, Any], *, refusable: bool = False
    ) -> dict[str, Any] | None:
        """The answer; None where `refusable` and the server's limits refuse what is asked."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        waiting = False
        for wait in _waits(self._give_up_s):
            status, answer, retry_after = self._once("POST", path, raw)
            if status == 200:
                return answer
            if refusable and _limited(status, answer):
                return None
            if status not in (0, 503):
                raise UserError(f"POST {path}", "status 200", f"{status}: {problem(answer)}")
            if not waiting and status == 0:
                waiting = True
                log.warning("replay.waiting url=%s because=%s", self._url, self._cause)
            self.retried += 1
            if status == 503:
                self._refused()
            time.sleep(min(wait, retry_after) if status == 503 else wait)
        raise StoreError(
            f"POST {path}",
            f"a server within {self._give_up_s:.0f} s",
            self._cause,
            "start it again and repeat the command",
        )

    def _once(self, method: str, path: str, raw: bytes | None) -> tuple[int, dict[str, Any], float]:
        """(status, body, seconds to wait); status 0 where nothing answered."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        try:
            self._connection.request(method, path, body=raw, headers=self._headers)
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._connection = None
            self._cause = getattr(error, "strerror", None) or type(error).__name__
            return 0, {}, 0.0
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = {}
        after = response.headers.get("Retry-After", "1")
        return (
            response.status,
            parsed if isinstance(parsed, dict) else {},
            float(after) if after.isdigit() else 1.0,
        )


def problem(body: dict[str, Any]) -> str:
    """What a server's error says, in one line."""
    told = body.get("error")
    if not isinstance(told, dict):
        return json.dumps(body, ensure_ascii=False)[:300]
    said = f"{told.get('place')}: expected {told.get('expected')}, found {told.get('found')}"
    return said + (f"; {told['repair']}" if told.get("repair") else "")


def _limited(status: int, body: dict[str, Any]) -> bool:
    """Whether the input itself was refused, not a field that an older server does not know."""
    told = body.get("error")
    place = str(told.get("place", "")) if isinstance(told, dict) else ""
    return status == 413 or (status == 422 and place.startswith("input"))


def _waits(give_up_s: float) -> Iterator[float]:
    deadline, wait = time.monotonic() + give_up_s, RETRY_S
    while True:
        yield wait
        if time.monotonic() >= deadline:
            return
        wait = min(1.0, wait * 1.5)

"""What is refused before a route is chosen: other sites' pages, and what finds no room.

Knows no bodies. A browser sends what any page asks it to, even to a server that listens on
loopback only, so an open server answers its own names. Example: `Guard(app, metrics, open_=True)`
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from steelyard.errors import RequestError
from steelyard.serve.connections import as_bytes
from steelyard.serve.metrics import Metrics
from steelyard.serve.refusals import body_of, headers_of, refuse
from steelyard.serve.service import Service

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
PREDICT = b"/v1/predict"
FRESH_S = 0.1


class Guard:
    """ASGI around the application. `open_` is true for a server without a key."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, open_: bool) -> None:
        self.app, self.metrics, self.open_ = app, metrics, open_

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = forbidden(scope, open_=self.open_) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
            return
        await refuse(refusal, self.metrics, scope["path"])(scope, receive, send)


def forbidden(scope: Scope, *, open_: bool) -> RequestError | None:
    """Why a request may come from another site's page; None when it does not."""
    host, origin = _named(scope)
    if open_ and _without_port(host) not in LOOPBACK:
        return RequestError(
            403,
            "header",
            "Host: localhost or 127.0.0.1, as long as no key is set",
            "another name",
            "use http://127.0.0.1, or set a key",
        )
    if origin is not None and _authority(origin) != host.lower():
        return RequestError(
            403,
            "header",
            "no Origin, or that of this server",
            "another site's",
            "call it from a program, not from a page of another site",
        )
    return None


def crowded(service: Service, metrics: Metrics) -> Callable[[bytes, bytes], bytes | None]:
    """What a connection asks before a request is read: the answer of one that finds no room. It is
    written anew ten times a second, since in a crowd every refusal is taken from the others."""
    told, said_at, path = b"", float("-inf"), PREDICT.decode()

    def refuse(method: bytes, url: bytes) -> bytes | None:
        if method != b"POST" or url.partition(b"?")[0] != PREDICT:
            return None
        nonlocal told, said_at
        now = time.monotonic()
        if service.flow.full and now - said_at <= FRESH_S:
            metrics.count(path, 503)
            return told
        refusal = service.no_room()
        if refusal is None:
            service.flow.let_in()
            return None
        metrics.count(path, refusal.status)
        if now - said_at > FRESH_S:
            said_at = now
            told = as_bytes(refusal.status, body_of(refusal), headers_of(refusal))
        return told

    return refuse


def _named(scope: Scope) -> tuple[str, str | None]:
    host, origin = "", None
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1").strip()
        elif name == b"origin":
            origin = value.decode("latin-1").strip()
    return host, origin


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""

"""What is refused before a route is chosen: other sites' pages, and what finds no room.

Knows no bodies. A browser sends what any page asks it to, even to a server that listens on
loopback only, so an open server answers its own names. Example: `Guard(app, service, metrics)`
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from steelyard.errors import RequestError
from steelyard.serve.metrics import Metrics
from steelyard.serve.refusals import refuse
from steelyard.serve.service import Service

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
PREDICT = "/v1/predict"


class Guard:
    """ASGI around the application. `open_` is true for a server without a key."""

    def __init__(self, app: ASGIApp, service: Service, metrics: Metrics, *, open_: bool) -> None:
        self.app, self.service, self.metrics, self.open_ = app, service, metrics, open_

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
            return
        await refuse(refusal, self.metrics, scope["path"])(scope, receive, send)

    def _refusal(self, scope: Scope) -> RequestError | None:
        host, origin = _named(scope)
        if self.open_ and _without_port(host) not in LOOPBACK:
            return RequestError(403, "header", "Host: localhost or 127.0.0.1, as long as no key is set", "another name", "use http://127.0.0.1, or set a key")  # fmt: skip
        if origin is not None and _authority(origin) != host.lower():
            return RequestError(403, "header", "no Origin, or that of this server", "another site's", "call it from a program, not from a page of another site")  # fmt: skip
        if scope["path"] == PREDICT and scope["method"] == "POST":
            return self.service.no_room()  # before a byte of it is read: refusing must be cheap
        return None


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

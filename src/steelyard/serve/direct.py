"""The requests that users send, past the layers of the framework. Knows no service.

A route declared with FastAPI is reached through eight callers, which together take longer than an
answer of a quick model. It stays declared, for the document and for whoever asks it another way.
Example: `Direct(app, {"/v1/predict": predict}, forbidden=forbidden, told=told)`
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from steelyard.errors import RequestError

log = logging.getLogger("steelyard.serve")
Route = Callable[[Request], Awaitable[Response]]
Told = Callable[[str, Exception], Response]  # path and failure -> what is answered


class Direct:
    """ASGI before the application: a POST to one of `routes` goes straight to its function.
    `forbidden` says why no route may be asked, `told` what is answered to an error."""

    def __init__(
        self,
        app: ASGIApp,
        routes: Mapping[str, Route],
        *,
        forbidden: Callable[[Scope], RequestError | None],
        told: Told,
    ) -> None:
        self.app, self.routes, self.forbidden, self.told = app, routes, forbidden, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] == "POST"
        route = self.routes.get(scope["path"]) if asked else None
        if route is None:
            await self.app(scope, receive, send)
            return
        try:
            refusal = self.forbidden(scope)
            if refusal is not None:
                raise refusal
            response = await route(Request(scope, receive, send))
        except Exception as error:  # told in one wording, like those of the application
            response = self.told(scope["path"], error)
            if response.status_code == 500:
                log_fault(scope["path"], error)
        await response(scope, receive, send)


def log_fault(path: str, error: Exception) -> None:
    """Where a fault of ours happened, without its message: that may hold what a user sent."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("fault path=%s kind=%s\n%s", path, type(error).__name__, where)

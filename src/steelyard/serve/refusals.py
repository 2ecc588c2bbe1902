"""Refusals as JSON: place, expected, found, repair, and when to come again. Knows no service.

None repeats what a user sent. Example: `refuse(Busy("room", "64 waiting"), metrics, path)`
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from steelyard.errors import RequestError, RowRefused, StoreError
from steelyard.serve.busy import ledger_away
from steelyard.serve.metrics import Metrics


def refuse(error: RequestError, metrics: Metrics, path: str) -> JSONResponse:
    """The response of one refusal, counted."""
    metrics.count(path, error.status)
    return JSONResponse(body_of(error), status_code=error.status, headers=headers_of(error))


def body_of(error: RequestError) -> dict[str, dict[str, object]]:
    """What a refusal says."""
    said = {
        "status": error.status,
        "place": error.place,
        "expected": error.expected,
        "found": error.found,
        "repair": error.repair,
    }
    return {"error": said}


def headers_of(error: RequestError) -> dict[str, str]:
    if error.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if error.status in (429, 503):
        return {"Retry-After": str(max(1, math.ceil(getattr(error, "wait_s", 1.0))))}
    return {}


def refusal_of(error: Exception, *, away: Callable[[Exception], None]) -> RequestError:
    """Any failure of a route, in one wording. `away` hears of a ledger out of reach."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, HTTPException):
        known = {404: ("a known path", "see /docs"), 405: ("another method", "see /docs")}
        expected, repair = known.get(error.status_code, (str(error.detail), ""))
        return RequestError(error.status_code, "request", expected, "", repair)
    if isinstance(error, StoreError) and not isinstance(error, RowRefused):
        away(error)
        return ledger_away()
    if isinstance(error, ClientDisconnect):
        return RequestError(400, "body", "a whole request", "one that broke off", "send it again")
    return RequestError(500, "server", "no fault of ours", type(error).__name__, "see the log")


def add_refusals(app: FastAPI, metrics: Metrics, *, away: Callable[[Exception], None]) -> None:
    """Every failure of a route of the application is told."""

    async def refused(request: Request, error: Exception) -> Response:
        response = refuse(refusal_of(error, away=away), metrics, request.url.path)
        if isinstance(error, HTTPException):
            response.headers.update(_allowed(error.headers))
        return response

    for kind in (RequestError, HTTPException, StoreError, ClientDisconnect, Exception):
        app.add_exception_handler(kind, refused)


def _allowed(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {k: v for k, v in (headers or {}).items() if k.lower() == "allow"}

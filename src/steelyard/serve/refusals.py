"""Refusals as JSON: place, expected, found, repair, and when to come again. Knows no service.

None repeats what a user sent. Example: `refuse(Busy("room", "64 waiting"), metrics, path)`
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from steelyard.errors import RequestError, StoreError
from steelyard.serve.busy import ledger_away
from steelyard.serve.metrics import Metrics


def refuse(error: RequestError, metrics: Metrics, path: str) -> JSONResponse:
    """The response of one refusal, counted."""
    metrics.count(path, error.status)
    return JSONResponse(body_of(error), status_code=error.status, headers=headers_of(error))


def body_of(error: RequestError) -> dict[str, dict[str, object]]:
    """What a refusal says."""
    said = {
        "status": error.status, "place": error.place, "expected": error.expected,
        "found": error.found, "repair": error.repair,
    }  # fmt: skip
    return {"error": said}


def headers_of(error: RequestError) -> dict[str, str]:
    if error.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if error.status == 503:
        return {"Retry-After": str(max(1, math.ceil(getattr(error, "wait_s", 1.0))))}
    return {}


def add_refusals(app: FastAPI, metrics: Metrics, *, away: Callable[[Exception], None]) -> None:
    """Every failure of a route, told in one wording. `away` hears of a ledger out of reach."""

    def answer(request: Request, error: RequestError) -> Response:
        return refuse(error, metrics, request.url.path)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestError)
        return answer(request, error)

    async def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        known = {404: ("a known path", "see /docs"), 405: ("another method", "see /docs")}
        expected, repair = known.get(error.status_code, (str(error.detail), ""))
        response = answer(request, RequestError(error.status_code, "request", expected, "", repair))
        response.headers.update(_allowed(error.headers))
        return response

    async def unreachable(request: Request, error: Exception) -> Response:
        away(error)
        return answer(request, ledger_away())

    async def gone(request: Request, error: Exception) -> Response:
        told = RequestError(400, "body", "a whole request", "one that broke off", "send it again")
        return answer(request, told)

    async def bug(request: Request, error: Exception) -> Response:
        told = RequestError(500, "server", "no fault of ours", type(error).__name__, "see the log")
        return answer(request, told)

    app.add_exception_handler(RequestError, refused)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(DBAPIError, unreachable)
    app.add_exception_handler(StoreError, unreachable)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, bug)


def _allowed(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {k: v for k, v in (headers or {}).items() if k.lower() == "allow"}

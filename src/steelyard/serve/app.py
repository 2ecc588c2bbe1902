"""HTTP over the service: routes, limits, errors that say why. Knows no batching.

Example: `uvicorn.run(build_app(service, key=None))`
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from steelyard.errors import RequestError
from steelyard.serve.metrics import Metrics
from steelyard.serve.schema import (  # fmt: skip
    ErrorResponse,
    FeedbackRequest,
    FeedbackResponse,
    PredictRequest,
    PredictResponse,
)
from steelyard.serve.service import Asked, Service
from steelyard.version import __version__

Model = TypeVar("Model", bound=BaseModel)
ANONYMOUS = "anonymous"
_NOTHING = object()
_KINDS: dict[type, str] = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object", type(None): "null"}  # fmt: skip
BODY_S = 30  # a request that is never finished must not be held for ever


def build_app(service: Service, *, key: str | None) -> FastAPI:
    """The application; `key` None means open (the caller made sure of loopback)."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(title="steelyard", version=__version__, lifespan=lifespan, redoc_url=None)
    metrics = Metrics(service)
    _errors(app, metrics)
    _probes(app, service, metrics)
    responses: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorResponse} for status in (400, 401, 404, 408, 409, 413, 415, 422, 503)
    }

    @app.post("/v1/predict", response_model=PredictResponse, responses=responses, openapi_extra=_body(PredictRequest))  # fmt: skip
    async def predict(request: Request) -> Response:
        """Answer one input or many; a raw picture when the content type is image/*."""
        with metrics.timed("predict"):
            _authorize(request, key)
            asked = await _asked(request, service.settings.body_bytes_max)
            answered = await service.predict(asked)
            return _ok(answered, metrics, "predict")

    @app.post("/v1/feedback", response_model=FeedbackResponse, responses=responses, openapi_extra=_body(FeedbackRequest))  # fmt: skip
    async def feedback(request: Request) -> Response:
        """Acknowledged only when it is on the disk; the same feedback again changes nothing."""
        with metrics.timed("feedback"):
            _authorize(request, key)
            body = await _read(request, service.settings.body_bytes_max)
            identity = await service.feedback(_parsed(FeedbackRequest, body))
            return _ok(FeedbackResponse(feedback_id=identity), metrics, "feedback")

    return app


def _ok(body: BaseModel, metrics: Metrics, route: str) -> Response:
    metrics.count(route, 200)
    return Response(body.model_dump_json(), media_type="application/json")


def _body(model: type[BaseModel]) -> dict[str, Any]:
    """The request body for /docs; it is parsed by hand so that errors never repeat it."""
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _probes(app: FastAPI, service: Service, metrics: Metrics) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "alive"}

    @app.get("/readyz")
    async def readyz() -> Response:
        """A live release is loaded."""
        if not service.router.ready:
            raise service.router.absent()
        served = {s.state: s.variant for s in service.router.served}
        refused = service.router.refused
        return JSONResponse({"status": "ready", "releases": served, "refused": refused})

    @app.get("/metrics")
    async def read_metrics() -> Response:
        """Counters in Prometheus' text format."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")


def _errors(app: FastAPI, metrics: Metrics) -> None:
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestError)
        return _problem(request, metrics, error)

    async def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        known = {404: ("a known path", "see /docs"), 405: ("another method", "see /docs")}
        expected, repair = known.get(error.status_code, (str(error.detail), ""))
        return _problem(
            request, metrics, RequestError(error.status_code, "request", expected, "", repair)
        )

    async def away(request: Request, error: Exception) -> Response:
        told = RequestError(503, "server", "a ledger that can be reached", "none", "retry after a second")  # fmt: skip
        return _problem(request, metrics, told)

    async def gone(request: Request, error: Exception) -> Response:
        told = RequestError(400, "body", "a whole request", "one that broke off", "send it again")
        return _problem(request, metrics, told)

    async def bug(request: Request, error: Exception) -> Response:
        told = RequestError(500, "server", "no fault of ours", type(error).__name__, "see the log")
        return _problem(request, metrics, told)

    app.add_exception_handler(RequestError, refused)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(OperationalError, away)
    app.add_exception_handler(InterfaceError, away)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, bug)


def _problem(request: Request, metrics: Metrics, error: RequestError) -> Response:
    metrics.count(
        request.url.path.rsplit("/", 1)[-1] if error.status != 404 else "other", error.status
    )
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(error.status)
    body = {
        "status": error.status, "place": error.place, "expected": error.expected,
        "found": error.found, "repair": error.repair,
    }  # fmt: skip
    return JSONResponse({"error": body}, status_code=error.status, headers=headers)


def _authorize(request: Request, key: str | None) -> None:
    if key is None:
        return
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = request.headers.get("x-api-key") or (bearer if scheme.lower() == "bearer" else "")
    # headers are bytes that were read as latin-1; in constant time, since a comparison that stops
    # early tells how much of a guess was right
    if not hmac.compare_digest(given.encode("latin-1"), os.fsencode(key)):
        raise RequestError(
            401,
            "header",
            "Authorization: Bearer (or X-API-Key) with the API key",
            "none or another key",
            "ask whoever runs the server",
        )


async def _asked(request: Request, body_bytes_max: int) -> Asked:
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    body = await _read(request, body_bytes_max)
    if kind.startswith("image/"):
        named = {
            "user": request.headers.get("x-user"),
            "request_id": request.headers.get("x-request-id"),
        }
        checked = _validated(PredictRequest, {"input": "", **named})
        return Asked([body], checked.user or ANONYMOUS, checked.request_id)
    if kind != "application/json":
        raise RequestError(
            415,
            "content-type",
            "application/json or image/*",
            "another type",
            "send a header Content-Type: application/json",
        )
    parsed = _parsed(PredictRequest, body)
    return Asked(parsed.values, parsed.user or ANONYMOUS, parsed.request_id, parsed.arm)


async def _read(request: Request, body_bytes_max: int) -> bytes:
    """The body, counted as it arrives: a length header may be absent or a lie."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > body_bytes_max:
                    raise RequestError(
                        413, "body", f"at most {body_bytes_max} bytes", "more", "send less at once"
                    )
    except TimeoutError:
        raise RequestError(408, "body", f"a request within {BODY_S} s", "a part of one", "send it again") from None  # fmt: skip
    return bytes(body)


def _parsed(model: type[Model], body: bytes) -> Model:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError(400, "body", "JSON in UTF-8", f"{len(body)} bytes that are not", "check quotes and encoding") from None  # fmt: skip
    return _validated(model, value)


def _validated(model: type[Model], value: Any) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        # only names of ours: an unknown field's name is something the user sent
        known = [str(p) for p in first["loc"] if p in model.model_fields or isinstance(p, int)]
        place = ".".join(known) or "body"
        if first["type"] == "extra_forbidden":
            fields = f"fields among {sorted(model.model_fields)}"
            raise RequestError(422, place, fields, "another one") from None
        expected = str(first["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
        for part in first["loc"]:
            value = value[part] if isinstance(value, dict) and part in value else _NOTHING
        found = "nothing" if value is _NOTHING else _KINDS.get(type(value), type(value).__name__)
        raise RequestError(422, place, expected.removeprefix("expected "), found, "see /docs") from None  # fmt: skip

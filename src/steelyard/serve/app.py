"""HTTP over the service: routes and who may call them. Knows no batching.

Example: `uvicorn.run(build_app(service, metrics, key=None))`
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.types import ASGIApp

from steelyard.errors import RequestError, StoreError, Upgraded
from steelyard.serve.asked import Asked
from steelyard.serve.body import kind_of, parsed, read, validated
from steelyard.serve.callers import Callers
from steelyard.serve.counting import Counting, add_counting
from steelyard.serve.direct import Direct, Route, Told
from steelyard.serve.docs import add_docs
from steelyard.serve.egress import Egress
from steelyard.serve.events import as_events
from steelyard.serve.guard import Guard, forbidden
from steelyard.serve.launch import add_launch
from steelyard.serve.metrics import Metrics
from steelyard.serve.openapi import describe, responses
from steelyard.serve.quota import Quotas
from steelyard.serve.refusals import add_refusals, refusal_of, refuse
from steelyard.serve.schema import (
    FeedbackRequest,
    FeedbackResponse,
    Health,
    PredictRequest,
    PredictResponse,
    Ready,
)
from steelyard.serve.service import Service
from steelyard.serve.sparing import Sparing
from steelyard.serve.streaming import stream
from steelyard.version import __version__

READY_S = 0.5  # that a probe waits for the ledger


def build_app(
    service: Service,
    metrics: Metrics,
    *,
    key: str | None,
    partners: Mapping[str, str] | None = None,
) -> ASGIApp:
    """The application; `key` None means open (the caller made sure of loopback). `partners` have keys
    of their own."""
    callers, away = Callers(key, partners), service.journal.away
    counting = Counting.of(service.store, service.product, callers, metrics, away=away)
    egress = Egress.of(service.store, service.product.spec.money.prices)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watching = (
            [service.flow.watch()] if egress is None else [service.flow.watch(), egress.watch()]
        )
        tasks = [asyncio.create_task(watch) for watch in watching]
        yield
        for task in tasks:
            task.cancel()
        if egress is not None:
            await egress.book()
        if counting is not None:
            counting.counter.close()
        service.close()

    # no redirects: they would lead wherever the Host header of the request says
    app = FastAPI(
        title="steelyard",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_refusals(app, metrics, away=away)
    _probes(app, service, metrics)

    def told(path: str, error: Exception) -> Response:
        return refuse(refusal_of(error, away=away), metrics, path)

    routes = _routes(app, service, metrics, callers, told)
    if counting is not None:
        routes |= add_counting(app, counting)
    add_docs(app)
    add_launch(app, service, metrics)
    describe(app, service, key=key is not None)
    app.add_middleware(Guard, metrics=metrics, open_=key is None)
    direct = Direct(app, routes, forbidden=partial(forbidden, open_=key is None), told=told)
    return direct if egress is None else egress.around(direct)


def _routes(
    app: FastAPI, service: Service, metrics: Metrics, callers: Callers, told: Told
) -> dict[str, Route]:
    """Path -> function of what users ask."""
    bytes_max, sparing = service.settings.body_bytes_max, Sparing()
    quotas = Quotas(service.store, service.product.spec.market)

    async def answered(asked: Asked) -> PredictResponse:
        async with quotas.metered(asked.partner, len(asked.values)):
            return await service.predict(asked)

    @app.post(
        "/v1/predict",
        response_model=PredictResponse,
        responses=responses(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
    )
    async def predict(request: Request) -> Response:
        """Answer one input or many; a picture by itself when the content type is image/*."""
        with metrics.timed("predict"):
            caller = callers.of(request)
            asked, streamed = await _asked(request, bytes_max, sparing, media=service.content.media)
            if asked.arm is not None:  # evidence, of both sides: it is of no use to a partner
                caller.refuse_partner("an 'arm'")
            asked = replace(asked, partner=caller.partner or "")
            if streamed:
                events = await stream(service, asked, answered)
                metrics.count("/v1/predict", 200)
                return as_events(events, partial(told, "/v1/predict"))
            return _ok(await answered(asked), metrics, "/v1/predict")

    @app.post(
        "/v1/feedback",
        response_model=FeedbackResponse,
        responses=responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
    )
    async def feedback(request: Request) -> Response:
        """Acknowledged only when it is on the disk; the same feedback again changes nothing."""
        with metrics.timed("feedback"):
            callers.of(request).refuse_partner("feedback")
            kind_of(request)
            body = await read(request, bytes_max)
            sent = await sparing.run(partial(parsed, FeedbackRequest, body), size=len(body))
            identity = await service.feedback(sent)
            return _ok(FeedbackResponse(feedback_id=identity), metrics, "/v1/feedback")

    return {"/v1/predict": predict, "/v1/feedback": feedback}


def _ok(body: BaseModel, metrics: Metrics, path: str) -> Response:
    metrics.count(path, 200)
    return Response(body.model_dump_json(), media_type="application/json")


async def _same_version(service: Service) -> None:
    """503 with the repair where a newer steelyard upgraded the ledger under this server. One that is locked
    or out of reach for now makes it no less ready: requests are told by themselves."""
    try:
        await asyncio.wait_for(asyncio.to_thread(service.store.check_version), READY_S)
    except TimeoutError:
        return
    except Upgraded as error:
        service.journal.away(error)
        found, repair = service.store.placeless(error.found), error.repair
        raise RequestError(503, "server", error.expected, found, repair) from error
    except StoreError:
        return


def _probes(app: FastAPI, service: Service, metrics: Metrics) -> None:
    @app.get("/healthz", response_model=Health, responses=responses(403))
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "alive"}

    @app.get("/readyz", response_model=Ready, responses=responses(403, 503))
    async def readyz() -> Response:
        """A live release is loaded; `refused` names releases that could not be, and why."""
        if not service.router.ready:
            raise service.router.absent()
        await _same_version(service)
        served = {s.state: s.variant for s in service.router.served}
        refused = service.router.refused
        return JSONResponse({"status": "ready", "releases": served, "refused": refused})

    text: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
    }

    @app.get("/metrics", response_class=Response, responses=text | responses(403))
    async def read_metrics() -> Response:
        """Counters in Prometheus' text format."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")


async def _asked(
    request: Request, bytes_max: int, sparing: Sparing, *, media: str | None
) -> tuple[Asked, bool]:
    """What is asked, and whether it is told while it is written."""
    kind = kind_of(request, media=media)
    body = await read(request, bytes_max)
    if kind == "application/json":
        sent = await sparing.run(partial(parsed, PredictRequest, body), size=len(body))
        return Asked(sent.values, sent.user, sent.request_id, sent.arm), sent.stream
    named = {
        "user": request.headers.get("x-user"),
        "request_id": request.headers.get("x-request-id"),
    }
    read_it = partial(validated, PredictRequest, {"input": "", **named})
    checked = await sparing.run(read_it, size=len(body))
    return Asked([body], checked.user, checked.request_id), False

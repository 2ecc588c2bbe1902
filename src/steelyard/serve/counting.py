"""Routes that count: /go/CHANNEL for visitors, /v1/visits and /v1/conversions for programs. Knows no ledger.

A redirect leads only where the product file says. Nothing of a visitor is kept: no cookie, no address.
Example: `routes = add_counting(app, counting)`
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import Response

from steelyard.errors import RequestError
from steelyard.serve.body import kind_of, parsed, read
from steelyard.serve.callers import Caller, Callers
from steelyard.serve.counter import Counted, Counter
from steelyard.serve.direct import Route
from steelyard.serve.metrics import Metrics
from steelyard.serve.openapi import responses
from steelyard.serve.schema import (
    ConversionRequest,
    ConversionResponse,
    VisitRequest,
    VisitResponse,
)
from steelyard.serve.told import Teller
from steelyard.spec import ProductFile
from steelyard.spec.counting import Counting as Settings
from steelyard.store import Store

log = logging.getLogger("steelyard.serve")
BODY_BYTES_MAX = 16_384
CAMPAIGNS_MAX = 100  # of one channel in one day: a stranger must not invent any number
OTHER = "other"  # those beyond
_CAMPAIGN = re.compile(r"[\w.\- ]{1,80}")
# What asks for a page before, or without, anybody who looks at it. A phone is called CUBOT.
ROBOTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|headless|lighthouse|monitor|uptime",
    re.IGNORECASE,
)
LED_ON: dict[int | str, dict[str, Any]] = {
    302: {"description": "to the landing page, or to the link that `to` names"}
}
_AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")
_SAFE = ":/%#?=@[]!$&'()*+,;~"


@dataclass(frozen=True)
class Counting:
    """What the routes count with."""

    store: Store
    settings: Settings
    channels: frozenset[str]
    teller: Teller
    counter: Counter
    callers: Callers
    metrics: Metrics
    campaigns: Campaigns

    @classmethod
    def of(
        cls,
        store: Store,
        product: ProductFile,
        callers: Callers,
        metrics: Metrics,
        *,
        away: Callable[[Exception], None],
    ) -> Counting | None:
        """None for a product that counts nothing."""
        market = product.spec.market
        if market.counted is None:
            return None
        return cls(
            store,
            market.counted,
            market.counted_channels,
            Teller(product, salt=store.salt()),
            Counter(store, product, away=away),
            callers,
            metrics,
            Campaigns(),
        )


class Campaigns:
    """Names that strangers give, as many as are worth to tell apart."""

    def __init__(self) -> None:
        self._day, self._known = "", defaultdict[str, set[str]](set)

    def of(self, channel: str, campaign: str | None, *, now: str) -> str | None:
        """The name, `other` beyond the most of a day; None for what is no name."""
        if campaign is None or not _CAMPAIGN.fullmatch(campaign):
            return None
        if self._day != now[:10]:
            self._day = now[:10]
            self._known.clear()
        known = self._known[channel]
        if len(known) < CAMPAIGNS_MAX:
            known.add(campaign)
        return campaign if campaign in known else OTHER


def add_counting(app: FastAPI, counting: Counting) -> dict[str, Route]:
    """Path -> function of what programs tell; /go is added to the application alone."""
    _go(app, counting)

    @app.post(
        "/v1/visits",
        response_model=VisitResponse,
        responses=responses(400, 401, 403, 408, 409, 413, 415, 422, 503),
    )
    async def visits(request: Request) -> Response:
        """Count a visit; the same id and body again changes nothing."""
        with counting.metrics.timed("visits"):
            caller, body = await _sent(request, counting.callers)
            told = counting.teller.visited(
                parsed(VisitRequest, body), now=counting.store.clock.now(), partner=caller.partner
            )
            counted = await asyncio.wrap_future(counting.counter.put(told))
            return _ok(VisitResponse(visit_id=counted.identity), counting.metrics, "/v1/visits")

    @app.post(
        "/v1/conversions",
        response_model=ConversionResponse,
        responses=responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 503),
    )
    async def conversions(request: Request) -> Response:
        """Count a conversion, correct one (`revision`) or take it back (`revoked`); acknowledged when it
        is on the disk, and the same again changes nothing."""
        with counting.metrics.timed("conversions"):
            caller, body = await _sent(request, counting.callers)
            told = counting.teller.converted(
                parsed(ConversionRequest, body),
                now=counting.store.clock.now(),
                partner=caller.partner,
            )
            counted = await asyncio.wrap_future(counting.counter.put(told))
            return _ok(_conversion(counted), counting.metrics, "/v1/conversions")

    return {"/v1/visits": visits, "/v1/conversions": conversions}


def _go(app: FastAPI, counting: Counting) -> None:
    @app.head("/go/{channel}", include_in_schema=False)
    @app.get(
        "/go/{channel}",
        status_code=302,
        response_class=Response,
        responses=LED_ON | responses(403, 404),
    )
    async def go(
        request: Request, channel: str, campaign: str | None = None, to: str | None = None
    ) -> Response:
        """Count a visit and lead on: to `market.counting.landing`, or to the one of its `links` that
        `to` names."""
        if channel not in counting.channels:
            raise RequestError(
                404, "channel", "a channel of market.counting.channels", "another one", "see /docs"
            )
        target = counting.settings.landing if to is None else counting.settings.links.get(to)
        if target is None:
            raise RequestError(
                404, "to", "the name of a link in market.counting.links", "another one", "see /docs"
            )
        if counts(request.method, request.headers):
            _counted_soon(counting, channel, None if private(request.headers) else campaign)
        counting.metrics.count("/go", 302)
        return Response(
            status_code=302,
            headers={"Location": quote(target, safe=_SAFE), "Cache-Control": "no-store"},
        )


def _counted_soon(counting: Counting, channel: str, campaign: str | None) -> None:
    """A visitor waits for no disk, and is led on where a visit finds no room: that is told as a metric."""
    now = counting.store.clock.now()
    told = counting.teller.visit(
        channel, campaign=counting.campaigns.of(channel, campaign, now=now), now=now
    )

    def missed(done: Future[Counted]) -> None:
        if done.exception() is not None:
            counting.metrics.uncounted()

    try:
        counting.counter.put(told).add_done_callback(missed)
    except RequestError:
        counting.metrics.uncounted()


def counts(method: str, headers: Mapping[str, str]) -> bool:
    """Whether somebody looks: no HEAD, nothing fetched ahead, no robot that says so."""
    ahead = any(
        word in headers.get(name, "").lower()
        for name in _AHEAD
        for word in ("prefetch", "prerender", "preview")
    )
    agent = headers.get("user-agent", "")
    return method == "GET" and not ahead and bool(agent) and not ROBOTS.search(agent)


def private(headers: Mapping[str, str]) -> bool:
    """Whether the visitor asks not to be followed (Do Not Track, Global Privacy Control)."""
    return headers.get("dnt") == "1" or headers.get("sec-gpc") == "1"


async def _sent(request: Request, callers: Callers) -> tuple[Caller, bytes]:
    caller = callers.of(request)
    kind_of(request)
    return caller, await read(request, BODY_BYTES_MAX)


def _conversion(counted: Counted) -> ConversionResponse:
    return ConversionResponse(
        conversion_id=counted.identity,
        revision=counted.revision,
        revoked=counted.revoked,
        channel=counted.channel,
    )


def _ok(body: VisitResponse | ConversionResponse, metrics: Metrics, path: str) -> Response:
    metrics.count(path, 200)
    return Response(body.model_dump_json(), media_type="application/json")

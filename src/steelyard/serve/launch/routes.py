"""The routes of the launch page. They ask for no key, and nothing of them is in the API's document.

Addresses inside the page are relative, so that it stands behind a proxy with a prefix too.
Example: `add_launch(app, service, metrics)`
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import math
from dataclasses import replace
from functools import partial

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from steelyard.errors import RequestError, StoreError
from steelyard.serve.asked import Asked
from steelyard.serve.body import read
from steelyard.serve.launch.demo import Gate
from steelyard.serve.launch.facts import Live, live_of
from steelyard.serve.launch.forms import field_of, value_in
from steelyard.serve.launch.page import Answered, View, render, style
from steelyard.serve.launch.preview import WHERE, Card, Face, draw, font_for
from steelyard.serve.launch.prices import sold
from steelyard.serve.launch.texts import llms, robots, sitemap
from steelyard.serve.launch.words import TAGS
from steelyard.serve.metrics import Metrics
from steelyard.serve.refusals import headers_of, refusal_of
from steelyard.serve.router import Served
from steelyard.serve.service import Service
from steelyard.spec.launch import Language, Page
from steelyard.tasks.shown import shown
from steelyard.terms import term

log = logging.getLogger("steelyard.serve")
FRESH_S = 30.0  # what the ledger says of a release is read again after this


def add_launch(app: FastAPI, service: Service, metrics: Metrics) -> None:
    """The page at `/`, its demo, and what machines read of it; nothing without `market.page`."""
    page = service.product.spec.market.page
    if page is None:
        return
    site = _Site(service, page)
    _pages(app, site, metrics)
    _demo(app, site, metrics)
    _texts(app, site)
    _previews(app, site)


class _Site:
    """The page of one server: what it shows, and what is kept of it."""

    def __init__(self, service: Service, page: Page) -> None:
        self.service, self.page = service, page
        self.money = service.product.spec.money
        self.gate = Gate(page.demo, service)
        schema = service.task.wire().input or service.content.schema
        self.field = field_of(service.content, schema, page.demo)
        self._known: tuple[str, float, Live] | None = None
        self._drawn: dict[str, tuple[Card, bytes]] = {}
        self._drawing = asyncio.Lock()
        self.faces = {language: self._face(language) for language in page.languages}

    async def view(self, request: Request) -> View:
        """What this request sees."""
        return View(
            self.page,
            self.language(request),
            self.money.currency,
            sold(self.page, self.money),
            self.field,
            await self._live(),
            preview=self.faces[self.language(request)] is not None,
        )

    def language(self, request: Request) -> Language:
        """That of the address, else the first of the browser's that the page has, else its first."""
        asked = request.query_params.get("lang")
        wanted = [asked] if asked else _accepted(request.headers.get("accept-language", ""))
        known = {code: code for code in self.page.languages}
        return next((known[w] for w in wanted if w in known), self.page.languages[0])

    async def picture(self, language: Language, view: View) -> bytes | None:
        """The preview, drawn in a thread when it is asked for first; None without a font for it."""
        face, card = self.faces[language], self._card(language, view.live)
        if face is None:
            return None
        async with self._drawing:  # one at a time, whoever asks
            if self._drawn.get(language, (None, b""))[0] != card:
                self._drawn[language] = card, await asyncio.to_thread(draw, card, face)
            return self._drawn[language][1]

    async def _live(self) -> Live | None:
        served = next((s for s in self.service.router.served if s.state == "live"), None)
        if served is None:
            return None
        now, known = self.service.store.clock.wall_s(), self._known
        if known is None or known[0] != served.variant or now - known[1] > FRESH_S:
            live = await self._read(served)
            known = self._known = (served.variant, now, live)
        return known[2]

    async def _read(self, served: Served) -> Live:
        """While the ledger is away the page says what it said of the same release before."""
        try:
            return await asyncio.to_thread(live_of, self.service.store, self.service.task, served)
        except StoreError:
            if self._known is None or self._known[0] != served.variant:
                raise
            return self._known[2]

    def _face(self, language: Language) -> Face | None:
        task = self.service.task
        words = "".join(term("goal", name, language) for name in task.known) + "0123456789.[]–, …"
        face = font_for(self._card(language, None).text + words, language)
        if face is None:
            log.warning("launch.preview language=%s: no picture, install %s", language, WHERE)
        return face

    def _card(self, language: Language, live: Live | None) -> Card:
        below = ""
        if live and live.figures:
            first = live.figures[0]
            i = first.interval
            name = term("goal", first.name, language)
            sure = "" if first.few else f" [{first.shown(language)}]"
            below = f"{name} {i.value:.3f}{sure}"
        return Card(self.page.title[language], self.page.summary[language], below)


def _accepted(header: str) -> list[str]:
    """Languages of a browser, the most wanted first (RFC 9110, 12.5.4)."""
    ranked = []
    for part in header[:500].split(","):
        tag, _, weight = part.partition(";q=")
        try:
            q = float(weight or 1)
        except ValueError:
            q = 0.0
        if q > 0:
            ranked.append((-q, tag.strip().lower().split("-")[0]))
    return [tag for _, tag in sorted(ranked, key=lambda pair: pair[0])]


def _pages(app: FastAPI, site: _Site, metrics: Metrics) -> None:
    async def page(request: Request) -> Response:
        view = await site.view(request)
        response = _cached(request, render(view).encode(), "text/html; charset=utf-8")
        response.headers.update(_headers(view) | {"Vary": "Accept-Language"})
        metrics.count("/", response.status_code)
        return response

    # at /demo stands the form again, for whoever comes back to the address of an answer
    for path in ("/", "/demo"):
        app.add_route(path, page, methods=["GET"], include_in_schema=False)


def _demo(app: FastAPI, site: _Site, metrics: Metrics) -> None:
    async def demo(request: Request) -> Response:
        """One question of a visitor, answered on the page."""
        view = await site.view(request)
        headers: dict[str, str] = {}
        with metrics.timed("demo"):
            try:
                answered = await _answered(request, site)
            except (RequestError, StoreError) as error:
                refusal = refusal_of(error, away=site.service.journal.away)
                headers = headers_of(refusal)
                wait_s = math.ceil(getattr(refusal, "wait_s", 1.0))
                answered = Answered("", None, refusal.status, max(1, wait_s), _expected(refusal))
        metrics.count("/demo", answered.status)
        page = render(replace(view, answered=answered))
        headers |= _headers(view) | {"Cache-Control": "no-store"}
        return HTMLResponse(page, status_code=answered.status, headers=headers)

    app.add_route("/demo", demo, methods=["POST"], include_in_schema=False)


async def _answered(request: Request, site: _Site) -> Answered:
    field = site.field
    if not site.page.demo.per_client:
        raise RequestError(404, "demo", "a page with a demo", "one without", "see /docs")
    site.gate.check(request.client.host if request.client else "")
    body = await read(request, min(field.bytes_max, site.service.settings.body_bytes_max))
    value, asked = value_in(body, request.headers.get("content-type", ""), field)
    try:
        with site.gate.room():
            answers = await site.service.predict(Asked([value], None, None, demo=True))
    except RequestError as error:
        if error.status != 422:
            raise
        return Answered(asked, None, 422, 1, error.found)
    sent = {name: v for name, v in answers.answers[0].items() if name != "answer_id"}
    return Answered(asked, shown(site.service.task, sent))


def _expected(error: RequestError) -> str:
    """What was wrong with a question; of the server nothing is told."""
    return error.expected if error.status in (413, 415, 422) else ""


def _texts(app: FastAPI, site: _Site) -> None:
    async def robots_txt(request: Request) -> Response:
        return _cached(request, robots(site.page).encode(), "text/plain; charset=utf-8")

    async def llms_txt(request: Request) -> Response:
        made = llms(await site.view(request)).encode()
        response = _cached(request, made, "text/plain; charset=utf-8")
        response.headers["Vary"] = "Accept-Language"
        return response

    async def sitemap_xml(request: Request) -> Response:
        if site.page.url is None:  # a sitemap has whole addresses only
            return PlainTextResponse("set market.page.url\n", status_code=404)
        made = sitemap(await site.view(request)).encode()
        return _cached(request, made, "application/xml; charset=utf-8")

    for name, route in (
        ("robots.txt", robots_txt),
        ("llms.txt", llms_txt),
        ("sitemap.xml", sitemap_xml),
    ):
        app.add_route(f"/{name}", route, methods=["GET"], include_in_schema=False)


def _previews(app: FastAPI, site: _Site) -> None:
    async def preview(language: Language, request: Request) -> Response:
        made = await site.picture(language, await site.view(request))
        if made is None:
            return PlainTextResponse(f"no picture: install {WHERE}\n", status_code=404)
        return _cached(request, made, "image/png")

    for language in site.page.languages:
        path, route = f"/preview.{language}.png", partial(preview, language)
        app.add_route(path, route, methods=["GET"], include_in_schema=False)


def _cached(request: Request, body: bytes, media_type: str) -> Response:
    """The body, or 304 for whoever has it (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    known = [
        t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")
    ]
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _headers(view: View) -> dict[str, str]:
    """The page may load nothing but what is in it, and be shown in no frame."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return {
        "Content-Security-Policy": policy,
        "Content-Language": TAGS[view.language],
        # not no-referrer: a browser would then send the form without saying that it is ours
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }

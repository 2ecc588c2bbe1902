"""Past the framework: the same answers and the same refusals as through it."""

import asyncio
import json

import pytest
from starlette.responses import Response

from steelyard.errors import RequestError
from steelyard.serve.app import build_app
from steelyard.serve.direct import Direct
from steelyard.serve.metrics import Metrics
from steelyard.serve.service import Service

KEY = (b"x-api-key", b"k")


async def reached(app, path, body=b"{}", method="POST", headers=()):
    """Status, headers and body of one request to an ASGI application."""
    sent = []
    lines = [(b"host", b"localhost"), (b"content-type", b"application/json"), *headers]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": lines,
        "http_version": "1.1",
    }

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    lines = {k: v for k, v in sent[0]["headers"] if k not in (b"content-length",)}
    return sent[0]["status"], lines, b"".join(m.get("body", b"") for m in sent[1:])


def direct(route, *, refusal=None):
    async def through(scope, receive, send):
        await Response("through the framework", 299)(scope, receive, send)

    def told(path, error):
        status = error.status if isinstance(error, RequestError) else 500
        return Response(type(error).__name__, status)

    return Direct(through, {"/asked": route}, forbidden=lambda scope: refusal, told=told)


async def fine(request):
    return Response(await request.body(), 200)


async def bug(request):
    raise KeyError("of ours")


async def refused(request):
    raise RequestError(422, "input", "a text", "a number")


@pytest.mark.parametrize(
    ("route", "found"),
    [(fine, (200, b"sent")), (refused, (422, b"RequestError"))],
)
def test_a_post_to_a_known_path_goes_straight_to_its_function(route, found):
    status, _, body = asyncio.run(reached(direct(route), "/asked", b"sent"))
    assert (status, body) == found


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/asked"), ("POST", "/asked/"), ("POST", "/")]
)
def test_everything_else_goes_through_the_framework(method, path):
    assert asyncio.run(reached(direct(fine), path, method=method))[0] == 299


def test_what_may_not_ask_is_refused_before_the_function():
    refusal = RequestError(403, "header", "this server", "another site's")
    assert asyncio.run(reached(direct(bug, refusal=refusal), "/asked"))[0] == 403


def test_a_fault_of_ours_is_told_and_logged_with_its_place(caplog):
    status, _, body = asyncio.run(reached(direct(bug), "/asked"))
    assert (status, body) == (500, b"KeyError")
    assert "kind=KeyError" in caplog.text and "in bug" in caplog.text


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/predict", {"input": "物流很快"}, [KEY], 200),
        ("/v1/predict", {"input": 5}, [KEY], 422),
        ("/v1/predict", {"input": "x", "more": 1}, [KEY], 422),
        ("/v1/predict", {"input": "x"}, [KEY, (b"origin", b"https://evil.example")], 403),
        ("/v1/predict", {"input": "x"}, [], 401),
        ("/v1/predict", {"input": "x", "arm": "canary"}, [KEY], 409),
        ("/v1/feedback", {"answer_id": "no", "kind": "rating", "value": "5"}, [KEY], 404),
    ],
)
def test_both_ways_say_the_same(store, product, live, path, body, headers, status):
    found = both(store, product, path, body, headers)
    assert found[0] == found[1] and found[0][0] == status
    assert (b"www-authenticate" in found[0][1]) == (status == 401)


def test_both_ways_say_when_to_come_again(store, product):
    """Without a release."""
    first, second = both(store, product, "/v1/predict", {"input": "x"}, [KEY])
    assert first == second and first[0] == 503 and first[1][b"retry-after"] == b"1"


def both(store, product, path, body, headers):
    """(status, headers, body without the ids of answers), past the framework and through it."""

    async def ask():
        service = Service(store, product)
        app = build_app(service, Metrics(lambda: 0), key="k")
        said = json.dumps(body).encode()
        found = [await reached(one, path, said, headers=headers) for one in (app, app.app)]
        service.close()
        return found

    told = []
    for status, lines, said in asyncio.run(ask()):
        answer = json.loads(said)
        for one in answer.get("answers", []):
            one.pop("answer_id")
        told.append((status, lines, answer))
    return told


def test_a_fault_of_ours_is_a_500_and_no_text_of_a_user_is_in_the_log(
    store, product, live, monkeypatch, caplog
):
    async def ask():
        service = Service(store, product)

        async def fails(asked):
            raise KeyError(asked.values[0])

        monkeypatch.setattr(service, "predict", fails)
        app = build_app(service, Metrics(lambda: 0), key=None)
        found = await reached(app, "/v1/predict", '{"input": "秘密"}'.encode())
        service.close()
        return found

    status, _, body = asyncio.run(ask())
    assert status == 500 and json.loads(body)["error"]["found"] == "KeyError"
    assert "秘密" not in body.decode() and "秘密" not in caplog.text and "in fails" in caplog.text

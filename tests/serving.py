"""A released linear variant in a store, without training: what the tests of serving and releases need."""

from __future__ import annotations

import http.client
import io
import json
import socket
from functools import cache
from urllib.parse import urlsplit

from PIL import Image

from steelyard.store import tables
from steelyard.tasks import open_task
from tests.conftest import reviews
from tests.variants import linear


def publish(store, *, seed: int = 0, name: str = "baseline", flip: bool = False) -> str:
    """Fit a baseline on generated reviews (labels turned around if `flip`), publish, add rows."""
    return _published(store, *_fitted(seed, flip), name)


@cache
def _fitted(seed: int, flip: bool):
    """(task, baseline), which nothing changes once they are made."""
    task = open_task("text_classification", {"labels": ("negative", "positive")})
    rows = reviews(200, seed=seed)
    other = {"negative": "positive", "positive": "negative"}
    truths = [other[r["label"]] if flip else r["label"] for r in rows]
    return task, linear(task, [r["text"] for r in rows], truths, seed=seed)


def publish_pictures(store) -> str:
    """The same for pictures, of one colour each, that are dark or light."""
    task = open_task("image_classification", {"labels": ("dark", "light")})
    contents = [picture(shade) for shade in (*range(0, 80, 8), *range(176, 256, 8))]
    truths = [label for label in task.labels for _ in range(10)]
    return _published(store, task, linear(task, contents, truths), "baseline")


def picture(shade: int) -> bytes:
    """A small PNG, black at 0 and white at 255."""
    body = io.BytesIO()
    Image.new("L", (8, 8), shade).save(body, format="PNG")
    return body.getvalue()


def _published(store, task, fitted, name: str) -> str:
    with store.artifacts.draft() as draft:
        fitted.save(draft)
        (draft / "card.json").write_text(json.dumps({"name": name}), encoding="utf-8")
        identity = store.artifacts.publish(draft)

    def work(step):
        if not store.database.rows(tables.dataset.select()):
            step.add(
                "dataset",
                id="d",
                product=store.product,
                version=1,
                tag="d",
                sources=[],
                recipe={},
                counts=[],
            )
        step.add(
            "variant",
            id=identity,
            name=name,
            task=task.name,
            parent=None,
            dataset="d",
            bytes=1,
            card={},
        )
        return {}

    store.step(store.begin_turn("t"), "publish", identity, work, cpu_price=0)
    return identity


def release(store, variant: str, state: str, share: float = 1.0) -> None:
    def work(step):
        step.add(
            "release",
            product=store.product,
            variant=variant,
            state=state,
            share=share,
            reason="test",
            who="test",
        )
        return {}

    count = len(store.database.rows(tables.release.select()))
    store.step(store.begin_turn("t"), "release", f"{variant}{state}{count}", work, cpu_price=0)


def call(url: str, method: str, path: str, body=None, headers=None):
    """(status, parsed body, headers); a body that is not bytes is sent as JSON."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    connection.request(
        method, path, body=raw, headers={"Content-Type": "application/json"} | (headers or {})
    )
    response = connection.getresponse()
    text = response.read()
    connection.close()
    try:
        return response.status, json.loads(text), response.headers
    except ValueError:
        return response.status, text.decode("utf-8", "replace"), response.headers


def ask(url: str, value="真的很好，很满意", **fields):
    """One input to /v1/predict."""
    return call(url, "POST", "/v1/predict", {"input": value, **fields})


def connect(url: str) -> socket.socket:
    """A bare connection, for what no client library sends."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)

"""What a server sends out costs what a GB costs, where that is said."""

import asyncio
import json
from contextlib import closing
from decimal import Decimal

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl
from tests.serving import call, publish, release

from steelyard.errors import StoreError
from steelyard.serve import Server
from steelyard.serve.egress import SENT, Egress
from steelyard.spec import load
from steelyard.store import Store

CNY = 1000  # a GB: a byte is a thousand nano-units


def product(folder, price=f"egress_gb: {CNY}, "):
    path = folder / "product.yaml"
    text = PRODUCT.format(encoder="x/y").replace("prices: {", "prices: {" + price, 1)
    assert price in text
    path.write_text(text, encoding="utf-8")
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    return load(path)


@pytest.fixture
def store(tmp_path):
    with closing(Store.open(product(tmp_path))) as opened:
        release(opened, publish(opened), "live")
        yield opened


def test_bodies_that_a_server_sent_are_in_the_ledger_when_it_ends(store, tmp_path):
    size = 0
    with Server(store, load(tmp_path / "product.yaml")) as url:
        for path, asked in (("/v1/predict", {"input": "很好"}), ("/v1/predict", {"odd": 1})):
            status, body, _ = call(url, "POST", path, asked)
            size += len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
            assert status in (200, 422)
        _, _, headers = call(url, "GET", "/metrics")
        size += int(headers["content-length"])
    (line,) = store.ledger.lines(account=SENT)
    assert line["unit"] == "gb" and line["nano"] == -CNY * int(line["evidence"].split(":")[1])
    assert int(line["evidence"].split(":")[1]) == pytest.approx(size, abs=20)
    assert Decimal(line["quantity"]) * 10**9 == int(line["evidence"].split(":")[1])
    store.ledger.verify()


def test_without_a_price_nothing_is_counted(tmp_path):
    file = product(tmp_path, price="")
    assert Egress.of(None, file.spec.money.prices) is None


async def _sent(egress, *sizes):
    async def app(scope, receive, send):
        for size in sizes:
            await send({"type": "http.response.body", "body": b"x" * size})

    got = []

    async def send(message):
        got.append(len(message["body"]))

    await egress.around(app)({"type": "http"}, None, send)
    assert got == list(sizes)


def test_what_cannot_be_written_waits_and_fractions_are_carried(store, monkeypatch, caplog):
    egress = Egress(store, Decimal("0.3"))  # a byte is .3 nano-units
    asyncio.run(_sent(egress, 4, 5))
    with monkeypatch.context() as broken:
        broken.setattr(
            Store,
            "record_once",
            lambda *a, **k: (_ for _ in ()).throw(StoreError("ledger", "a disk", "none", "wait")),
        )
        asyncio.run(egress.book())
    assert "egress.waits bytes=9" in caplog.text and store.ledger.lines(account=SENT) == []
    asyncio.run(_sent(egress, 1))
    asyncio.run(egress.book())
    asyncio.run(egress.book())  # nothing more was sent
    asyncio.run(_sent(egress, 1, 1))
    asyncio.run(egress.book())
    asyncio.run(_sent(egress, 4))
    asyncio.run(egress.book())
    assert [line["nano"] for line in store.ledger.lines(account=SENT)] == [-3, -1, -1]

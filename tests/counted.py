"""A product that counts, with two partners, and what its ledger has of it."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal

from steelyard.spec import load
from steelyard.store import Store, tables
from tests.conftest import PRODUCT, reviews, write_jsonl
from tests.serving import call

KEY, ACME, BETA = "the-own-key", "the-key-of-acme", "the-key-of-beta"
OWN = {"X-API-Key": KEY}
PARTNERS = {"acme": ACME, "beta": BETA}
MARKET = """\
market:
  time_zone: Asia/Shanghai
  counting:
    channels: [wechat, 微信]
    landing: https://shop.example/start?from=ad
    links: {pricing: /pricing}
    attribution_days: 7
  partners:
    acme: {share: 0.2, answers_a_day: 3}
    beta: {channel: news, share: 0.5, trusted: true}
"""


def product_in(folder, *, market=MARKET, more=""):
    """A product file beside its data, whose books are in CNY and know USD since February 2026."""
    path = folder / "product.yaml"
    rates = "  rates: {USD: {2026-02-01: 7.2}}\n"
    text = PRODUCT.format(encoder="x/y").replace("  prices:", f"{rates}  prices:", 1)
    path.write_text(text + market + more, encoding="utf-8")
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    return load(path)


def key_of(partner):
    return {"X-API-Key": PARTNERS[partner]}


def convert(url, headers=OWN, **said):
    return call(url, "POST", "/v1/conversions", said, headers)


def visit(url, headers=OWN, **said):
    return call(url, "POST", "/v1/visits", said, headers)


def events(store):
    """(kind, channel, revision) of every row in the order they were written."""
    rows = store.database.rows(tables.event.select())
    return sorted((r["kind"], r["channel"], r["revision"]) for r in rows)


def sales(product):
    """The lines of sales, in whole units, of a chain that holds."""
    with closing(Store.open(product)) as store:
        store.ledger.verify()
        rows = store.database.rows(tables.entry.select().order_by(tables.entry.c.id))
    return [Decimal(r["nano"]) / 10**9 for r in rows if r["account"] == "sale.income"]

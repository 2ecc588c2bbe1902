"""A shop that keeps its books in CNY, in Shanghai, with two mappings of its own."""

import pytest
from tests.conftest import PRODUCT, reviews, with_ledger, write_jsonl
from tests.market.books import MARKET

from steelyard.spec import load


@pytest.fixture
def new_shop(tmp_path):
    """A product file beside its data, and no store."""
    path = tmp_path / "product.yaml"
    rates = "  rates: {USD: {2026-01-01: 7.1, 2026-02-01: 7.2}}\n"
    text = PRODUCT.format(encoder="x/y").replace("  prices:", f"{rates}  prices:", 1)
    path.write_text(text + MARKET, encoding="utf-8")
    write_jsonl(tmp_path / "reviews.jsonl", reviews(10))
    return load(path)


@pytest.fixture
def shop(new_shop):
    """The same with a ledger in which nothing happened yet."""
    return with_ledger(new_shop)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_shop(request, new_shop):
    """The same on both databases."""
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
        text = new_shop.path.read_text(encoding="utf-8") + f"ledger: '{url}'\n"
        new_shop.path.write_text(text, encoding="utf-8")
    return with_ledger(load(new_shop.path))

"""A product, a live release and a server on a free port, for every test of serving."""

from contextlib import closing

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl
from tests.serving import publish, release

from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import Store


@pytest.fixture(scope="module")
def lasting_url(tmp_path_factory):
    """One server for all tests of a module that change nothing in it."""
    folder = tmp_path_factory.mktemp("lasting")
    path = folder / "product.yaml"
    path.write_text(PRODUCT.format(encoder="x/y"), encoding="utf-8")
    write_jsonl(folder / "reviews.jsonl", reviews(10))
    file = load(path)
    with closing(Store.open(file)) as store:
        release(store, publish(store), "live")
        with Server(store, file) as address:
            yield address


@pytest.fixture
def product(product_file):
    return load(product_file)


@pytest.fixture
def live(store):
    variant = publish(store)
    release(store, variant, "live")
    return variant


@pytest.fixture
def url(store, product, live):
    with Server(store, product) as address:
        yield address

"""A product, a live release and a server on a free port, for every test of serving."""

import pytest
from tests.serving import publish, release

from steelyard.serve import Server
from steelyard.spec import load


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

"""A full collection of the process's libraries is a pause in which nobody is answered."""

import gc
import weakref

import pytest
from tests.serving import ask, publish, release

from steelyard.serve import Server, app
from steelyard.serve.collecting import Settled
from steelyard.serve.router import Router

WHOLE = {name: getattr(Settled, name) for name in ("again", "end")}


@pytest.fixture(autouse=True)
def whole(monkeypatch):
    """As in a process of its own: conftest.py sets all apart, and takes the two away."""
    for name, function in WHOLE.items():
        monkeypatch.setattr(Settled, name, function)
    gc.unfreeze()
    yield
    gc.freeze()


class Ring:
    """Refers to itself: only a collection frees it."""

    def __init__(self):
        self.itself = self


@pytest.fixture
def settled():
    one = Settled()
    one.again()
    yield one
    one.end()


def test_what_was_there_is_not_looked_at_and_what_came_later_is(settled):
    assert not any(one is Ring for one in gc.get_objects())
    later = weakref.ref(Ring())
    gc.collect()
    assert later() is None


def test_what_was_set_apart_and_is_no_longer_needed_goes_with_the_next_time():
    ring, settled = Ring(), Settled()
    gone = weakref.ref(ring)
    settled.again()
    del ring
    gc.collect()
    assert gone() is not None  # set apart: no usual collection comes to it
    settled.again()
    assert gone() is None
    settled.end()
    assert gc.get_freeze_count() == 0


def test_a_server_sets_apart_what_it_loaded_and_gives_it_back(store, product, live):
    with Server(store, product) as url:
        assert ask(url)[0] == 200
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0


def test_a_server_that_does_not_start_gives_it_back_too(store, product, live, monkeypatch):
    frozen = []

    def fails(service, metrics, *, key, partners):
        frozen.append(gc.get_freeze_count())
        service.close()
        raise RuntimeError("no application")

    monkeypatch.setattr(app, "build_app", fails)
    with pytest.raises(RuntimeError, match="no application"), Server(store, product):
        pass
    assert frozen[0] > 10_000 and gc.get_freeze_count() == 0


def test_it_does_so_anew_when_releases_change_and_only_then(store, product, live):
    times = []
    router = Router(store, product.spec.serve, every_s=3600, changed=lambda: times.append(1))
    router.refresh()
    assert len(times) == 1
    newer = publish(store, seed=5, name="newer")
    release(store, newer, "live")
    release(store, live, "retired", 0.0)
    router.refresh()
    router.refresh()
    assert len(times) == 2 and router.pick("u").variant == newer
    router.close()

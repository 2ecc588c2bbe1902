"""Large bodies take turns and leave time to everybody else; small ones never wait for them."""

import asyncio
import time

import pytest
from tests.serving import ask

from steelyard.errors import RequestError
from steelyard.serve import sparing
from steelyard.serve.sparing import LARGE, SHARE, Sparing


def busy(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def test_large_bodies_take_their_share_of_the_time_and_no_more():
    async def crowd() -> float:
        turns, before = Sparing(), time.perf_counter()
        await asyncio.gather(*(turns.run(lambda: busy(0.01), size=LARGE + 1) for _ in range(6)))
        return time.perf_counter() - before

    # six of them with five pauses between, each at least as long as its body leaves to others
    assert asyncio.run(crowd()) >= 6 * 0.01 + 5 * 0.01 * (1 / SHARE - 1)


def test_a_body_that_is_refused_at_once_still_cost_its_receiving(monkeypatch):
    monkeypatch.setattr(sparing, "BYTE_S", 1e-7)

    async def two() -> float:
        turns, before = Sparing(), time.perf_counter()
        for _ in range(2):
            with pytest.raises(ValueError):
                await turns.run(lambda: int("x"), size=200_000)
        return time.perf_counter() - before

    assert asyncio.run(two()) >= 200_000 * 1e-7 * (1 / SHARE - 1)


def test_a_small_body_waits_for_none_of_them():
    async def both() -> list[str]:
        turns, order = Sparing(), []
        await turns.run(lambda: busy(0.02), size=LARGE + 1)
        late = asyncio.create_task(turns.run(lambda: order.append("large"), size=LARGE + 1))
        await asyncio.sleep(0)
        await turns.run(lambda: order.append("small"), size=LARGE)
        await late
        return order

    assert asyncio.run(both()) == ["small", "large"]


def test_more_than_may_wait_are_refused(monkeypatch):
    monkeypatch.setattr(sparing, "WAITING_MAX", 2)

    async def three() -> list[object]:
        turns = Sparing()
        await turns.run(lambda: busy(0.02), size=LARGE + 1)
        asked = (turns.run(lambda: "read", size=LARGE + 1) for _ in range(3))
        return await asyncio.gather(*asked, return_exceptions=True)

    found = asyncio.run(three())
    assert found.count("read") == 2
    (refused,) = (f for f in found if isinstance(f, RequestError))
    assert refused.status == 503


def test_a_caller_that_is_gone_holds_no_place():
    async def gone() -> str:
        turns = Sparing()
        await turns.run(lambda: busy(0.01), size=LARGE + 1)
        left = asyncio.create_task(turns.run(lambda: "left", size=LARGE + 1))
        await asyncio.sleep(0)
        left.cancel()
        return await turns.run(lambda: "stayed", size=LARGE + 1)

    assert asyncio.run(asyncio.wait_for(gone(), 20)) == "stayed"


def test_a_large_request_is_answered(url):
    assert ask(url, "好" * 30_000)[0] == 200 and ask(url, "好" * 30_000)[0] == 200

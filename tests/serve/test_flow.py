"""What a server learns of its own pace, by a clock that the test moves."""

import asyncio
from contextlib import ExitStack

import pytest

from steelyard.serve.flow import WINDOW, WINDOWS, Flow
from steelyard.store import Clock


class Hand(Clock):
    """Time goes on when the test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def wall_s(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Hand:
    return Hand()


def alone(flow: Flow, clock: Hand, *, each_s: float, idle_s: float, n: int) -> None:
    for _ in range(n):
        with flow.inside():
            clock.now_s += each_s
        clock.now_s += idle_s


def test_time_without_requests_is_no_time_of_a_request(clock):
    flow = Flow(clock)
    alone(flow, clock, each_s=0.01, idle_s=9.0, n=WINDOW)
    assert flow.each_s == pytest.approx(0.01) and flow.count == 0


def test_requests_that_are_inside_together_share_the_time_it_took(clock):
    flow = Flow(clock)
    for _ in range(4):
        with ExitStack() as crowd:
            for _ in range(WINDOW):
                crowd.enter_context(flow.inside())
            clock.now_s += 0.01 * WINDOW
    assert flow.each_s == pytest.approx(0.01)
    assert flow.expected_s() == pytest.approx(0.01)


def test_one_more_waits_for_all_that_are_inside(clock):
    flow = Flow(clock)
    alone(flow, clock, each_s=0.01, idle_s=0.0, n=WINDOW)
    with flow.inside(), flow.inside():
        assert flow.expected_s() == pytest.approx(0.03)


def test_a_pace_that_changes_is_followed(clock):
    flow = Flow(clock)
    alone(flow, clock, each_s=1.0, idle_s=0.0, n=WINDOW)
    alone(flow, clock, each_s=0.001, idle_s=0.0, n=2 * WINDOW)
    assert flow.each_s == pytest.approx(0.001)
    alone(flow, clock, each_s=1.0, idle_s=0.0, n=WINDOWS * WINDOW)
    assert flow.each_s == pytest.approx(1.0)


def test_lone_requests_do_not_make_a_crowd_look_slow(clock):
    flow = Flow(clock)
    for _ in range(2):
        with ExitStack() as crowd:
            for _ in range(WINDOW):
                crowd.enter_context(flow.inside())
            clock.now_s += 0.001 * WINDOW
    alone(flow, clock, each_s=0.01, idle_s=0.0, n=WINDOW)
    assert flow.each_s == pytest.approx(0.001)


def test_nothing_measured_refuses_nobody(clock):
    assert Flow(clock).expected_s() == 0.0


def test_a_loop_that_comes_late_is_seen_and_forgotten(clock, monkeypatch):
    flow, late = Flow(clock), [0.02, 0.52, 0.02, 0.02]

    async def sleep(_: float) -> None:
        if not late:
            raise asyncio.CancelledError
        clock.now_s += late.pop(0)
        seen.append(flow.lag_s)

    seen: list[float] = []
    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(flow.watch())
    assert seen[2] == pytest.approx(0.5) and flow.lag_s == pytest.approx(0.32)

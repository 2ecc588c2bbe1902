"""What a server learns of its own pace, by a clock that the test moves."""

import asyncio
from contextlib import ExitStack

import pytest

from steelyard.clock import Clock
from steelyard.serve.flow import LEAST, SPAN_S, WINDOW, WINDOWS, Flow


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


def test_answers_that_leave_in_groups_are_no_quicker_than_they_are(clock):
    """Two groups of 32 that overlap leave within a moment of each other: a window of one of them
    alone took next to no time."""
    flow = Flow(clock)
    for _ in range(40):
        with ExitStack() as first:
            for _ in range(WINDOW):
                first.enter_context(flow.inside())
            with ExitStack() as second:
                for _ in range(WINDOW):
                    second.enter_context(flow.inside())
                clock.now_s += 0.064
            clock.now_s += 1e-6
    assert flow.each_s == pytest.approx(0.001, rel=0.01)


def test_a_span_in_which_no_window_fills_goes_on(clock):
    flow = Flow(clock)
    alone(flow, clock, each_s=SPAN_S, idle_s=0.0, n=WINDOW - 1)
    assert flow.each_s == 0.0
    alone(flow, clock, each_s=SPAN_S, idle_s=0.0, n=1)
    assert flow.each_s == pytest.approx(SPAN_S)


def test_one_more_waits_for_all_that_are_inside(clock):
    flow = Flow(clock)
    alone(flow, clock, each_s=0.01, idle_s=0.0, n=WINDOW)
    with flow.inside(), flow.inside():
        assert flow.expected_s() == pytest.approx(0.03)


def test_a_pace_that_changes_is_followed(clock):
    flow = Flow(clock)
    alone(flow, clock, each_s=1.0, idle_s=0.0, n=WINDOW)
    alone(flow, clock, each_s=0.001, idle_s=0.0, n=2 * 101)  # two windows of a span
    assert flow.each_s == pytest.approx(0.001)
    alone(flow, clock, each_s=1.0, idle_s=0.0, n=WINDOWS * WINDOW)
    assert flow.each_s == pytest.approx(1.0)


def test_lone_requests_do_not_make_a_crowd_look_slow(clock):
    flow = Flow(clock)
    for _ in range(16):
        with ExitStack() as crowd:
            for _ in range(WINDOW):
                crowd.enter_context(flow.inside())
            clock.now_s += 0.001 * WINDOW
    alone(flow, clock, each_s=0.01, idle_s=0.0, n=WINDOW)
    assert flow.each_s == pytest.approx(0.001)


def test_nothing_measured_refuses_nobody(clock):
    assert Flow(clock).expected_s() == 0.0


def test_a_loop_that_comes_late_is_seen_and_forgotten(clock, monkeypatch):
    flow, late = Flow(clock), [0.02, 0.52, 0.42, 0.02, 0.02, 0.92, 0.02]

    async def sleep(_: float) -> None:
        if not late:
            raise asyncio.CancelledError
        clock.now_s += late.pop(0)
        seen.append(flow.lag_s)

    seen: list[float] = []
    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(flow.watch())
    # of two late beats the smaller lasts; one alone is over when it is seen
    assert seen == pytest.approx([0.0, 0.0, 0.0, 0.4, 0.32, 0.256, 0.2048])


def crowd(flow: Flow, clock: Hand, *, inside: int, took_s: float) -> None:
    """As many as are let in, of `inside` that want, each of them taking `took_s`."""
    with ExitStack() as together:
        for _ in range(min(inside, int(flow.most))):
            together.enter_context(flow.inside())
        clock.now_s += took_s


def test_fewer_are_let_in_until_the_slowest_are_in_time(clock):
    flow = Flow(clock, within_s=0.1, most=256)
    seen = []
    for _ in range(60):
        n = min(200, int(flow.most))
        crowd(flow, clock, inside=200, took_s=0.002 * n)  # a server of 500 requests a second
        seen.append(n)
    assert seen[0] == 200 and max(seen[20:]) <= 50 and min(seen[20:]) >= 30


def test_more_are_let_in_when_the_server_is_quick_again(clock):
    flow = Flow(clock, within_s=0.1, most=256)
    for _ in range(100):
        crowd(flow, clock, inside=200, took_s=1.0)
    assert flow.most == LEAST
    for _ in range(600):
        crowd(flow, clock, inside=200, took_s=0.01)
    assert flow.most >= 200  # all who want to, and no more than were ever there


def test_one_hiccup_of_the_machine_lets_in_no_fewer(clock):
    flow = Flow(clock, within_s=0.1, most=256)
    for took_s in (0.01, 0.3, 0.01, 0.01, 0.3, 0.01):
        crowd(flow, clock, inside=3 * WINDOW, took_s=took_s)  # three late windows at once
    assert flow.most == 256


def test_requests_of_before_a_change_do_not_judge_it(clock):
    flow = Flow(clock, within_s=0.1, most=256)
    with ExitStack() as early:
        for _ in range(200):
            early.enter_context(flow.inside())
        crowd(flow, clock, inside=WINDOW, took_s=0.2)
        crowd(flow, clock, inside=WINDOW, took_s=0.2)
        changed = flow.most
        assert changed < 256
        clock.now_s += 5.0  # the early ones leave only now, all of them late
    assert flow.most == changed

"""Batches: company, slices, and refusals by the wait that is to be expected."""

import threading
import time

import pytest

from steelyard.clock import Clock
from steelyard.errors import RequestError
from steelyard.serve.asked import Asked
from steelyard.serve.batcher import Batcher, Prepared
from steelyard.serve.pace import Pace
from steelyard.serve.service import Service
from steelyard.spec.model import Serve


class Model:
    """Answers when it is let; remembers what it was asked together."""

    threads = 1

    def __init__(self, *, held=True):
        self.go, self.asked, self.batches = threading.Semaphore(0), threading.Semaphore(0), []
        self.held, self.fails = held, None

    def answers_of(self, features, *, batch_tokens):
        self.batches.append(list(features))
        self.asked.release()
        if self.held:
            assert self.go.acquire(timeout=20)
        if self.fails is not None:
            raise self.fails
        return list(features)


@pytest.fixture
def model():
    return Model()


def batcher_of(model, *, goal_ms=None, **settings):
    return Batcher(model, Serve(**settings), clock=Clock(), goal_ms=goal_ms)


def at_pace(batcher, token_s):
    """A model of known speed, whatever this machine does meanwhile."""
    batcher.pace.batch, batcher.pace.token_s = (lambda **_: None), token_s
    return batcher


def prepared(*names, tokens=1):
    return Prepared(list(names), [tokens] * len(names), 0.0)


def asked(model):
    assert model.asked.acquire(timeout=20)


def finish(model, batcher):
    model.held = False
    model.go.release(1000)
    batcher.close()


def test_a_lone_request_waits_for_nobody():
    model = Model(held=False)
    batcher = batcher_of(model, batch_wait_ms=1000)
    waits = []
    batcher._changed.wait, wait = (lambda s=None: waits.append(s) or wait(s)), batcher._changed.wait
    batcher.submit(prepared("a")).result(20)
    batcher.close()
    assert all(s is None for s in waits)  # never a bounded wait for company that is not coming


def test_a_batch_waits_for_a_request_that_is_being_read(model):
    batcher = batcher_of(model, batch_wait_ms=1000)
    with batcher.reading():
        first = batcher.submit(prepared("a"))
        second = batcher.submit(prepared("b"))
    asked(model)
    assert model.batches == [["a", "b"]]
    finish(model, batcher)
    assert (first.result(20)[0].answer, second.result(20)[0].answer) == ("a", "b")


def test_a_batch_does_not_wait_for_a_long_request_that_is_being_read():
    model = Model(held=False)
    batcher = batcher_of(model, batch_wait_ms=1000)
    waits = []
    batcher._changed.wait, wait = (lambda s=None: waits.append(s) or wait(s)), batcher._changed.wait
    with batcher.reading(soon=False):
        batcher.submit(prepared("a")).result(20)
    batcher.close()
    assert all(s is None for s in waits)


def test_what_came_while_a_batch_ran_is_the_next_one(model):
    batcher = batcher_of(model)
    batcher.submit(prepared("a"))
    asked(model)
    for name in "bcd":
        batcher.submit(prepared(name))
    model.go.release()
    asked(model)
    finish(model, batcher)
    assert model.batches == [["a"], ["b", "c", "d"]]


def test_a_long_request_is_answered_in_slices_between_those_of_others(model):
    batcher = at_pace(batcher_of(model), 1e-4)
    long = batcher.submit(prepared(*(f"long{i}" for i in range(60)), tokens=100))
    asked(model)
    assert 1 <= len(model.batches[0]) <= 2  # not the whole of it
    short = batcher.submit(prepared("short", tokens=10))
    model.go.release()
    asked(model)
    assert model.batches[1] == ["short"]  # it waited for one slice, and takes no other along
    batcher.submit(prepared("next", tokens=10))
    model.go.release()
    assert short.result(20)[0].answer == "short" and not long.done()
    asked(model)
    assert model.batches[2][0] == "next" and model.batches[2][1].startswith("long")
    finish(model, batcher)
    assert [p.answer for p in long.result(20)] == [f"long{i}" for i in range(60)]


def test_a_long_request_is_not_starved_by_short_ones(model):
    batcher = at_pace(batcher_of(model), 1e-4)
    long = batcher.submit(prepared(*(f"long{i}" for i in range(4)), tokens=200))
    for turn in range(8):
        asked(model)
        batcher.submit(prepared(f"short{turn}", tokens=10))
        model.go.release()
        if long.done():
            break
    assert len(long.result(20)) == 4
    finish(model, batcher)


def test_a_fault_in_one_slice_fails_the_request_and_nothing_else(model):
    batcher = at_pace(batcher_of(model), 1e-4)
    model.fails = ZeroDivisionError()
    long = batcher.submit(prepared(*(f"long{i}" for i in range(10)), tokens=200))
    asked(model)
    model.go.release()
    assert isinstance(long.exception(20), ZeroDivisionError)
    model.fails = None
    assert batcher.waiting == 0 and batcher._few.tokens == 0 == batcher._many.tokens
    model.held = False
    assert batcher.submit(prepared("a")).result(20)[0].answer == "a"
    batcher.close()


def test_the_expected_wait_is_what_refuses_and_says_when_to_come_again(model):
    batcher = batcher_of(model, goal_ms=100, queue_max=64)
    batcher.pace.batch(tokens=100, seconds=1.0)  # 10 ms a token
    batcher.pace.request(10)  # and so 100 ms a request
    assert batcher.refusal() is None
    batcher.submit(prepared("a", tokens=10))
    asked(model)
    assert batcher.refusal() is None  # one behind the one at work is never too many
    batcher.submit(prepared("b", tokens=10))
    with pytest.raises(RequestError) as error:
        batcher.check_room()
    assert error.value.status == 503 and error.value.wait_s == pytest.approx(0.2, rel=0.5)
    finish(model, batcher)
    assert batcher.refusal() is None


def test_a_fast_model_queues_more_under_the_same_goal(model):
    batcher = batcher_of(model, goal_ms=100, queue_max=64)
    batcher.pace.batch(tokens=100, seconds=0.01)
    batcher.pace.request(10)
    for i in range(40):
        assert batcher.refusal() is None
        batcher.submit(prepared(f"{i}", tokens=10))
    finish(model, batcher)


def test_who_sends_many_inputs_leaves_room_for_the_others_and_not_for_more_of_them(model):
    batcher = at_pace(batcher_of(model, goal_ms=100), 1e-3)
    batcher.submit(prepared("a", tokens=10))
    asked(model)  # and held
    batcher.pace.request(10)
    for i in range(2):
        assert batcher.refusal(many=True) is None
        batcher.submit(prepared(*(f"{i}.{k}" for k in range(60)), tokens=10))
    refusal = batcher.refusal(many=True)
    assert refusal is not None and refusal.wait_s == pytest.approx(1.21)  # for all of them
    assert batcher.refusal() is None  # behind one of 10 ms and a slice of 10 ms
    for i in range(6):
        batcher.submit(prepared(f"b{i}", tokens=10))
    refusal = batcher.refusal()
    assert refusal is not None and refusal.wait_s == pytest.approx(0.08)
    finish(model, batcher)
    assert batcher._few.tokens == 0 == batcher._many.tokens


def test_a_newcomer_expects_a_slice_with_every_second_batch(model):
    batcher = at_pace(batcher_of(model, batch_tokens=20), 1e-3)
    batcher.submit(prepared("a", tokens=10))
    asked(model)  # and held
    batcher.submit(prepared(*(f"many{k}" for k in range(60)), tokens=10))
    for i in range(4):
        batcher.submit(prepared(f"b{i}", tokens=10))
    # 10 ms at work, 40 ms in three batches with the newcomer's, two slices of 10 ms
    assert batcher._expected_s(many=False) == pytest.approx(0.07)
    finish(model, batcher)


def test_a_tight_goal_makes_small_slices(model):
    batcher = at_pace(batcher_of(model, goal_ms=15), 1e-3)
    batcher.submit(prepared(*(f"{k}" for k in range(60))))
    asked(model)
    assert 1 <= len(model.batches[0]) <= 3
    batcher.pace.request(1)
    assert batcher.refusal() is None  # behind a slice at work and the next one
    finish(model, batcher)


def test_who_sends_few_inputs_at_once_takes_no_more_room_than_one_of_them(model):
    batcher = at_pace(batcher_of(model, goal_ms=100), 1e-3)
    taken = 0
    while taken < 60 and batcher.refusal(many=True) is None:
        batcher.submit(prepared("a", "b", tokens=5))
        taken += 1
    assert taken < 12
    finish(model, batcher)


def test_a_batch_full_of_others_still_takes_one_of_many_inputs(model):
    batcher = at_pace(batcher_of(model, batch_tokens=512), 1e-4)
    batcher.submit(prepared("first"))
    asked(model)
    for i in range(64):
        batcher.submit(prepared(f"{i}"))
    batcher.submit(prepared(*(f"many{k}" for k in range(60)), tokens=100))
    model.go.release()
    asked(model)
    assert len(model.batches[1]) == 65 and model.batches[1][-1].startswith("many")
    finish(model, batcher)


def test_what_many_inputs_take_is_not_what_a_request_takes(model):
    batcher = at_pace(batcher_of(model), 1e-3)
    for i in range(8):
        batcher.submit(prepared(*(f"{i}.{k}" for k in range(60)), tokens=10))
    assert batcher.pace.request_tokens == 0
    batcher.submit(prepared("a", tokens=10))
    assert batcher.pace.request_tokens == 10
    finish(model, batcher)


def test_requests_that_are_still_read_are_counted(model):
    batcher = batcher_of(model, goal_ms=100, queue_max=4)
    entered = [batcher.reading() for _ in range(4)]
    for one in entered:
        one.__enter__()
    assert batcher.refusal() is not None
    for one in entered:
        one.__exit__(None, None, None)
    assert batcher.refusal() is None
    finish(model, batcher)


def test_the_pace_is_a_mean_that_follows():
    pace = Pace()
    assert pace.wait_s(1000) == 0.0
    pace.batch(tokens=10, seconds=0.1)
    assert pace.wait_s(5) == pytest.approx(0.05)
    for _ in range(50):
        pace.batch(tokens=10, seconds=0.2)
    assert pace.wait_s(5) == pytest.approx(0.1, rel=0.01)


def test_a_long_request_or_one_of_many_inputs_is_no_measure_of_the_others(store, product, live):
    service = Service(store, product, poll_s=3600)
    for values, counted in ((["好"], 1), (["好"] * 2, 0), (["好" * 5_000], 0)):
        with service._room(Asked(values, None, None)):
            assert service.flow.count == counted
    service.flow.ceiling = 2  # but they take room
    with service._room(Asked(["好"] * 2, None, None)), service._room(Asked(["好"], None, None)):
        for values in (["好"], ["好"] * 2):
            with pytest.raises(RequestError) as error, service._room(Asked(values, None, None)):
                pass
            assert error.value.status == 503
    assert service.flow.count == 0 == service._larger
    service.close()


def test_what_keeps_requests_anywhere_refuses_as_a_full_queue_does(store, product, live):
    service = Service(store, product, poll_s=3600)
    service.flow.count = 3
    assert service.no_room() is None
    service.flow.each_s = 30.0  # a slow disk, a busy processor: whatever it is
    refusal = service.no_room()
    assert refusal is not None and refusal.status == 503 and refusal.wait_s == 120.0
    service.flow.count = 1  # a few are always let in, else nobody learns that it is fast again
    assert service.no_room() is None
    service.flow.count, service.flow.each_s, service.flow.lag_s = 3, 0.0, 5.0
    assert service.no_room() is not None
    service.close()


def gathering(model, *, in_work):
    """A batcher that waits long for half of `in_work`."""
    batcher = batcher_of(model, goal_ms=60_000)
    batcher._gather_s, batcher.in_work = 60.0, in_work
    return batcher


def until(true, within_s=20.0):
    """Wait for what another thread is about to do."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_batch_begins_with_half_of_the_requests_in_work(model):
    """Else many small batches, commits and wakings take the interpreter from one another."""
    batcher = gathering(model, in_work=5)
    batcher.submit(prepared("a"))
    batcher.submit(prepared("b"))
    until(lambda: batcher._gathers)
    assert model.batches == []
    batcher.submit(prepared("c"))
    asked(model)
    assert model.batches == [["a", "b", "c"]]
    finish(model, batcher)


def test_a_batch_begins_when_those_it_waits_for_have_left(model):
    batcher = gathering(model, in_work=4)
    batcher.submit(prepared("a"))
    until(lambda: batcher._gathers)
    batcher.in_work = 1
    batcher.wake()
    asked(model)
    finish(model, batcher)


def test_a_batch_waits_for_others_no_longer_than_its_share_of_the_goal():
    batcher = batcher_of(Model(held=False), goal_ms=20)
    batcher.in_work = 1000
    assert batcher._gather_s < 0.003
    batcher.submit(prepared("a")).result(20)
    batcher.close()


def test_a_slice_of_many_inputs_waits_for_nobody(model):
    """Each of twenty slices waited for others that were in work, of which none was to come."""
    batcher = at_pace(gathering(model, in_work=1), 1e-4)
    model.held = False
    batcher.submit(prepared(*(f"{i}" for i in range(40)), tokens=100)).result(20)
    assert len(model.batches) > 10
    batcher.close()


def test_who_is_only_waited_for_wakes_nobody(model):
    """Each waking of the worker asks for the interpreter, only to wait again."""
    batcher = gathering(model, in_work=100)
    batcher.submit(prepared("a"))
    until(lambda: batcher._gathers)
    woken = []
    notify, batcher._changed.notify = batcher._changed.notify, lambda: woken.append(1) or notify()
    for i in range(20):
        with batcher.reading():
            batcher.submit(prepared(f"{i}"))
    batcher.wake()
    assert woken == []
    for i in range(40):
        batcher.submit(prepared(f"{i}"))
    asked(model)
    assert len(woken) >= 1 and len(model.batches[0]) >= 50
    finish(model, batcher)


def test_requests_without_a_wake_wait_for_it(model):
    batcher = batcher_of(model)
    batcher.submit(prepared("a"), wake=False)
    batcher.submit(prepared("b"), wake=False)
    assert not model.asked.acquire(timeout=0.1)
    batcher.wake()
    asked(model)
    assert model.batches == [["a", "b"]]
    finish(model, batcher)


def test_each_caller_of_a_batch_that_fails_gets_an_error_of_its_own(model):
    batcher = gathering(model, in_work=4)
    fault = RequestError(503, "here", "an answer", "none")
    model.fails = fault
    waiting = [batcher.submit(prepared(name)) for name in "ab"]
    asked(model)
    model.go.release()
    told = [future.exception(20) for future in waiting]
    assert [(type(one), one.status, str(one)) for one in told] == [
        (RequestError, 503, str(fault))
    ] * 2
    assert len({id(one) for one in (*told, fault)}) == 3 and told[0].__cause__ is fault
    finish(model, batcher)

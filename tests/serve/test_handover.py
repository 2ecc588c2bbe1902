"""What belongs together wakes another thread once."""

import asyncio
import threading

import pytest

from steelyard.serve.asked import Asked
from steelyard.serve.handover import Handover
from steelyard.serve.service import Service


def test_what_is_put_together_is_sent_once_and_in_its_order():
    sent = []
    handover = Handover(sent.append)
    handover.put("alone")
    with handover.together():
        handover.put("a")
        with handover.together():  # inside another: the outer one sends
            handover.put("b")
        handover.put("c")
        assert sent == [["alone"]]
    with handover.together():
        pass  # nothing is no reason to wake anybody
    assert sent == [["alone"], ["a", "b", "c"]]


def test_what_was_put_before_an_error_is_sent_all_the_same():
    sent = []
    handover = Handover(sent.append)
    with pytest.raises(ValueError, match="later"), handover.together():
        handover.put("a")
        raise ValueError("later")
    handover.put("b")
    assert sent == [["a"], ["b"]]


def test_another_thread_is_not_held_back():
    sent = []
    handover = Handover(sent.append)
    with handover.together():
        handover.put("mine")
        other = threading.Thread(target=handover.put, args=("another's",))
        other.start()
        other.join(20)
        assert sent == [["another's"]]
    assert sent == [["another's"], ["mine"]]


def test_requests_of_one_turn_of_the_loop_share_a_batch_a_commit_and_a_waking(
    store, product, live, monkeypatch
):
    """Each of them was a batch, a commit and a call into the loop of its own, as the threads came
    to the interpreter."""
    batches, commits = [], []

    async def many(service):
        loop, told = asyncio.get_running_loop(), []
        monkeypatch.setattr(
            loop,
            "call_soon_threadsafe",
            lambda *a, at=loop.call_soon_threadsafe: told.append(a) or at(*a),
        )
        answers = await asyncio.gather(
            *(service.predict(Asked([f"物流很快{i}"], None, None)) for i in range(20))
        )
        return answers, told

    service = Service(store, product)
    batcher = service.router.pick("anyone").batcher
    answer, write = batcher._answer, store.record_once
    monkeypatch.setattr(
        batcher, "_answer", lambda batch: batches.append(len(batch)) or answer(batch)
    )
    monkeypatch.setattr(
        store, "record_once", lambda facts, lines: commits.append(len(facts)) or write(facts, lines)
    )
    answers, told = asyncio.run(many(service))
    service.close()
    assert len({a.answers[0]["answer_id"] for a in answers}) == 20
    assert batches == commits == [20] and len(told) == 1

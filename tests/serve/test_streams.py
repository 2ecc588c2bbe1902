"""Answers told while they are written: between the batches of others, each to its end or its caller's."""

import threading
from contextlib import closing

import pytest
from tests.serving import call

from steelyard.clock import Clock
from steelyard.errors import RequestError, SteelyardError
from steelyard.serve.batcher import Batcher, Prepared, Replaced
from steelyard.spec.model import Serve
from steelyard.tasks import Answer


class Writer:
    """Writes the letters of its feature, each when it is let."""

    threads = 1

    def __init__(self, *, held=False):
        self.go, self.answered, self.held = threading.Semaphore(0), [], held

    def answers_of(self, features, *, batch_tokens):
        self.answered += features
        return [Answer(f) for f in features]

    def stream(self, feature):
        for letter in feature:
            if self.held:
                assert self.go.acquire(timeout=20)
            if letter == "!":
                raise ValueError("a model that cannot write this")
            yield letter
        if not feature.endswith("…"):
            yield Answer(feature, 0.5)


class Heard:
    def __init__(self):
        self.pieces, self.gone, self.more = [], False, threading.Semaphore(0)

    def __call__(self, piece):
        self.pieces.append(piece)
        self.more.release()

    def one(self):
        assert self.more.acquire(timeout=20)


def prepared(text):
    return Prepared([text], [1], 0.25)


def batcher_of(model, **settings):
    return closing(Batcher(model, Serve(**settings), clock=Clock()))


def test_an_answer_is_told_piece_by_piece_and_whole_at_its_end():
    heard = Heard()
    with batcher_of(Writer()) as batcher:
        (answered,) = batcher.write(prepared("你好吗"), heard).result(20)
    assert heard.pieces == ["你", "好", "吗"]
    assert answered.answer == Answer("你好吗", 0.5) and answered.cpu_s >= 0.25


def test_others_are_answered_between_two_pieces():
    model, heard = Writer(held=True), Heard()
    with batcher_of(model) as batcher:
        stream = batcher.write(prepared("abcd"), heard)
        for n in range(1, 4):
            model.go.release()
            heard.one()
            other = batcher.submit(prepared(f"other {n}"))
            model.go.release()  # the worker may be in the next piece already
            heard.one()
            assert other.result(20)[0].answer.value == f"other {n}"
            if len(heard.pieces) == 4:
                break
        assert stream.result(20)[0].answer.value == "abcd"


def test_two_answers_are_written_in_turns():
    model, heard = Writer(held=True), Heard()
    with batcher_of(model) as batcher:
        streams = [batcher.write(prepared(text), heard) for text in ("abcd", "wxyz")]
        model.go.release(10)
        assert [s.result(20)[0].answer.value for s in streams] == ["abcd", "wxyz"]
    assert "".join(heard.pieces) == "a" + "bwcxdyz" or "".join(heard.pieces) == "awbxcydz"


def test_what_was_written_for_somebody_who_left_is_an_unfinished_answer_with_its_cost():
    model, heard = Writer(held=True), Heard()
    with batcher_of(model) as batcher:
        stream = batcher.write(prepared("abcd"), heard)
        model.go.release(2)
        heard.one()
        heard.one()
        heard.gone = True
        model.go.release()  # the piece that it was in
        (answered,) = stream.result(20)
    assert answered.answer.value in ("ab", "abc") and answered.answer.detail == {"unfinished": True}
    assert answered.answer.value == "".join(heard.pieces) and answered.cpu_s >= 0.25


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("ab!cd", ValueError, "cannot write"),
        ("ab…", SteelyardError, "last its answer, found NoneType"),
    ],
)
def test_one_that_fails_tells_its_caller_and_stops_nobody_else(text, error, said):
    with batcher_of(Writer()) as batcher:
        wrong, right = (batcher.write(prepared(t), Heard()) for t in (text, "fine"))
        with pytest.raises(error, match=said):
            wrong.result(20)
        assert right.result(20)[0].answer.value == "fine"
        assert batcher.submit(prepared("after")).result(20)[0].answer.value == "after"


def test_more_than_may_be_written_at_once_are_refused_and_leave_room_behind_them():
    model = Writer(held=True)
    with batcher_of(model, streams_max=2) as batcher:
        streams = [batcher.write(prepared("a"), Heard()) for _ in range(2)]
        with pytest.raises(RequestError, match="room for a stream") as refused:
            batcher.write(prepared("a"), Heard())
        assert refused.value.status == 503
        model.go.release(10)
        assert [s.result(20)[0].answer.value for s in streams] == ["a", "a"]
        assert batcher.write(prepared("a"), Heard()).result(20)


def test_what_is_being_written_is_finished_before_a_release_is_dropped():
    model, heard = Writer(held=True), Heard()
    batcher = Batcher(model, Serve(), clock=Clock())
    stream = batcher.write(prepared("abc"), heard)
    model.go.release(10)
    batcher.close()
    assert stream.result(20)[0].answer.value == "abc"
    with pytest.raises(Replaced):
        batcher.write(prepared("abc"), Heard())


def test_a_newcomer_is_told_of_the_pieces_that_go_before_it():
    model, heard = Writer(held=True), Heard()
    with batcher_of(model) as batcher:
        assert batcher._expected_s(many=False) == 0
        batcher._piece_s = 0.2
        batcher.write(prepared("ab"), heard)
        assert batcher._expected_s(many=False) == pytest.approx(0.2)
        model.go.release(10)


def test_a_model_that_does_not_write_answers_at_once():
    class Plain(Writer):
        stream = None

    heard, model = Heard(), Plain()
    with batcher_of(model) as batcher:
        assert batcher.write(prepared("whole"), heard).result(20)[0].answer.value == "whole"
    assert not heard.pieces and model.answered == ["whole"]


def test_a_task_whose_answers_come_at_once_streams_none_and_does_not_offer_it(lasting_url):
    status, body, _ = call(
        lasting_url, "POST", "/v1/predict", {"input": "物流很快", "stream": True}
    )
    assert status == 422 and body["error"]["place"] == "stream"
    document = call(lasting_url, "GET", "/openapi.json")[1]["paths"]["/v1/predict"]["post"]
    schema = document["requestBody"]["content"]["application/json"]["schema"]
    assert "stream" not in schema["properties"]
    assert list(document["responses"]["200"]["content"]) == ["application/json"]

"""Requests that another process reads: the same features, the same refusals, nothing said of a text."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from tests.conftest import tiny_encoder

from steelyard.clock import Clock
from steelyard.engine import reader
from steelyard.engine.predictor import write_arrays
from steelyard.engine.reader import Reader, arrays, main, question, receive, send
from steelyard.methods.char_ngrams import CharNgrams
from steelyard.methods.pixels import Pixels
from steelyard.methods.tokens import Tokens
from steelyard.tasks import BadInput, open_task

TEXTS = ["真的很好，很满意", "good, would buy again", "太差了 13812345678", "好" * 9_000]


def pictures():
    found = []
    for shade in (10, 200):
        body = io.BytesIO()
        Image.new("L", (8, 8), shade).save(body, "PNG")
        found.append(body.getvalue())
    return found


def made(folder, kind):
    """(task, preprocessor, values) whose artifact is in `folder`, without weights."""
    if kind == "pixels":
        task = open_task("image_classification", {"labels": ("a", "b")})
        values = pictures()
        found = Pixels.fit(values)
    else:
        task, values = open_task("text_classification", {"labels": ("a", "b")}), TEXTS
        if kind == "char_ngrams":
            found = CharNgrams.fit(TEXTS, documents_min=1)
        else:
            (folder / "e").mkdir()
            file = tiny_encoder(folder / "e") / "tokenizer.json"
            found = Tokens(file, length_max=32, pad=0)
    write_arrays(folder, task, found, method="fine_tune", runtime="none", precision="fp32")
    return task, found, values


@pytest.mark.parametrize("kind", ["pixels", "char_ngrams", "tokens"])
def test_features_read_apart_are_those_read_here(tmp_path, kind):
    task, preprocessor, values = made(tmp_path, kind)
    expected = preprocessor.features(task.decode_all(values))
    stream = io.BytesIO()
    send(stream, *question(tmp_path, values))
    stream.seek(0)
    answers = io.BytesIO()
    main(stream, answers)
    answers.seek(0)
    header, parts = receive(answers)
    found = arrays(header, parts)
    assert header["cpu_s"] > 0 and len(found) == len(values)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)
    got, wanted = preprocessor.collate(found), preprocessor.collate(expected)
    for name in wanted:
        difference = got[name] - wanted[name]
        assert abs(difference).max() == 0


def test_a_text_without_known_ngrams_has_features_of_no_length(tmp_path):
    made(tmp_path, "char_ngrams")
    (found,) = arrays(*Reader().answer(*question(tmp_path, ["ωψ"])))
    assert found.shape == (2, 0)


@pytest.mark.parametrize(
    ("values", "index"),
    [(["好", 7], 1), (["\ud800"], 0), ([None], 0), (["a" + "\u0301" * 40], 0), ([b"\x89"], 0)],
)
def test_what_a_task_cannot_read_is_refused_by_its_place(tmp_path, values, index):
    task, _, _ = made(tmp_path, "char_ngrams")
    stream = io.BytesIO()
    send(stream, *question(tmp_path, values))
    stream.seek(0)
    asked = receive(stream)
    with pytest.raises(BadInput) as error:
        task.decode_all(values)
    assert Reader().answer(*asked)[0] == {"refused": [index, error.value.message]}


def test_a_failure_is_told_without_its_words_and_the_next_request_is_read(tmp_path, monkeypatch):
    made(tmp_path, "char_ngrams")
    stream, answers = io.BytesIO(), io.BytesIO()
    for _ in range(2):
        send(stream, *question(tmp_path, ["很好"]))
    stream.seek(0)
    answer, calls = Reader.answer, []

    def broken(self, header, parts):
        calls.append(header)
        if len(calls) == 1:
            raise ZeroDivisionError(header["values"][0])
        return answer(self, header, parts)

    monkeypatch.setattr(reader.Reader, "answer", broken)
    main(stream, answers)
    answers.seek(0)
    assert receive(answers) == ({"failed": "ZeroDivisionError"}, [])
    assert "arrays" in receive(answers)[0]


def test_what_opening_a_release_takes_is_no_price_of_its_first_request(tmp_path, monkeypatch):
    made(tmp_path, "char_ngrams")

    class Hand(Clock):
        now_s = 0.0

        def thread_cpu_s(self):
            return self.now_s

    clock, opened, ngrams = Hand(), Reader._opened, CharNgrams.features

    def slow(work, seconds):
        def timed(*arguments):
            clock.now_s += seconds
            return work(*arguments)

        return timed

    monkeypatch.setattr(Reader, "_opened", slow(opened, 5.0))
    monkeypatch.setattr(CharNgrams, "features", slow(ngrams, 0.25))
    said, _ = Reader(clock).answer(*question(tmp_path, ["很好"]))
    assert said["cpu_s"] == 0.25


def test_a_request_has_a_time_limit_though_its_server_be_gone(tmp_path, monkeypatch):
    made(tmp_path, "char_ngrams")
    limits, stream = [], io.BytesIO()
    monkeypatch.setattr(reader.signal, "alarm", limits.append)
    send(stream, *question(tmp_path, ["很好"]))
    stream.seek(0)
    main(stream, io.BytesIO())
    assert limits == [reader.READ_MAX_S, 0]


@pytest.mark.parametrize(
    ("told", "parts"),
    [([["<i4", [1]]], []), ([["O", [1]]], [b"12345678"]), ([["<i4", [3]]], [b"1234"])],
)
def test_features_that_are_no_numbers_or_not_all_there_are_refused(told, parts):
    with pytest.raises(ValueError):
        arrays({"arrays": told}, parts)


def test_a_frame_that_was_cut_anywhere_is_none():
    stream = io.BytesIO()
    send(stream, {"a": 1}, [b"12", b"", b"345"])
    whole = stream.getvalue()
    assert receive(io.BytesIO(whole)) == ({"a": 1}, [b"12", b"", b"345"])
    for end in range(len(whole)):
        assert receive(io.BytesIO(whole[:end])) is None
    assert json.loads(whole.split(b"\n")[0])["parts"] == [2, 0, 3]

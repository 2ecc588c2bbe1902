"""One user's worst request, and what it may cost the others: no thread of theirs, no line, no wait."""

import io
import json
import os
import subprocess
import sys
import threading

import numpy as np
import psutil
import pytest
from tests.serving import ask, call, publish

from steelyard.engine.model import open_model
from steelyard.errors import RequestError
from steelyard.serve import Server, apart, reading
from steelyard.store import tables
from steelyard.tasks import Reading, content_kind
from steelyard.tasks.text_classification import TextClassification

MARKS = "a" + "\u0301" * 240_000


def utf8(body):
    """As a client sends it that does not escape: three bytes a character, not six."""
    return json.dumps(body, ensure_ascii=False).encode()


def test_a_letter_with_240000_marks_is_refused_and_not_normalized(url):
    status, body, _ = call(url, "POST", "/v1/predict", utf8({"input": MARKS}))
    assert status == 422 and "at most" in str(body)


def test_a_request_of_too_many_characters_is_refused_as_a_whole(url):
    sent = utf8({"inputs": ["很好" * 5_000] * 30})
    status, body, _ = call(url, "POST", "/v1/predict", sent)
    assert status == 422 and body["error"]["place"].startswith("inputs[")


def readers():
    """The processes that this one has started to read long requests."""
    children = psutil.Process().children()
    return [c for c in children if "steelyard.engine.reader" in c.cmdline()]


LONG, LONGEST = {"input": "很好" * 4_500}, {"inputs": ["质量很好，" * 600] * 5}


def test_a_long_text_is_read_in_another_process_and_a_short_one_at_once(
    store, product, live, monkeypatch
):
    here, decoded = [], TextClassification.decode_all

    def watched(self, values):
        here.append(len(values[0]))
        return decoded(self, values)

    monkeypatch.setattr(TextClassification, "decode_all", watched)
    with Server(store, product) as url:
        assert ask(url, "很好" * 2_000)[0] == 200 and not readers()
        for body in (LONG, LONGEST, LONG):
            assert call(url, "POST", "/v1/predict", body)[0] == 200
        assert here == [4_000] and len(readers()) == 2
    assert not readers()


def test_a_long_text_is_answered_and_priced_as_if_it_were_read_here(store, product, live):
    text = "真的很好，很满意。手机 13812345678 " * 300
    predictor = open_model(store.artifacts.open(live))
    expected = predictor.answers([predictor.task.decode(text)])[0]
    with Server(store, product) as url:
        found = call(url, "POST", "/v1/predict", {"input": text})[1]["answers"][0]
        ask(url)
    assert found["label"] == expected.value and found["score"] == pytest.approx(expected.score)
    long, short_ = (row["cpu_s"] for row in store.database.rows(tables.answer.select()))
    assert long > short_


def test_short_requests_are_answered_while_a_long_one_is_read(store, product, live):
    with Server(store, product) as url:
        call(url, "POST", "/v1/predict", LONGEST)
        (process,) = readers()
        process.suspend()
        found = []
        long = threading.Thread(
            target=lambda: found.append(call(url, "POST", "/v1/predict", LONGEST)[0])
        )
        long.start()
        assert ask(url)[0] == 200 and call(url, "POST", "/v1/predict", LONG)[0] == 200
        assert not found
        process.resume()
        long.join()
    assert found == [200]


@pytest.mark.parametrize("how", ["killed", "stuck"])
def test_a_reader_that_ends_or_is_stuck_costs_one_request_its_answer(
    store, product, live, how, monkeypatch
):
    with Server(store, product) as url:
        assert call(url, "POST", "/v1/predict", LONG)[0] == 200
        (process,) = readers()
        monkeypatch.setattr(apart, "READ_MAX_S", 0.2)
        process.kill() if how == "killed" else process.suspend()
        status, body, headers = call(url, "POST", "/v1/predict", LONG)
        assert status == 503 and "Retry-After" in headers and "ended" in str(body)
        monkeypatch.setattr(apart, "READ_MAX_S", 30.0)
        assert call(url, "POST", "/v1/predict", LONG)[0] == 200


def test_a_server_that_is_killed_takes_its_readers_with_it(product_file, store, live):
    command = [sys.executable, "-m", "steelyard", "serve", str(product_file), "--port", "0"]
    env = os.environ | {"STEELYARD_API_KEY": "k" * 20}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    try:
        url = process.stdout.readline().split(" on ")[1].split(" ")[0]
        key = {"X-API-Key": "k" * 20}
        assert call(url, "POST", "/v1/predict", LONG, key)[0] == 200
        (reader,) = psutil.Process(process.pid).children()
        # what opens strangers' files knows no secrets
        assert "PATH" in reader.environ() and "STEELYARD_API_KEY" not in reader.environ()
    finally:
        process.kill()
        process.wait()
    psutil.wait_procs([reader], timeout=20)
    assert not reader.is_running()


@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_release_whose_files_changed_since_it_was_loaded_reads_no_long_text(
    store, product, live, caplog, how
):
    with Server(store, product) as url:
        file = store.artifacts.peek(live) / {"changed": "ngrams.json", "gone": "manifest.json"}[how]
        if how == "changed":
            file.write_bytes(file.read_bytes()[:-1] + b" ")
        else:
            file.unlink()
        assert ask(url)[0] == 200
        for _ in range(2):
            status, body, _ = call(url, "POST", "/v1/predict", LONG)
            assert status == 503 and "damaged" in str(body)
    told = [record.getMessage() for record in caplog.records if "damaged" in record.getMessage()]
    assert len(told) == 1 and live in told[0] and str(store.root) not in str(body)


def test_a_process_that_cannot_start_is_no_room(store, monkeypatch, caplog):
    def none(*_, **__):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(apart.subprocess, "Popen", none)
    with pytest.raises(RequestError) as error:
        apart.Apart(store.artifacts.open).read("x", ["好"])
    assert error.value.status == 503 and "Cannot allocate memory" in caplog.text


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"junk\n", ValueError),
        (b'{"no": "parts"}\n', KeyError),
        (b'{"arrays": [], "cpu_s": 0, "parts": []}\n', RuntimeError),
    ],
)
def test_what_a_process_says_is_not_believed_and_answers_nobody_else(
    store, monkeypatch, said, expected
):
    variant = publish(store)
    reader = apart.Apart(store.artifacts.open)
    usual = apart.receive
    with monkeypatch.context() as patch:
        patch.setattr(apart, "receive", lambda _: usual(io.BytesIO(said)))
        with pytest.raises(expected):
            reader.read(variant, ["很好"])
    features, cpu_s = reader.read(variant, ["满意"])
    (here,) = open_model(store.artifacts.open(variant)).preprocessor.features(["满意"])
    reader.close()
    assert np.array_equal(features[0], here) and cpu_s > 0


def test_a_failure_of_the_process_names_its_kind_alone(store, monkeypatch):
    variant = publish(store)
    reader = apart.Apart(store.artifacts.open)
    monkeypatch.setattr(apart, "receive", lambda _: ({"failed": "ZeroDivisionError"}, []))
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        reader.read(variant, ["很好"])
    reader.close()


def test_a_reader_keeps_two_releases_and_begins_anew_with_a_third(store):
    variants, asked = [publish(store, seed=seed) for seed in range(3)], []

    def verified(variant):
        asked.append(variant)
        return store.artifacts.open(variant)

    reader = apart.Apart(verified)
    for i in (0, 1, 0, 1, 2, 0):
        reader.read(variants[i], ["很好"])
    reader.close()
    assert asked == [variants[i] for i in (0, 1, 2, 0)]
    with pytest.raises(RequestError):
        reader.read(variants[0], ["很好"])


def test_more_long_requests_than_there_is_room_for_are_refused(store, product, live, monkeypatch):
    monkeypatch.setattr(reading, "WAITING_MAX", 0)
    with Server(store, product) as url:
        status, _, headers = ask(url, "很" * 6_000)
        assert status == 503 and "Retry-After" in headers
        assert ask(url)[0] == 200


@pytest.mark.parametrize(
    "kind, values, place",
    [
        ("text", ["很好"], Reading.AT_ONCE),
        ("text", ["很"] * 64, Reading.AT_ONCE),
        ("text", ["很" * 4_001], Reading.APART),
        ("text", ["很" * 2_001] * 2, Reading.APART),
        ("text", [7], Reading.AT_ONCE),  # no text: refused, which takes no time
        ("image", [b"picture"] * 4, Reading.BESIDE),
        ("image", [b"picture"] * 5, Reading.APART),
        ("image", [b"1" * 100_001], Reading.APART),
    ],
)
def test_where_a_request_is_read_depends_on_its_kind_and_size(kind, values, place):
    assert content_kind(kind).reading(values) is place


def test_a_phones_picture_does_not_wait_among_the_longest():
    assert reading._light([b"1" * 8_000_000]) and reading._light([b"1"] * 4)
    assert not reading._light([b"1" * 8_000_001]) and not reading._light([b"1"] * 5)


@pytest.mark.parametrize("how", ["closed", "garbled"])
def test_a_server_says_serving_once_its_port_answers_and_logs_only_its_own_lines(
    product_file, store, live, how
):
    command = [sys.executable, "-m", "steelyard", "serve", str(product_file), "--port", "0"]
    env = {k: v for k, v in os.environ.items() if k != "STEELYARD_API_KEY"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )
    try:
        url = process.stdout.readline().split(" on ")[1].split(" ")[0]
        assert call(url, "GET", "/readyz")[0] == 200  # no second try
        if how == "garbled":
            from tests.serving import connect

            for _ in range(20):
                with connect(url) as connection:
                    connection.sendall(b"\x00\x01\r\n\r\n")
                    connection.recv(1000)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=60)
    lines = [line for line in said.splitlines() if "serve.open" not in line]
    assert lines == []

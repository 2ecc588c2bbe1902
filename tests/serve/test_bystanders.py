"""One user's worst request, and what it may cost the others: no thread of theirs, no line, no wait."""

import asyncio
import json
import os
import subprocess
import sys
import threading

import pytest
from tests.serving import ask, call

from steelyard.serve import Server, reading
from steelyard.serve.reading import YIELD_S, Readers, short

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


def test_a_long_text_is_read_apart_from_what_answers_and_a_short_one_at_once(
    store, product, live, monkeypatch
):
    threads = {}
    with Server(store, product) as url:
        from steelyard.serve.service import Service

        decoded = Service._decoded

        def watched(self, values):
            threads[len(values[0])] = threading.current_thread().name
            return decoded(self, values)

        monkeypatch.setattr(Service, "_decoded", watched)
        for n in (10, 6_000, 90_000):
            assert ask(url, "很好" * (n // 2))[0] == 200
        assert call(url, "POST", "/v1/predict", {"inputs": ["很" * 3_000] * 5})[0] == 200
    names = [threads[n].rsplit("_", 1)[0] for n in (6_000, 90_000, 3_000)]
    assert names == ["reader", "reader", "heavy-reader"] and "reader" not in threads[10]


def test_short_requests_are_answered_while_a_long_one_is_read(store, product, live, monkeypatch):
    from steelyard.serve.service import Service

    held, inside, decoded = threading.Event(), threading.Event(), Service._decoded

    def slow(self, values):
        if len(values) > 4:
            inside.set()
            assert held.wait(30)
        return decoded(self, values)

    monkeypatch.setattr(Service, "_decoded", slow)
    with Server(store, product) as url:
        long = threading.Thread(
            target=lambda: call(url, "POST", "/v1/predict", {"inputs": ["很" * 3_000] * 5})
        )
        long.start()
        assert inside.wait(30)
        assert ask(url)[0] == 200 and ask(url, "很" * 6_000)[0] == 200
        held.set()
        long.join()


def test_more_long_requests_than_there_is_room_for_are_refused(store, product, live, monkeypatch):
    monkeypatch.setattr(reading, "WAITING_MAX", 0)
    with Server(store, product) as url:
        status, _, headers = ask(url, "很" * 6_000)
        assert status == 503 and "Retry-After" in headers
        assert ask(url)[0] == 200


def test_only_short_texts_are_read_at_once():
    assert short(["很好"]) and short(["很"] * 64)
    assert not short(["很" * 4_001]) and not short([b"picture"]) and not short([7])


def test_a_picture_of_few_bytes_is_never_read_where_others_are_answered():
    readers = Readers()
    assert not short([b"\x89PNG"])
    readers.close()


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


def test_while_a_long_request_is_read_threads_give_way_sooner_and_then_as_before():
    usual, seen, readers = sys.getswitchinterval(), [], Readers()
    long, short_ = ["好" * 150_000], ["好"]

    def look() -> None:
        seen.append(sys.getswitchinterval())

    async def both() -> None:
        await readers.run(look, short_)
        await asyncio.gather(readers.run(look, long), readers.run(look, long))

    asyncio.run(both())
    readers.close()
    assert seen == pytest.approx([usual, YIELD_S, YIELD_S])
    assert sys.getswitchinterval() == pytest.approx(usual)

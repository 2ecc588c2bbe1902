"""Bytes on the wire: offers of other protocols, and messages that do not add up, in several cuts."""

import json
import logging
import re
import socket
from collections.abc import Iterator

import pytest
from tests.serving import call, connect

PREDICT = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
WEBSOCKET = b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
BODY = b'{"input":"good"}'
SIZED = PREDICT + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture
def url(lasting_url):
    return lasting_url


def chunked(body: bytes) -> bytes:
    half = len(body) // 2
    parts = (body[:half], body[half:])
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


def offering(offer: bytes, *, in_chunks: bool = False) -> bytes:
    if in_chunks:
        return PREDICT + offer + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY)
    return PREDICT + offer + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


def cuts(sent: bytes) -> list[list[bytes]]:
    """The same bytes whole, with the body apart, and in small pieces."""
    end = sent.index(b"\r\n\r\n") + 4
    return [
        [sent],
        [sent[:end], sent[end:]],
        [sent[: end - 2], sent[end - 2 : end + 3], sent[end + 3 :]],
        [sent[i : i + 7] for i in range(0, len(sent), 7)],
    ]


def answers_of(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    """(status, body) of every answer until the server closes."""
    stream = connection.makefile("rb")
    while line := stream.readline():
        assert line.startswith(b"HTTP/1.1 "), line
        fields = iter(stream.readline, b"\r\n")
        length = next(f for f in fields if f.lower().startswith(b"content-length:")).split()[1]
        while stream.readline() != b"\r\n":
            pass
        yield int(line.split()[1]), stream.read(int(length))


def said(url: str, pieces: list[bytes]) -> list[tuple[int, bytes]]:
    with connect(url) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return list(answers_of(connection))


def statuses(url, pieces):
    return [status for status, _ in said(url, pieces)]


@pytest.mark.parametrize("cut", range(4))
@pytest.mark.parametrize("in_chunks", [False, True])
@pytest.mark.parametrize("offer", [H2C, WEBSOCKET, b"Connection: upgrade\r\nUPGRADE: TLS/1.0\r\n"])
def test_a_request_that_offers_another_protocol_is_answered_with_its_body(
    url, offer, in_chunks, cut
):
    sent = offering(offer, in_chunks=in_chunks) + LAST
    answers = said(url, cuts(sent)[cut])
    assert [status for status, _ in answers] == [200, 200]
    assert json.loads(answers[0][1])["answers"][0]["label"] == "positive"


@pytest.mark.parametrize("cut", range(4))
def test_requests_behind_an_offer_are_answered_in_their_order(url, cut):
    get = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n" + WEBSOCKET + b"\r\n"
    sent = get + offering(H2C) + get + SIZED + offering(H2C, in_chunks=True) + LAST
    answers = said(url, cuts(sent)[cut])
    assert [status for status, _ in answers] == [200] * 6
    assert [b"ready" in body for _, body in answers] == [True, False, True, False, False, False]


def test_an_offer_leaves_no_line_in_the_log(url, caplog):
    with caplog.at_level(logging.INFO):
        assert statuses(url, [offering(H2C) + LAST]) == [200, 200]
    assert not caplog.records


def test_an_offer_that_also_closes_is_answered_and_closed(url):
    sent = offering(b"Connection: close, upgrade\r\nUpgrade: h2c\r\n")
    assert statuses(url, [sent + LAST]) == [200]


def test_an_offer_among_the_trailers_is_none(url):
    head = PREDICT + b"Transfer-Encoding: chunked\r\n\r\n"
    sent = head + chunked(BODY)[:-2] + H2C + b"\r\n"
    assert statuses(url, [sent + LAST]) == [200, 200]


@pytest.mark.parametrize("target", [b"example.org:443", b"/v1/predict"])
def test_a_tunnel_is_refused(url, target):
    sent = b"CONNECT " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"\x16\x03\x01" * 40
    assert statuses(url, [sent]) == [400]


TRAILING = [
    b'ut":"more"}',
    b"\r\n\r\n\x00\x01",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /a\x00 HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("rest", TRAILING)
@pytest.mark.parametrize("before", [1, 3])
def test_what_came_whole_is_answered_before_the_rest_is_refused(url, rest, before):
    assert statuses(url, [SIZED * before + rest]) == [200] * before + [400]


@pytest.mark.parametrize("rest", TRAILING)
def test_the_rest_may_come_after_the_answer(url, rest):
    with connect(url) as connection:
        answers = answers_of(connection)
        connection.sendall(SIZED)
        assert next(answers)[0] == 200
        connection.sendall(rest)
        assert [status for status, _ in answers] == [400]


def test_a_length_shorter_than_the_body_is_told_and_then_closed(url):
    sent = PREDICT + b"Content-Length: 5\r\n\r\n" + BODY
    assert statuses(url, [sent]) == [400, 400]  # the five bytes are no JSON, the rest is no HTTP


BAD_CHUNKS = [
    b"zz\r\n",
    b'5\r\n{"inp\r\nut\r\n',
    b"-1\r\n",
    b'5\r\n{"inpXX',
    b"fffffffffffffffff\r\n",
]


@pytest.mark.parametrize("chunk", BAD_CHUNKS)
@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("apart", [False, True])
def test_a_chunk_that_is_none_is_told_and_then_closed(url, chunk, before, apart):
    head = PREDICT + b"Transfer-Encoding: chunked\r\n\r\n"
    pieces = [SIZED * before + head, chunk] if apart else [SIZED * before + head + chunk]
    assert statuses(url, pieces) == [200] * before + [400]


def test_a_request_that_has_its_answer_gets_no_second_one(url):
    with connect(url) as connection:
        connection.sendall(
            b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        answers = answers_of(connection)
        assert next(answers)[0] == 404
        connection.sendall(b"zz\r\n")
        assert list(answers) == []


@pytest.mark.parametrize("length", [b"1000001", b"2000000000", b"18446744073709551615"])
@pytest.mark.parametrize("more", [b"", b"Expect: 100-continue\r\n", H2C])
@pytest.mark.parametrize("path", [b"/v1/predict", b"/v1/feedback", b"/nothing"])
def test_a_length_beyond_the_limit_is_refused_from_the_head_alone(url, length, more, path):
    head = PREDICT.replace(b"/v1/predict", path) + more + b"Content-Length: " + length + b"\r\n\r\n"
    with connect(url) as connection:
        connection.sendall(head)
        answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 413 ") and b"Connection: close\r\n" in answer
        assert b"at most 1000000 bytes" in answer
        assert connection.recv(1) == b""


def test_a_length_beyond_the_limit_waits_for_the_answers_before_it(url):
    head = PREDICT + b"Content-Length: 2000000000\r\n\r\n"
    assert statuses(url, [SIZED + head + b"{" * 1000]) == [200, 413]


def test_who_sends_the_whole_body_all_the_same_still_reads_why_it_was_refused(url):
    body = b"x" * 8_000_000
    head = PREDICT + b"Content-Length: %d\r\n\r\n" % len(body)
    assert statuses(url, [head, body]) == [413]


def test_a_length_beyond_the_limit_is_counted(url):
    head = PREDICT + b"Content-Length: 2000000000\r\n\r\n"
    assert statuses(url, [head]) == [413]
    before = too_long(url)
    assert statuses(url, [head]) == [413]
    assert too_long(url) == before + 1


def too_long(url):
    metrics = call(url, "GET", "/metrics")[1]
    return float(re.search(r'requests_total\{route="predict",status="413"\} (\S+)', metrics)[1])

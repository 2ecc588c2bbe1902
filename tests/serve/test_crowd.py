"""A request that finds no room is told so on its connection: at once, unread, and in good order."""

import json
from http.client import HTTPConnection, HTTPResponse

import pytest
from tests.serving import ask, call, connect

from steelyard.serve.busy import Busy
from steelyard.serve.service import Service

BODY = json.dumps({"input": "真的很好"}).encode()
HEAD = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}Content-Length: {n}\r\n\r\n"


def request(body: bytes = BODY, *, more: str = "") -> bytes:
    return HEAD.format(more=more, n=len(body)).encode() + body


@pytest.fixture
def crowd(monkeypatch):
    """Whether there is no room just now."""
    now = {"full": True}
    usual = Service.no_room
    refusal = Busy("an answer in time", "900 ms of requests in work", wait_s=1.2)
    monkeypatch.setattr(Service, "no_room", lambda self: refusal if now["full"] else usual(self))
    return now


def one(connection) -> tuple[int, dict, HTTPResponse]:
    response = HTTPResponse(connection, method="POST")
    response.begin()
    return response.status, json.loads(response.read()), response


def test_it_is_told_why_and_when_to_come_again_and_counted(url, crowd):
    status, body, headers = ask(url)
    assert status == 503 and headers["Retry-After"] == "2"
    assert body["error"]["found"] == "900 ms of requests in work"
    assert body["error"].keys() == {"status", "place", "expected", "found", "repair"}
    assert 'route="predict",status="503"} 1.0' in call(url, "GET", "/metrics")[1]


def test_its_connection_is_kept_and_serves_when_there_is_room_again(url, crowd):
    client = HTTPConnection(url.removeprefix("http://"), timeout=30)
    kept = None
    for full, expected in ((True, 503), (True, 503), (False, 200), (True, 503), (False, 200)):
        crowd["full"] = full
        client.request("POST", "/v1/predict", BODY, {"Content-Type": "application/json"})
        response = client.getresponse()
        assert response.status == expected and response.read()
        kept = kept or client.sock
        assert client.sock is kept
    client.close()


def test_a_large_body_is_read_over_and_no_part_of_the_next_request(url, crowd):
    with connect(url) as connection:
        connection.sendall(request(b'{"input": "' + b"x" * 900_000 + b'"}'))
        assert one(connection)[0] == 503
        crowd["full"] = False
        connection.sendall(request())
        assert one(connection)[0] == 200


def test_requests_in_one_packet_are_answered_in_their_order(url, crowd):
    with connect(url) as connection:
        connection.sendall(request() * 3)
        said = b""
        while said.count(b"seconds in Retry-After") < 3:
            said += connection.recv(65_536)
    crowd["full"] = False
    with connect(url) as connection:
        connection.sendall(request() + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = b""
        while b"alive" not in said:
            said += connection.recv(65_536)
    assert said.index(b"answer_id") < said.index(b"alive")


def test_whoever_waits_for_a_word_before_the_body_gets_it(url, crowd):
    with connect(url) as connection:
        head, _ = request(more="Expect: 100-continue\r\n").split(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        status, _, response = one(connection)
        assert status == 503 and response.getheader("Connection") == "close"
        assert connection.recv(1) == b""


def test_a_body_behind_such_a_head_is_let_go(url, crowd):
    with connect(url) as connection:
        connection.sendall(request(more="Expect: 100-continue\r\n"))
        assert one(connection)[0] == 503
    crowd["full"] = False
    assert ask(url)[0] == 200


@pytest.mark.parametrize("more", ["Connection: close\r\n", ""])
def test_a_connection_that_shall_be_closed_is(url, crowd, more):
    sent = request(more=more) if more else request().replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    with connect(url) as connection:
        connection.sendall(sent)
        status, _, response = one(connection)
        assert status == 503 and response.getheader("Connection") == "close"
        assert connection.recv(1) == b""


def test_other_routes_answer_in_a_crowd(url, crowd):
    assert call(url, "GET", "/healthz")[0] == 200 and call(url, "GET", "/readyz")[0] == 200
    sent = {"answer_id": "unknown", "kind": "rating", "value": "5"}
    assert call(url, "POST", "/v1/feedback", sent)[0] == 404
    assert call(url, "GET", "/v1/predict")[0] == 405
    assert call(url, "POST", "/v1/predict?a=1", BODY)[0] == 503

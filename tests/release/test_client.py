"""The connection to a server: what it waits for, what it gives up on, and what it says then."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from steelyard.errors import StoreError, UserError
from steelyard.release import client as module
from steelyard.release.client import Client, problem
from steelyard.release.replay import ReplayReport, Visit, replay

LIVE = {"releases": {"live": "v" * 20}}
LIMIT = {"error": {"place": "input", "expected": "at most 9", "found": "10", "repair": "cut it"}}
DROP = (0, {}, {})  # the connection is closed without an answer


@contextmanager
def scripted(*answers):
    """A server that gives these (status, body, headers) one behind the other, the last for ever,
    and keeps what it was asked."""
    asked, left = [], list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer

        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            asked.append((self.path, self.rfile.read(length), dict(self.headers)))
            status, body, headers = left.pop(0) if len(left) > 1 else left[0]
            if status == 0:
                self.close_connection = True
                return
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def waits(monkeypatch):
    """Seconds that were waited, without waiting them; the clock goes on by them."""
    slept: list[float] = []
    clock = SimpleNamespace(sleep=slept.append, monotonic=lambda: sum(slept))
    monkeypatch.setattr(module, "time", clock)
    return slept


@pytest.mark.parametrize(
    "url",
    [
        "https://host",
        "http://",
        "host:80",
        "http://host:99999",
        "http://host:x",
        "http://[::1",
        "",
        "ftp://h",
    ],
)
def test_an_address_that_is_none_is_told_before_anything_is_sent(url):
    with pytest.raises(UserError, match="expected http://host:port"):
        Client(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "HTTP://host:8080", "http://[::1]:80/"])
def test_an_address_of_a_host_is_taken(url):
    assert Client(url).retried == 0


def test_a_server_that_has_the_variants_in_service_is_asked_once(waits):
    with scripted((200, LIVE, {})) as (url, asked):
        Client(url, key="schlüssel").check_served(LIVE["releases"])
    assert [path for path, _, _ in asked] == ["/readyz"] and waits == []


def test_a_variant_that_comes_into_service_meanwhile_is_waited_for(waits):
    with scripted((503, {}, {}), (200, {"releases": {}}, {}), (200, LIVE, {})) as (url, asked):
        Client(url).check_served(LIVE["releases"])
    assert len(asked) == 3 and len(waits) == 2


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        ((200, {"releases": {"live": "w" * 20}}, {}), StoreError, "found wwwwwwwwwwww;"),
        ((200, {"releases": {}}, {}), StoreError, "found nothing"),
        ((200, {"releases": None}, {}), StoreError, "found nothing"),
        ((200, {"refused": {"v" * 20: "不完整"}}, {}), StoreError, "found 不完整"),
        ((200, b"<html>", {}), StoreError, "found nothing"),
        ((200, b"[1]", {}), StoreError, "found nothing"),
        ((503, LIMIT, {}), StoreError, "input: expected at most 9"),
        ((404, {}, {}), UserError, "status 404 for /readyz"),
        (DROP, StoreError, "start it: steelyard serve"),
    ],
)
def test_what_is_not_in_service_is_told_with_its_cause_within_seconds(waits, answer, error, said):
    with scripted(answer) as (url, _), pytest.raises(error, match=said):
        Client(url).check_served({"live": "v" * 20})
    assert sum(waits) <= module.FIRST_S + 1.0


def test_what_is_sent_is_utf_8_with_the_key_in_its_header():
    with scripted((200, {"ok": 1}, {})) as (url, asked):
        assert Client(url, key="k\udcff").post("/v1/predict", {"input": "好评"}) == {"ok": 1}
    path, body, headers = asked[0]
    assert path == "/v1/predict" and json.loads(body) == {"input": "好评"}
    assert headers["Authorization"].encode("latin-1") == b"Bearer k\xff"


def test_a_record_is_sent_again_until_a_server_that_went_away_is_back(waits, caplog):
    with scripted(DROP, DROP, (200, {"ok": 1}, {})) as (url, asked):
        client = Client(url)
        assert client.post("/v1/predict", {}) == {"ok": 1}
    assert (len(asked), client.retried, len(waits)) == (3, 2, 2)
    assert caplog.text.count("replay.waiting") == 1  # said once, and not at every try


@pytest.mark.parametrize(
    ("header", "most"),
    [
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "900"}, 1.0),
        ({"Retry-After": "soon"}, 1.0),
        ({}, 1.0),
    ],
)
def test_a_busy_server_says_how_long_to_wait_and_it_is_never_longer_than_ones_own_time(
    waits, header, most
):
    with scripted((503, {}, header), (200, {}, {})) as (url, _):
        Client(url).post("/x", {})
    assert len(waits) == 1 and waits[0] <= most


def test_waits_grow_to_a_second_and_end_when_the_time_is_over(waits):
    with scripted(DROP) as (url, _), pytest.raises(StoreError, match="a server within 20 s"):
        Client(url, give_up_s=20.0).post("/v1/predict", {})
    assert waits == sorted(waits) and waits[-1] == 1.0 and 20 <= sum(waits) <= 21


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (413, {}, True),
        (422, LIMIT, True),
        (422, {"error": {"place": "inputs[3]"}}, True),
        (422, {"error": {"place": "arm"}}, False),  # an older server does not know the field
        (422, {"error": "input"}, False),
        (400, LIMIT, False),
        (401, {}, False),
    ],
)
def test_only_what_the_limits_refuse_is_left_out_and_all_else_is_an_error(status, body, refused):
    with scripted((status, body, {})) as (url, _):
        if refused:
            assert Client(url).post("/v1/predict", {}, refusable=True) is None
        else:
            with pytest.raises(UserError, match=f"found {status}"):
                Client(url).post("/v1/predict", {}, refusable=True)


def test_a_refusal_is_an_error_where_nothing_may_be_refused():
    with scripted((413, LIMIT, {})) as (url, _), pytest.raises(UserError, match="413"):
        Client(url).post("/v1/feedback", {})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (LIMIT, "input: expected at most 9, found 10; cut it"),
        ({"error": {"place": "a", "expected": "b", "found": "c"}}, "a: expected b, found c"),
        ({"detail": "好"}, '{"detail": "好"}'),
        ({}, "{}"),
    ],
)
def test_an_error_of_a_server_is_one_line(body, said):
    assert problem(body) == said


def test_a_long_body_that_is_no_error_of_ours_is_cut():
    assert len(problem({"page": "x" * 10_000})) == 300


def visits(n):
    return [Visit(f"p:1:{i}", f"user-{i}", "好", "positive") for i in range(n)]


def test_what_is_refused_is_neither_answered_nor_lost():
    with scripted((200, LIVE, {}), (413, {}, {})) as (url, asked):
        report = replay(url, visits(3), concurrency=1)
    assert (report.sent, report.refused, report.answered, report.lost) == (3, 3, 0, 0)
    assert [path for path, _, _ in asked[1:]] == ["/v1/predict"] * 3


def test_a_release_that_changes_in_the_middle_ends_the_replay():
    answered = {"release": "w", "answers": [{"answer_id": "a"}]}
    arms = {"live": "v" * 20}
    changed = pytest.raises(StoreError, match="the release was changed meanwhile")
    with scripted((200, LIVE, {}), (200, answered, {})) as (url, _), changed:
        replay(url, visits(2), arms=arms, concurrency=1)


def test_no_records_are_a_replay_of_nothing():
    with scripted((200, {}, {})) as (url, _):
        report = replay(url, [], concurrency=2)
    assert report == ReplayReport()


def test_parts_of_a_stream_add_up():
    one = ReplayReport(sent=3, answered=2, acknowledged=1, retried=4, refused=1, answers={"a": "1"})
    one.add(ReplayReport(sent=2, answered=2, acknowledged=2, retried=1, answers={"b": "2"}))
    assert one == ReplayReport(5, 4, 3, 5, 1, {"a": "1", "b": "2"}) and one.lost == 1

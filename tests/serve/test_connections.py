"""Strangers' connections: silent, unfinished, many, malformed. None of them may cost the others."""

import asyncio
import logging
import resource
import signal
import socket
import subprocess
import sys
import time

import pytest
from tests.serving import ask, call, connect

from steelyard.serve import Server, connections
from steelyard.serve.connections import Connection, Connections, most_connections

SILENT = 40


@pytest.fixture
def few(store, product, live, monkeypatch):
    """A server that keeps eight connections."""
    monkeypatch.setattr(connections, "FILES_KEPT", 10**9)
    with Server(store, product) as url:
        yield url


@pytest.fixture
def hasty(store, product, live, monkeypatch):
    """A server that waits a tenth of a second for a head and for a body."""
    for name, seconds in (("HEAD_S", 0.1), ("BODY_S", 0.1), ("GRACE_S", 0.1), ("SWEEP_S", 0.02)):
        monkeypatch.setattr(connections, name, seconds)
    monkeypatch.setattr(Connections.__init__, "__kwdefaults__", {"head_s": 0.1, "body_s": 0.1})
    with Server(store, product) as url:
        yield url


def test_small_answers_leave_at_once(url, monkeypatch):
    seen = []
    made = Connection.connection_made

    def watched(self, transport):
        made(self, transport)
        peer = transport.get_extra_info("socket")
        seen.append(peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(Connection, "connection_made", watched)
    assert ask(url)[0] == 200 and seen == [1]


def test_the_listening_socket_names_its_protocol():
    from steelyard.serve.server import _bind

    with _bind("127.0.0.1", 0) as bound:  # else asyncio leaves Nagle's algorithm on
        assert bound.proto == socket.IPPROTO_TCP


def test_a_burst_of_connections_takes_no_file_that_the_server_needs_and_fills_no_log(
    product_file, live, tmp_path
):
    """They were all accepted before the first was closed: no file was left, and each one that could
    not be accepted was a traceback in the log."""
    files, log = 400, tmp_path / "log"
    with log.open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "steelyard", "serve", str(product_file), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
        )
    try:
        url = server.stdout.readline().split(" on ")[1].split(" ")[0]
        before, held = log.stat().st_size, []
        host, port = url.removeprefix("http://").split(":")
        server.send_signal(signal.SIGSTOP)  # they all wait when it looks
        for _ in range(files + 100):
            held.append(socket.create_connection((host, int(port)), timeout=20))
        server.send_signal(signal.SIGCONT)
        assert ask(url)[0] == 200
        assert log.stat().st_size == before
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    for one in held:
        one.close()


def test_silent_connections_do_not_make_the_server_deaf(few, caplog):
    silent = [connect(few) for _ in range(SILENT)]
    with caplog.at_level(logging.DEBUG):
        assert ask(few)[0] == 200
    for one in silent:
        one.close()
    assert not [r for r in caplog.records if r.name != "steelyard.serve"]


def test_unfinished_heads_do_not_make_the_server_deaf(few):
    unfinished = [connect(few) for _ in range(SILENT)]
    for one in unfinished[:8]:
        one.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nX-A: ")
    assert ask(few)[0] == 200
    for one in unfinished:
        one.close()


def test_a_kept_connection_outlives_a_crowd_of_silent_ones(few):
    import http.client

    host, port = few.removeprefix("http://").split(":")
    kept = http.client.HTTPConnection(host, int(port), timeout=30)
    kept.request("GET", "/healthz")
    assert kept.getresponse().read() and kept.sock is not None
    before = kept.sock
    crowd = [connect(few) for _ in range(SILENT)]
    kept.request("GET", "/healthz")
    assert kept.getresponse().status == 200 and kept.sock is before
    for one in [kept, *crowd]:
        one.close()


def test_a_head_that_is_never_finished_is_closed_and_told(hasty):
    with connect(hasty) as connection:
        connection.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        assert b" 408 " in everything(connection)


def test_a_connection_that_says_nothing_is_closed(hasty):
    with connect(hasty) as connection:
        assert everything(connection) == b""


def test_a_head_that_comes_in_drops_is_closed_too(hasty):
    with connect(hasty) as connection:
        deadline = time.monotonic() + 20
        try:
            while time.monotonic() < deadline:
                connection.sendall(b"\r\n")
                time.sleep(0.01)  # the drops are the threat
        except OSError:
            return
        raise AssertionError("kept open by drops")


def test_a_body_to_a_path_that_needs_none_is_bounded_in_time(hasty):
    with connect(hasty) as connection:
        connection.sendall(
            b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
        )
        assert b" 404 " in everything(connection)  # and then the end


def test_a_head_without_end_is_refused(url):
    with connect(url) as connection:
        sent = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: "
        try:
            for _ in range(64):
                connection.sendall(sent)
                sent = b"x" * 16_384
        except OSError:
            pass  # the server may close while we still send
        assert b" 431 " in everything(connection)


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 64])
def test_what_is_not_http_is_refused_without_a_line_in_the_log(url, sent, caplog):
    with caplog.at_level(logging.INFO), connect(url) as connection:
        connection.sendall(sent)
        assert b" 400 " in everything(connection)
    assert not caplog.records


def test_an_upgrade_is_answered_as_a_request_without_a_line_in_the_log(url, caplog):
    asked = {"Connection": "Upgrade", "Upgrade": "websocket"}
    with caplog.at_level(logging.INFO):
        assert call(url, "GET", "/healthz", headers=asked)[0] == 200
    assert not caplog.records


def test_the_limit_of_connections_stays_below_the_limit_of_open_files(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    assert most_connections(100_000) == 1024 - connections.FILES_KEPT
    assert most_connections(100) == 100


def test_among_connections_at_work_a_newcomer_is_the_one_refused():
    class Busy:
        asked = True

        def __init__(self, loop):
            self.loop, self.cuts = loop, []

        def cut(self, status):
            self.cuts.append(status)

    loop = asyncio.new_event_loop()
    pool = Connections(most=2)
    old = [Busy(loop), Busy(loop)]
    for one in old:
        pool.add(one)
        pool.enter(one, "work")
    new = Busy(loop)
    pool.add(new)
    assert new.cuts == [503] and not old[0].cuts and not old[1].cuts
    loop.close()


def everything(connection: socket.socket) -> bytes:
    """What the server says until it closes."""
    said = b""
    try:
        while part := connection.recv(65_536):
            said += part
    except ConnectionResetError:
        pass
    return said

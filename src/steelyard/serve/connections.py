"""Open connections: how many, how long each may stay silent, and how large a head may be.

Knows no routes. What is over a limit is closed without a line in the log: a stranger must not be
able to fill a disk. Example: `uvicorn.Config(app, http=protocol_of(Connections(most=512)))`
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0  # from connecting, or from the first byte of another request, to the end of its head
BODY_S = 30.0  # a request that is never finished must not be held for ever
REST_S = 30.0  # between two requests of one connection; it gives way when others need the place
GRACE_S = 5.0  # a peer that does not read its last answer is cut off after this
SWEEP_S = 0.5
HEAD_BYTES_MAX = 65_536
READ_BYTES = 65_536  # at once: asyncio takes memory for 256 KiB for every part of a request
# Those without a place are closed some turns of the loop later: till then each needs a file.
ACCEPTED_AT_ONCE = 16
WAITING_MAX = 2048  # connections that the system holds until they are accepted
FILES_KEPT = 160  # of the process's open files, for the ledger and the models
# Method and URL of a request -> the whole answer of one that is refused unread, or None
Refuse = Callable[[bytes, bytes], bytes | None]
Count = Callable[[str, int], None]  # path and status of what is answered here


def most_connections(asked: int) -> int:
    """`asked`, or what the limit of open files leaves: a process without one left is deaf."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return asked if soft == resource.RLIM_INFINITY else max(8, min(asked, soft - FILES_KEPT))


class Connections:
    """Every open connection of one server. One more than `most` takes the place of the one that
    has been silent longest; it is refused only while all others have a request in work."""

    def __init__(
        self,
        *,
        most: int,
        head_s: float = HEAD_S,
        body_s: float = BODY_S,
        refuse: Refuse | None = None,
        bytes_max: int | None = None,
        count: Count | None = None,
    ) -> None:
        self.most, self.refuse = most, refuse or (lambda method, url: None)
        self.bytes_max, self.count = bytes_max, count or (lambda path, status: None)
        self._wait_s = {
            "silent": head_s,
            "head": head_s,
            "body": body_s + GRACE_S,
            "rest": REST_S + GRACE_S,
            "leaving": GRACE_S,
        }
        self._deadlines: dict[Connection, float] = {}
        # in the order in which they began to wait; those that never asked anything go first
        self._silent: dict[Connection, None] = {}
        self._resting: dict[Connection, None] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    def add(self, new: Connection) -> None:
        self.enter(new, "silent")
        if len(self._deadlines) > self.most:
            victim = next(iter(self._silent if len(self._silent) > 1 else self._resting), new)
            self.remove(victim)
            victim.cut(503 if victim is new else None)
        if self._sweeping is None:
            self._sweeping = new.loop.call_later(SWEEP_S, self._sweep, new.loop)

    def enter(self, one: Connection, phase: str) -> None:
        """From now on it waits for this: silent, head, body, work, rest or leaving."""
        wait_s = self._wait_s.get(phase, float("inf"))  # work has limits of its own
        self._deadlines[one] = one.loop.time() + wait_s
        self._silent.pop(one, None)
        self._resting.pop(one, None)
        if phase in ("silent", "leaving") or (phase == "head" and not one.asked):
            self._silent[one] = None
        elif phase in ("head", "rest"):
            self._resting[one] = None

    def remove(self, one: Connection) -> None:
        for known in (self._deadlines, self._silent, self._resting):
            known.pop(one, None)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for one in [c for c, deadline in self._deadlines.items() if deadline < now]:
            self._deadlines[one] = now + GRACE_S  # if it does not go by itself, it is cut then
            one.expire()
        self._sweeping = None
        if self._deadlines:
            self._sweeping = loop.call_later(SWEEP_S, self._sweep, loop)


class _Stop(Exception):
    """Out of a callback of the parser, so that it reads nothing more."""


class Connection(HttpToolsProtocol):
    """One connection, with the phase it is in."""

    pool: ClassVar[Connections]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.phase, self.asked, self._head_bytes, self._reads = "silent", False, 0, False
        self._refusal: bytes | None = None
        self._wrong = 400  # what is said when the parser reads no further
        self._last_word: bytes | None = None  # said once all answers that are due have left
        _no_delay(transport)
        if hasattr(transport, "max_size"):
            transport.max_size = READ_BYTES
        self.pool.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.pool.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self.transport.is_closing() or self._last_word is not None:
            return
        self._whole = False  # whether a head or a body ends in these bytes
        before, self._reads = self.phase, True
        try:
            wrong = self._feed(memoryview(data))
        finally:
            self._reads = False
        if wrong is not None:
            return self.cut(wrong)
        # a request that comes whole goes through several: only where it ends is waited for
        if self._whole or self.phase != before:
            self._enter(self.phase)
        if not self._whole and self.phase in ("silent", "head", "rest"):
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self.cut(431)

    def _feed(self, data: memoryview) -> int | None:
        """The status of what cannot be read, or None. Another protocol may be offered with any
        request (RFC 9110, 7.8); none is spoken here, so it is read as if it had not been offered."""
        try:
            while True:
                try:
                    self.parser.feed_data(data)
                    return None
                except httptools.HttpParserUpgrade as offer:
                    data = data[offer.args[0] :]
                    self._read_head_again()
        except httptools.HttpParserError:
            return self._wrong

    def _read_head_again(self) -> None:
        """With the offer in it the parser takes no body, and what follows for another protocol."""
        line = b"%s %s HTTP/%s" % (
            self.parser.get_method(),
            self.url,
            self.parser.get_http_version().encode(),
        )
        fields = [b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as it was
        self.parser.feed_data(b"\r\n".join([line, *fields, b"", b""]))

    def on_message_begin(self) -> None:
        if self._last_word is not None:
            raise _Stop
        super().on_message_begin()
        self._enter("head")

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise _Stop
            return  # see `_feed`
        self._head_bytes, self.asked, self._whole = 0, True, True
        self._check_length()
        idle = self.cycle is None or self.cycle.response_complete
        self._refusal = self.pool.refuse(self.parser.get_method(), self.url) if idle else None
        if self._refusal is None:
            super().on_headers_complete()
        elif self.expect_100_continue:  # it waits for a word before it sends its body
            return self._refuse(self._refusal, keep=False)
        self._enter("body")

    def _check_length(self) -> None:
        """What is announced too long is refused before any of it comes."""
        most = self.pool.bytes_max
        for name, value in self.headers:
            if name == b"content-length" and most is not None and int(value) > most:
                self.pool.count(self.url.partition(b"?")[0].decode("latin-1"), 413)
                self._wrong = 413
                raise _Stop

    def on_body(self, body: bytes) -> None:
        if self._refusal is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._whole = True
        if self._refusal is not None:
            return self._refuse(self._refusal, keep=self.parser.should_keep_alive())
        super().on_message_complete()
        self._enter("rest" if self.cycle.response_complete else "work")

    def on_response_complete(self) -> None:
        last = not self.pipeline
        super().on_response_complete()
        if self._last_word is not None:
            if last:
                self._leave()
        elif self.phase == "work" and self.cycle.response_complete:
            self._enter("rest")

    def _refuse(self, said: bytes, *, keep: bool) -> None:
        """Told here, without a task or an application: in a crowd most requests are refused, and
        what that costs is taken from those that are answered."""
        if self.transport.is_closing() or self._last_word is not None:
            return
        if keep:
            self._refusal = None
            self.transport.write(said)
            self._enter("rest")
        else:
            self._last_word = said.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
            self._leave()

    def expire(self) -> None:
        """It waited too long: told so if it had begun a request, and closed; cut when it is not
        gone the second time."""
        if self.transport.is_closing():
            self.transport.abort()
        else:
            self.cut(408 if self.phase == "head" else None)

    def cut(self, status: int | None) -> None:
        """Close, with a last word where one may be given: behind the answers to what came whole
        before, and not to a request that has its answer."""
        if status is None or self.transport.is_closing():
            self.transport.close()
        elif self._last_word is None:
            self._last_word = _answer(status, self.pool.bytes_max)
            if self._others_wait():
                self._enter("work")
            else:
                self._leave(linger=status != 503)  # which was not heard: its place is needed

    def _others_wait(self) -> bool:
        """Whether whole requests wait for their answers; the one whose body breaks off is given up."""
        cycle = self.cycle
        if self.phase != "body" or self._refusal is not None:
            return cycle is not None and not cycle.response_complete
        if cycle.response_started:
            self._last_word = b""
        cycle.disconnected = cycle.response_complete = True
        cycle.message_event.set()
        if not self.pipeline or self.pipeline[0][0] is not cycle:
            return False
        self.pipeline.popleft()
        return True

    def _leave(self, *, linger: bool = True) -> None:
        """The last word; then what still comes is not listened to till the peer closes. Closed at
        once, the system would answer it with a reset, which takes the last word away."""
        if self.transport.is_closing():
            return
        self.transport.write(self._last_word or b"")
        if not linger:
            return self.transport.close()
        self.transport.write_eof()
        self.flow.resume_reading()
        self._enter("leaving")

    def _enter(self, phase: str) -> None:
        self.phase = phase
        if not (self._reads or self.transport.is_closing()):
            self.pool.enter(self, phase)

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: any stranger can ask for an upgrade, as often as he likes."""


def protocol_of(connections: Connections) -> type[asyncio.Protocol]:
    """The protocol class of one server."""
    return type("Connection", (Connection,), {"pool": connections})


def listening(server: Any, then: Callable[[], None]) -> Any:
    """The same uvicorn server, which calls `then` once its port answers."""
    startup = server.startup

    async def started(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets=sockets)
        if server.started:
            for one in sockets or []:
                one.listen(WAITING_MAX)  # asyncio accepts as many at once as it lets wait
            then()

    server.startup = started
    return server


def _no_delay(transport: asyncio.Transport) -> None:
    """A small answer leaves at once: else it waits some 40 ms for the peer's acknowledgement."""
    peer = transport.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):  # no TCP socket
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


_SAID = {
    400: ("HTTP/1.1", "other bytes", "see /docs"),
    413: ("at most {} bytes", "more", "send less at once"),
    408: (f"a whole head within {HEAD_S:.0f} s", "a part of one", "send it again"),
    431: (f"a head of at most {HEAD_BYTES_MAX} bytes", "more", "send fewer headers"),
    503: ("room for a connection", "all in work", "retry after a second"),
}


def _answer(status: int, bytes_max: int | None) -> bytes:
    expected, found, repair = _SAID[status]
    place = "body" if status == 413 else "connection"
    error = {
        "status": status,
        "place": place,
        "expected": expected.format(bytes_max),
        "found": found,
        "repair": repair,
    }
    later = {"Retry-After": "1"} if status == 503 else {}
    return as_bytes(status, {"error": error}, later | {"Connection": "close"})


def as_bytes(status: int, body: dict[str, Any], headers: dict[str, str]) -> bytes:
    """A whole answer of HTTP/1.1, with a JSON body."""
    said = json.dumps(body, ensure_ascii=False).encode()
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n{more}\r\n"
    return head.encode() + said

"""Records of a stream as users would send them: request, answer, and later the truth.

Knows no ledger and no model; it speaks HTTP only. Nothing is lost: a record is sent until it and
its feedback are acknowledged. Example: `replay(url, records, key=None).acknowledged`
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from steelyard.errors import StoreError, UserError

GIVE_UP_S = 120.0  # without one success
RETRY_S = 0.05
TIMEOUT_S = 60


@dataclass(frozen=True)
class Visit:
    """One record on its way through HTTP."""

    request_id: str
    user: str
    value: Any  # text, or bytes of a picture
    truth: str


@dataclass
class ReplayReport:
    """What was sent, answered, acknowledged, refused, and had to be tried again."""

    sent: int = 0
    answered: int = 0
    acknowledged: int = 0
    retried: int = 0
    refused: int = 0  # by the server's limits: never answered, so never lost
    answers: dict[str, str] = field(default_factory=dict)  # request id -> answer id

    @property
    def lost(self) -> int:
        return self.sent - self.acknowledged - self.refused

    def add(self, more: ReplayReport) -> None:
        """Count another part of the same stream in."""
        self.sent += more.sent
        self.answered += more.answered
        self.acknowledged += more.acknowledged
        self.retried += more.retried
        self.refused += more.refused
        self.answers |= more.answers


def replay(
    base_url: str, visits: Sequence[Visit], *, key: str | None = None, concurrency: int = 8,
    progress: Callable[[int, int], None] | None = None, give_up_s: float = GIVE_UP_S,
) -> ReplayReport:  # fmt: skip
    """Send every visit and its outcome; StoreError when the server stays away for `give_up_s`."""
    report, lock = ReplayReport(), threading.Lock()
    stream = iter(visits)

    def next_visit() -> Visit | None:
        with lock:
            visit = next(stream, None)
            report.sent += visit is not None
            return visit

    def work() -> None:
        client = _Client(base_url, key, give_up_s)
        while (visit := next_visit()) is not None:
            answered = client.post("/v1/predict", _request(visit), refusable=True)
            if answered is None:
                with lock:
                    report.refused += 1
                continue
            identity = answered["answers"][0]["answer_id"]
            with lock:
                report.answered += 1
                report.answers[visit.request_id] = identity
            client.post(
                "/v1/feedback", {"answer_id": identity, "kind": "outcome", "value": visit.truth}
            )
            with lock:
                report.acknowledged += 1
                if progress is not None:
                    progress(report.acknowledged, len(visits))
        with lock:
            report.retried += client.retried

    with ThreadPoolExecutor(concurrency) as pool:
        for done in [pool.submit(work) for _ in range(concurrency)]:
            done.result()
    return report


def _request(visit: Visit) -> dict[str, Any]:
    value = visit.value
    if isinstance(value, bytes):
        value = base64.b64encode(value).decode("ascii")
    return {"input": value, "user": visit.user, "request_id": visit.request_id}


class _Client:
    """One kept-alive connection that outlives a restart of the server."""

    def __init__(self, base_url: str, key: str | None, give_up_s: float) -> None:
        parts = urlsplit(base_url)
        if parts.scheme != "http" or not parts.hostname:
            raise UserError("url", "http://host:port", repr(base_url))
        self._host, self._port = parts.hostname, parts.port or 80
        self._headers: dict[str, str | bytes] = {"Content-Type": "application/json"}
        if key:
            self._headers["Authorization"] = b"Bearer " + os.fsencode(key)
        self._connection: http.client.HTTPConnection | None = None
        self._give_up_s = give_up_s
        self.retried = 0

    def post(
        self, path: str, body: dict[str, Any], *, refusable: bool = False
    ) -> dict[str, Any] | None:
        """The answer; None where `refusable` and the server's limits refuse it (413, 422)."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        for wait in self._waits():
            try:
                status, answer, retry_after = self._once(path, raw)
            except (OSError, http.client.HTTPException):
                self._connection = None
                status, answer, retry_after = 0, {}, wait
            if status == 200:
                return answer
            if refusable and status in (413, 422):
                return None
            if status not in (0, 503):
                raise UserError(
                    f"POST {path}", "status 200", f"{status}: {json.dumps(answer)[:300]}"
                )
            self.retried += 1
            time.sleep(min(wait, retry_after) if status == 503 else wait)
        raise StoreError(f"POST {path}", f"a server within {self._give_up_s:.0f} s", "none", "start it again and repeat the command")  # fmt: skip

    def _waits(self) -> Iterator[float]:
        deadline, wait = time.monotonic() + self._give_up_s, RETRY_S
        while time.monotonic() < deadline:
            yield wait
            wait = min(1.0, wait * 1.5)

    def _once(self, path: str, raw: bytes) -> tuple[int, dict[str, Any], float]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        self._connection.request("POST", path, body=raw, headers=self._headers)
        response = self._connection.getresponse()
        body = response.read()
        retry_after = float(response.headers.get("Retry-After", "1"))
        try:
            return response.status, json.loads(body), retry_after
        except ValueError:
            return response.status, {}, retry_after

"""Records of a stream as users would send them: request, answer, and later the truth.

Knows no ledger and no model; it speaks HTTP only. Nothing is lost: a record is sent until it and
its feedback are acknowledged. Example: `replay(url, records, arms={"live": a, "canary": b}).lost`
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from steelyard.errors import StoreError
from steelyard.release.client import GIVE_UP_S, Client
from steelyard.release.room import Room
from steelyard.tasks import Truth

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Visit:
    """One record on its way through HTTP; `request_id` has the arm put behind it."""

    request_id: str
    user: str
    value: Any  # text, or bytes of a picture
    truth: Truth
    key: str = ""  # of its text, which a paid label is tied to


@dataclass
class ReplayReport:
    """Records sent, answered by every arm, acknowledged, refused, and tries that were repeated."""

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
    base_url: str,
    visits: Sequence[Visit],
    *,
    arms: Mapping[str, str] | None = None,
    key: str | None = None,
    concurrency: int = 8,
    progress: Progress | None = None,
    give_up_s: float = GIVE_UP_S,
) -> ReplayReport:
    """Send every record to every arm (state -> variant), and its outcome for each answer; without
    arms as a user would, who is answered by one release.

    StoreError before the first one when an arm is not in service, and when the server stays away.
    """
    # both are looked at before the first record: half a pair would be spent for nothing
    Client(base_url, key=key, give_up_s=give_up_s).check_served(arms or {})
    report, lock, room = ReplayReport(), threading.Lock(), Room(concurrency)
    stream = iter(visits)

    def next_visit() -> Visit | None:
        with lock:
            visit = next(stream, None)
            report.sent += visit is not None
            return visit

    def work() -> None:
        client = Client(base_url, key=key, give_up_s=give_up_s, refused=room.refused)
        while (visit := next_visit()) is not None:
            with room:
                one(client, visit)
        with lock:
            report.retried += client.retried

    def one(client: Client, visit: Visit) -> None:
        answers = _answers(client, visit, arms or {})
        with lock:
            if answers is None:
                report.refused += 1
                return
            report.answered += 1
            report.answers |= answers
        for identity in answers.values():
            client.post(
                "/v1/feedback", {"answer_id": identity, "kind": "outcome", "value": visit.truth}
            )
        with lock:
            report.acknowledged += 1
            if progress is not None:
                progress(report.acknowledged, len(visits))

    with ThreadPoolExecutor(concurrency) as pool:
        for done in [pool.submit(work) for _ in range(concurrency)]:
            done.result()
    return report


def _answers(client: Client, visit: Visit, arms: Mapping[str, str]) -> dict[str, str] | None:
    """Request id -> answer id of every arm; None where the server's limits refuse the record."""
    answer_ids = {}
    for arm in arms or (None,):
        asked = _request(visit, arm)
        answered = client.post("/v1/predict", asked, refusable=True)
        if answered is None:
            return None
        if arm is not None and answered["release"] != arms[arm]:
            raise StoreError(
                "replay",
                f"{arms[arm][:12]} in service as {arm}",
                f"{answered['release'][:12]}: the release was changed meanwhile",
                "run the command again",
            )
        answer_ids[asked["request_id"]] = answered["answers"][0]["answer_id"]
    return answer_ids


def _request(visit: Visit, arm: str | None) -> dict[str, Any]:
    asked = {"input": visit.value, "user": visit.user, "request_id": visit.request_id}
    return asked if arm is None else asked | {"request_id": f"{visit.request_id}:{arm}", "arm": arm}

"""One experiment: stream records through HTTP, look, promote or roll back. Knows no server.

Its interval is always valid, so it looks as it goes, stops when the answer is sure, and a turn
that left it undecided is continued by the next one with records that were not sent yet.
Example: `run(store, product, step, task=task, dataset=d, live=a, canary=b, serve=factory, ...)`
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from steelyard.errors import DataError
from steelyard.market.readout import ARMS, Decision, Readout, readout
from steelyard.market.release import WHO
from steelyard.market.replay import ReplayReport, Visit, replay
from steelyard.spec import ProductFile
from steelyard.store import Step, Store, tables
from steelyard.tasks import Task

Report = Callable[[str, int, int | None], None]
DECIDED = ("promote", "rolled back")


def run(
    store: Store, product: ProductFile, step: Step, *, task: Task, dataset: str, live: str,
    canary: str | None, sent_before: int, serve: Callable[[], AbstractContextManager[str]],
    progress: Report | None = None,
) -> dict[str, Any]:  # fmt: skip
    """{"experiment", "decision", "reason", "arms", "difference", "path", "sent", "lost", ...}.

    `sent` counts this turn's requests, the readout everything since the experiment began.
    """
    if canary is None:
        return {"experiment": None, "decision": "none", "reason": "no canary: nothing to compare", "reason_zh": "没有金丝雀版本，无可比较", "live": live}  # fmt: skip
    experiment = Experiment(store, product, task, live, canary)
    visits = stream(
        store, product, dataset=dataset, prefix=experiment.prefix, sent_before=sent_before
    )
    with serve() as url:
        sent, found = experiment.until_decided(
            url, visits, progress or (lambda what, done, total: None)
        )
    _facts(step, product, found, live=live, canary=canary)
    return {
        "experiment": step.key[:16], "live": canary if found.decision.decision == "promote" else live,
        "sent": sent.sent, "sent_before": sent_before, "answered": sent.answered,
        "lost": sent.lost, "retried": sent.retried, **found.to_json(),
    }  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """Two variants on one stream; the same pair is the same experiment in every turn."""

    store: Store
    product: ProductFile
    task: Task
    live: str
    canary: str

    @property
    def prefix(self) -> str:
        """What every request id of this pair begins with."""
        return hashlib.sha256(f"{self.live}\t{self.canary}".encode()).hexdigest()[:16]

    def until_decided(
        self, url: str, visits: list[Visit], say: Report
    ) -> tuple[ReplayReport, Readout]:
        """Look, then send `market.look_every` requests, until it is decided or all are sent."""
        every = self.product.spec.market.look_every
        total, done = ReplayReport(), 0
        found = self.look(visits)
        while done < len(visits) and found.decision.decision not in DECIDED:
            part = visits[done : done + every]
            total.add(replay(url, part, progress=_onward(say, done, len(visits))))
            done += len(part)
            found = self.look(visits[done:])
        return total, found if visits else _exhausted(found)

    def look(self, unsent: list[Visit]) -> Readout:
        """What is known without `unsent`, some of which a killed attempt may have sent: looks
        stand at the same places however often a turn was interrupted."""
        return readout(
            self.store, self.product, task=self.task, prefix=f"{self.prefix}:",
            variants={"live": self.live, "canary": self.canary},
            without={visit.request_id for visit in unsent},
        )  # fmt: skip


def _onward(say: Report, before: int, total: int) -> Callable[[int, int], None]:
    return lambda done, _: say("requests", before + done, total)


def _exhausted(found: Readout) -> Readout:
    """An undecided experiment with nothing left to send says so."""
    d = found.decision
    if d.decision in DECIDED:
        return found
    reason = f"every labelled record of the stream was sent, add data; {d.reason}"
    reason_zh = f"流量样本已全部发送，请补充数据；{d.reason_zh}"
    return replace(found, decision=Decision(d.decision, reason, reason_zh))


def sent_before(store: Store, *, turn: int, live: str | None, canary: str | None) -> int:
    """Requests that turns before `turn` sent for this pair; 0 for a pair that is new."""
    s, t = tables.step, tables.turn
    query = sa.select(s.c.output).join(t, t.c.id == s.c.turn)
    query = query.where(s.c.name == "replay", t.c.product == store.product, s.c.turn < turn)
    total = 0
    for row in store.database.rows(query):
        arms = row["output"].get("arms") or {}
        if [arms.get(arm, {}).get("variant") for arm in ARMS] == [live, canary]:
            total += int(row["output"]["sent"])
    return total


def stream(
    store: Store, product: ProductFile, *, dataset: str, prefix: str, records: int | None = None,
    sent_before: int = 0,
) -> list[Visit]:  # fmt: skip
    """The next records of the stream by hash; the same request ids in every attempt, so that a
    repeated attempt gets the answers that are already paid."""
    wanted = records or product.spec.market.replay
    where = "split = 'stream' AND label IS NOT NULL"
    table = store.datasets.read("records", dataset, columns=["id", "content", "label"], where=where)
    rows = sorted(((_digest(r["id"]), r) for r in table.to_pylist()), key=lambda pair: pair[0])
    if wanted > len(rows):
        raise DataError(
            f"{product.path.name} market.replay", f"at most {len(rows)} (labelled stream records)",
            str(wanted), "lower market.replay or raise data.split.stream",
        )  # fmt: skip
    # one record is one user: twins are in one cluster, so users are independent
    return [
        Visit(f"{prefix}:{digest}", f"user-{r['id']}", r["content"], r["label"])
        for digest, r in rows[sent_before : sent_before + wanted]
    ]


def _digest(identity: str) -> str:
    # ids come from users' files and may be longer than a request id
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _facts(step: Step, product: ProductFile, found: Readout, *, live: str, canary: str) -> None:
    experiment, market = step.key[:16], product.spec.market
    step.add(
        tables.experiment, id=experiment, product=step.store.product,
        arms={"live": live, "canary": canary}, unit="user", metric="outcome",
        rule={
            "confidence": market.confidence, "outcome_loss_max": market.outcome_loss_max,
            "look_every": market.look_every,
        },
        readout=found.to_json(),
    )  # fmt: skip
    d = found.difference
    on = f"experiment {experiment}"
    step.measure(experiment, "outcome_difference", d.value, low=d.low, high=d.high, n=d.n, on=on)
    for arm in found.arms.values():
        step.measure(arm.variant, "outcome", arm.outcome, n=arm.n, on=on)
        step.measure(arm.variant, "served_cost_per_1000", arm.cost_per_1000, n=arm.n, on=on)
    decision, reason = found.decision.decision, found.decision.reason
    if decision == "promote":
        _release(step, canary, "live", 1.0, reason)
        _release(step, live, "retired", 0.0, f"replaced by {canary}: {reason}")
    elif decision == "rolled back":
        _release(step, canary, "retired", 0.0, reason)


def _release(step: Step, variant: str, state: str, share: float, reason: str) -> None:
    step.add(
        tables.release, product=step.store.product, variant=variant, state=state, share=share,
        reason=reason, who=WHO,
    )  # fmt: skip

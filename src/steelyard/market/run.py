"""One experiment: stream records through HTTP, look, promote or roll back. Knows no server.

Its interval is always valid, so it looks as it goes, stops when the answer is sure, and a turn
that left it undecided is continued by the next one with records that were not sent yet.
Example: `run(store, product, step, task=task, dataset=d, live=a, canary=b, serve=factory, ...)`
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from steelyard.errors import DataError
from steelyard.market.readout import Decision, Readout, readout
from steelyard.market.release import WHO
from steelyard.market.replay import ReplayReport, Visit, replay
from steelyard.spec import ProductFile
from steelyard.store import Step, Store, tables
from steelyard.tasks import Task

Report = Callable[[str, int, int | None], None]
DECIDED = ("promote", "rolled back")


def run(
    store: Store, product: ProductFile, step: Step, *, task: Task, dataset: str, live: str,
    canary: str | None, serve: Callable[[str], AbstractContextManager[str]],
    progress: Report | None = None,
) -> dict[str, Any]:  # fmt: skip
    """{"experiment", "decision", "reason", "arms", "difference", "path", "sent", "lost", ...}.

    `sent` counts this turn's requests, the readout everything since the experiment began. `serve`
    gets the API key of a server that only this step knows.
    """
    if canary is None:
        return {"experiment": None, "decision": "none", "reason": "no canary: nothing to compare", "reason_zh": "没有金丝雀版本，无可比较", "live": live}  # fmt: skip
    started = store.clock.cpu_s()
    key = secrets.token_urlsafe()
    experiment = Experiment(store, product, task, live, canary, key=key)
    before = sent_before(store, turn=step.turn, live=live, canary=canary)
    charged = _charged(store, experiment.prefix)
    unsent = stream(store, product, dataset=dataset, prefix=experiment.prefix, without=before)
    visits = unsent[: product.spec.market.replay]
    with serve(key) as url:
        sent, found = experiment.until_decided(url, visits, progress or (lambda what, done, total: None))  # fmt: skip
    if len(unsent) == len(visits):
        found = _exhausted(found)
    _facts(step, product, found, live=live, canary=canary)
    # What the answers took is charged with them, and must not be charged again with the step.
    served = _charged(store, experiment.prefix) - charged
    step.cpu_s = max(0.0, store.clock.cpu_s() - started - served)
    return {
        "experiment": step.key[:16], "live": canary if found.decision.decision == "promote" else live,
        "sent": sent.sent, "sent_before": len(before), "answered": sent.answered,
        "lost": sent.lost, "refused": sent.refused, "retried": sent.retried, **found.to_json(),
    }  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """Two variants on one stream; the same pair is the same experiment in every turn."""

    store: Store
    product: ProductFile
    task: Task
    live: str
    canary: str
    key: str | None = None

    @property
    def prefix(self) -> str:
        """What every request id of this pair begins with."""
        return prefix_of(self.live, self.canary)

    def until_decided(
        self, url: str, visits: list[Visit], say: Report
    ) -> tuple[ReplayReport, Readout]:
        """Look, then send `market.look_every` requests, until it is decided or all are sent."""
        every = self.product.spec.market.look_every
        total, done = ReplayReport(), 0
        found = self.look(visits)
        while done < len(visits) and found.decision.decision not in DECIDED:
            part = visits[done : done + every]
            total.add(replay(url, part, key=self.key, progress=_onward(say, done, len(visits))))
            done += len(part)
            found = self.look(visits[done:])
        return total, found

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


def check_stream(product: ProductFile, splits: dict[str, dict[str, int]]) -> None:
    """DataError when the stream of the data stage holds less than `market.replay` asks for."""
    labels = product.spec.task.labels
    here = sum(splits["stream"].get(label, 0) for label in labels)
    if product.spec.market.replay > here:
        raise DataError(
            f"{product.path.name} market.replay", f"at most {here} (labelled stream records)",
            str(product.spec.market.replay), "lower market.replay or raise data.split.stream",
        )  # fmt: skip


def prefix_of(live: str | None, canary: str | None) -> str:
    """The same for the same two variants in every turn."""
    return hashlib.sha256(f"{live}\t{canary}".encode()).hexdigest()[:16]


def sent_before(store: Store, *, turn: int, live: str | None, canary: str | None) -> set[str]:
    """Ids of the requests that were answered for this pair before turn `turn` began."""
    a, t = tables.answer, tables.turn
    began = sa.select(t.c.started).where(t.c.id == turn).scalar_subquery()
    query = sa.select(a.c.request).where(a.c.product == store.product, a.c.created < began)
    query = query.where(a.c.request.startswith(f"{prefix_of(live, canary)}:"))
    return {row["request"] for row in store.database.rows(query)}


def _charged(store: Store, prefix: str) -> float:
    """CPU seconds of every answer of the experiment."""
    a = tables.answer
    query = sa.select(sa.func.sum(a.c.cpu_s).label("s")).where(a.c.product == store.product)
    rows = store.database.rows(query.where(a.c.request.startswith(f"{prefix}:")))
    return float(rows[0]["s"] or 0.0)


def stream(
    store: Store, product: ProductFile, *, dataset: str, prefix: str, records: int | None = None,
    without: Set[str] = frozenset(),
) -> list[Visit]:  # fmt: skip
    """Records of the stream by hash, those of `without` left out, the first `records` or all; the
    same request ids in every attempt, so that a repeated one gets the answers already paid."""
    wanted = product.spec.market.replay if records is None else records
    where = "split = 'stream' AND label IS NOT NULL"
    table = store.datasets.read("records", dataset, columns=["id", "content", "label"], where=where)
    rows = sorted(((_digest(r["id"]), r) for r in table.to_pylist()), key=lambda pair: pair[0])
    if wanted > len(rows):
        raise DataError(
            f"{product.path.name} market.replay", f"at most {len(rows)} (labelled stream records)",
            str(wanted), "lower market.replay or raise data.split.stream",
        )  # fmt: skip
    # one record is one user: twins are in one cluster, so users are independent
    visits = [
        Visit(f"{prefix}:{digest}", f"user-{digest}", r["content"], r["label"])
        for digest, r in rows
    ]
    return [v for v in visits if v.request_id not in without][:records]


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
        _release(step, live, "retired", 0.0, f"replaced by {canary[:10]}: {reason}")
    elif decision == "rolled back":
        _release(step, canary, "retired", 0.0, reason)


def _release(step: Step, variant: str, state: str, share: float, reason: str) -> None:
    step.add(
        tables.release, product=step.store.product, variant=variant, state=state, share=share,
        reason=reason, who=WHO,
    )  # fmt: skip

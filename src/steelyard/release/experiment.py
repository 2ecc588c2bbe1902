"""One experiment: stream records through HTTP to both variants, look, promote or roll back.

Knows no server. Its intervals are always valid, so it looks as it goes, stops when the answer is
sure, and a turn that left it undecided is continued by the next one with records not sent yet.
Example: `run(store, product, step, task=task, dataset=d, live=a, canary=b, serve=factory)`
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from steelyard.reason import Reason
from steelyard.release import truths
from steelyard.release.frozen import frozen, rule_of
from steelyard.release.left import Experimented, SentCounts
from steelyard.release.replay import ReplayReport, Visit, replay
from steelyard.release.stream import record_of, sent_before, stream
from steelyard.release.walk import add
from steelyard.release.who import live_misses
from steelyard.release.whole import check_whole
from steelyard.spec import ProductFile
from steelyard.stage import Report
from steelyard.store import Step, Store
from steelyard.store.releases import RETIRED, experiment_of
from steelyard.tasks.valuation import Valuation

if TYPE_CHECKING:
    from steelyard.release.readout import Readout
    from steelyard.tasks import Task

Serve = Callable[[str], AbstractContextManager[str]]


def run(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    task: Task,
    dataset: str,
    live: str | None,
    canary: str | None,
    serve: Serve,
    progress: Report | None = None,
) -> Experimented:
    """Send and look until it is decided. What is sent is counted of this turn, what is shown of
    everything since the experiment began. `serve` gets the API key of a server that only this step
    knows."""
    if live is None or canary is None:
        return _none(live, Reason("readout.no_canary"))
    if not _in_service(store, live, canary):
        return _none(live, Reason("readout.changed_by_hand"))
    check_whole(store, live=live, canary=canary)
    experiment = Experiment(store, product, task, live, canary, key=secrets.token_urlsafe())
    before = sent_before(
        store, turn=step.turn, live=live, canary=canary, scale=experiment.valuation.scale
    )
    # What the answers take is charged with them, and must not be charged again with the step.
    charged = store.answers.cpu_s(experiment.id)
    step.elsewhere = lambda: store.answers.cpu_s(experiment.id) - charged
    every, most = stream(
        store, product, task=task, dataset=dataset, live=live, canary=canary, turn=step.turn
    )
    unsent = [visit for visit in every if record_of(visit) not in before]
    visits = unsent[:most]
    sent, readout = experiment.until_decided(
        serve,
        visits,
        progress or (lambda what, done, total: None),
        afford=partial(truths.afford, step, visits, product.spec.money.prices.label),
    )
    told = truths.line(store, _read(every, before, sent), product.spec.money.prices.label)
    step.lines += [] if told is None else [told]
    if len(unsent) == len(visits) and not readout.waits_for_users:
        readout = _exhausted(readout, product)
    product = frozen(store, product, live=live, canary=canary).product
    applied = _facts(step, product, readout, live=live, canary=canary)
    if readout.decided:
        from steelyard.release.effects import leave

        pair = {"live": live, "canary": canary, "experiment": step.key[:16]}
        leave(step, product, task=task, dataset=dataset, **pair)
    now = canary if readout.decision.decision == "promote" and applied else live
    return Experimented(
        experiment=step.key[:16],
        live=now,
        live_misses=live_misses(store, product, now),
        applied=applied,
        counts=_counts(sent, before=len(before)),
        shown=readout.shown,
        decision=readout.decision.decision,
        reason=readout.decision.reason,
    )


def _read(every: list[Visit], before: set[str], sent: ReplayReport) -> list[Visit]:
    """Records whose labels the experiment read: in this turn, or in those before it."""
    answered = {request.rpartition(":")[0] for request in sent.answers}
    return [v for v in every if v.request_id in answered or record_of(v) in before]


def _counts(sent: ReplayReport, *, before: int) -> SentCounts:
    return SentCounts(
        sent=sent.sent,
        sent_before=before,
        answered=sent.answered,
        lost=sent.lost,
        refused=sent.refused,
        retried=sent.retried,
    )


def _none(live: str | None, reason: Reason) -> Experimented:
    return Experimented(experiment=None, live=live, decision="none", reason=reason)


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
    def id(self) -> str:
        """What every replayed request of this pair begins with, in every turn."""
        return experiment_of(self.live, self.canary, scale=self.valuation.scale)

    @property
    def valuation(self) -> Valuation:
        """What its answers are worth."""
        return Valuation(self.task, self.product.spec.money)

    @property
    def arms(self) -> dict[str, str]:
        return {"live": self.live, "canary": self.canary}

    def until_decided(
        self,
        serve: Serve,
        visits: list[Visit],
        say: Report,
        *,
        afford: Callable[[], None] = lambda: None,
    ) -> tuple[ReplayReport, Readout]:
        """Look, then send `release.look_every` records, until it is decided or all are sent; `afford` is asked
        before the first one is."""
        total, readout = ReplayReport(), self.look(visits)
        if not visits or readout.settled:
            return total, readout
        afford()
        every, done = self.product.spec.release.look_every, 0
        with serve(self.key or "") as url:
            while done < len(visits) and not readout.settled:
                part = visits[done : done + every]
                onward = _onward(say, done, len(visits))
                total.add(replay(url, part, arms=self.arms, key=self.key, progress=onward))
                done += len(part)
                readout = self.look(visits[done:])
        return total, readout

    def look(self, unsent: list[Visit]) -> Readout:
        """What is known without `unsent`, some of which a killed attempt may have sent: looks
        stand at the same places however often a turn was interrupted."""
        from steelyard.release.readout import readout

        return readout(
            self.store,
            self.product,
            task=self.task,
            variants=self.arms,
            without={record_of(visit) for visit in unsent},
        )


def _onward(say: Report, before: int, total: int) -> Callable[[int, int], None]:
    return lambda done, _: say("records to both variants", before + done, total)


def _exhausted(readout: Readout, product: ProductFile) -> Readout:
    """An undecided experiment with nothing left to send says so, and what there is to do."""
    d = readout.decision
    if readout.settled:
        return readout
    reason = Reason("readout.exhausted", {"file": product.path.name, "why": d.reason})
    return replace(readout, decision=replace(d, reason=reason))


def _in_service(store: Store, live: str, canary: str) -> bool:
    """Whether the two answer users now, and no person keeps turns from changing that."""
    now = {row["state"]: row for row in store.releases.current()}
    pinned = "live" in now and now["live"]["pinned"]
    return not pinned and {s: r["variant"] for s, r in now.items()} == {
        "live": live,
        "canary": canary,
    }


def _facts(step: Step, product: ProductFile, readout: Readout, *, live: str, canary: str) -> bool:
    """The experiment, what it measured, and the release it decides; False where a person changed
    the release meanwhile: then the decision is kept and not applied."""
    experiment, rule = step.key[:16], product.spec.release
    step.add(
        "experiment",
        id=experiment,
        product=step.store.product,
        arms={"live": live, "canary": canary},
        unit="record" if rule.metric == "outcome" else "user",
        metric=rule.metric,
        rule={
            "scheme": "pairs",
            "look_every": rule.look_every,
            **rule_of(product),
        },
        readout=readout.to_json(),
    )
    on = f"experiment {experiment}"
    for seen in (readout.replay, readout.users):
        if seen is not None and seen.difference.n:
            d, name = (
                seen.difference,
                "outcome_difference" if seen is readout.replay else "users_outcome_difference",
            )
            step.measure(experiment, name, d.value, low=d.low, high=d.high, n=d.n, on=on)
    for arm in readout.served.values():
        if arm.n:
            step.measure(arm.variant, "outcome", arm.outcome, n=arm.n, on=on)
            step.measure(arm.variant, "served_cost_per_1000", arm.cost_per_1000, n=arm.n, on=on)
            step.measure(arm.variant, "served_p95_ms", arm.p95_ms, n=arm.n, on=on)
    decision, reason = readout.decision.decision, readout.decision.reason
    if not _in_service(step.store, live, canary):
        return False
    if decision == "promote":
        add(step, canary, "live", 1.0, reason)
        add(step, live, RETIRED, 0.0, Reason("release.replaced", {"other": canary, "why": reason}))
    elif decision == "rolled back":
        add(step, canary, RETIRED, 0.0, reason)
    return True

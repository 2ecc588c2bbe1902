"""One experiment: stream records through HTTP, read out, promote or roll back. Knows no server.

Example: `run(store, product, step, task=task, dataset=d, live=a, canary=b, serve=factory)`
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from steelyard.errors import DataError
from steelyard.market.readout import Readout, readout
from steelyard.market.release import WHO
from steelyard.market.replay import Visit, replay
from steelyard.spec import ProductFile
from steelyard.store import Step, Store, tables
from steelyard.tasks import Task

Report = Callable[[str, int, int | None], None]


def run(
    store: Store, product: ProductFile, step: Step, *, task: Task, dataset: str, live: str,
    canary: str | None, serve: Callable[[], AbstractContextManager[str]], progress: Report | None = None,
) -> dict[str, Any]:  # fmt: skip
    """{"experiment", "decision", "reason", "arms", "difference", "path", "sent", "lost"}."""
    if canary is None:
        return {"experiment": None, "decision": "none", "reason": "no canary: nothing to compare", "reason_zh": "没有金丝雀版本，无可比较", "live": live}  # fmt: skip
    say = progress or (lambda what, done, total: None)
    experiment = step.key[:16]
    visits = stream(store, product, dataset=dataset, experiment=experiment)
    with serve() as url:
        sent = replay(url, visits, progress=lambda done, total: say("requests", done, total))
    found = readout(store, product, task=task, variants={"live": live, "canary": canary}, prefix=f"{experiment}:")  # fmt: skip
    _facts(store, product, step, experiment, found, live=live, canary=canary)
    return {
        "experiment": experiment, "live": canary if found.decision.decision == "promote" else live,
        "sent": sent.sent, "answered": sent.answered, "lost": sent.lost, "retried": sent.retried,
        **found.to_json(),
    }  # fmt: skip


def stream(
    store: Store, product: ProductFile, *, dataset: str, experiment: str, records: int | None = None
) -> list[Visit]:
    """The first records of the stream by hash; the same request ids in every attempt, so that a
    repeated attempt gets the answers that are already paid."""
    wanted = records or product.spec.market.replay
    where = "split = 'stream' AND label IS NOT NULL"
    table = store.datasets.read("records", dataset, columns=["id", "content", "label"], where=where)
    rows = sorted(table.to_pylist(), key=lambda r: hashlib.sha256(r["id"].encode()).digest())
    if wanted > len(rows):
        raise DataError(
            f"{product.path.name} market.replay", f"at most {len(rows)} (labelled stream records)",
            str(wanted), "lower market.replay or raise data.split.stream",
        )  # fmt: skip
    # one record is one user: the hold-out of twins is done by cluster, so users are independent
    return [
        Visit(f"{experiment}:{r['id']}"[:64], f"user-{r['id']}", r["content"], r["label"])
        for r in rows[:wanted]
    ]


def _facts(
    store: Store, product: ProductFile, step: Step, experiment: str, found: Readout, *,
    live: str, canary: str,
) -> None:  # fmt: skip
    market = product.spec.market
    step.add(
        tables.experiment, id=experiment, product=store.product,
        arms={"live": live, "canary": canary}, unit="user", metric="outcome",
        rule={"confidence": market.confidence, "outcome_loss_max": market.outcome_loss_max},
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
        _release(store, step, canary, "live", 1.0, reason)
        _release(store, step, live, "retired", 0.0, f"replaced by {canary}: {reason}")
    elif decision == "rolled back":
        _release(store, step, canary, "retired", 0.0, reason)


def _release(store: Store, step: Step, variant: str, state: str, share: float, reason: str) -> None:
    step.add(
        tables.release, product=store.product, variant=variant, state=state, share=share,
        reason=reason, who=WHO,
    )  # fmt: skip

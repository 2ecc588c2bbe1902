"""Replay stream records against a server that is already running. Knows no server's inside.

Example: `replay_against(load("product.yaml"), url="http://127.0.0.1:8080", records=100)`
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.errors import Missing
from steelyard.loop import Silent, Watcher
from steelyard.release import truths
from steelyard.release.readout import readout
from steelyard.release.replay import Visit, replay
from steelyard.release.stream import sent_before, stream
from steelyard.release.whole import check_whole
from steelyard.spec import Money, ProductFile
from steelyard.store import Line, Store
from steelyard.store.budgets import Budgets
from steelyard.store.truths import REPLAYED, Truths
from steelyard.tasks import Task, task_of
from steelyard.tasks.valuation import Valuation


def replay_against(
    file: ProductFile, *, url: str, records: int | None = None, watcher: Watcher | None = None
) -> dict[str, Any]:
    """Counts of what was sent and acknowledged, and with a canary in service what it shows.

    Repeating it sends nothing twice. The next turn reads the same answers and decides on them.
    """
    task = task_of(file)
    with closing(Store.open(file)) as store:
        arms = {row["state"]: row["variant"] for row in store.releases.current()}
        if "live" not in arms:
            raise Missing(str(file.path), "a live release", "none yet", "run: steelyard turn")
        check_whole(store, **arms)
        visits = _visits(store, file, task, arms, records)
        _afford(store, file, visits)
    key = os.environ.get(file.spec.serve.key_env)
    told = watcher or Silent()
    told.begin("replay")
    report = replay(
        url,
        visits,
        arms=arms,
        key=key,
        progress=lambda done, total: told.advance("records", done, total),
    )
    with closing(Store.open(file)) as store:
        answered = {request.rpartition(":")[0] for request in report.answers}
        told_of = [visit for visit in visits if visit.request_id in answered]
        # inside the transaction, so that another replay does not pay for the same ones
        store.record_once([], lambda new: _lines(store, file, told_of))
    facts = asdict(report) | {"lost": report.lost}
    facts.pop("answers")
    if "canary" not in arms:
        return facts
    with closing(Store.open(file)) as store:
        seen = readout(store, file, task=task, variants=arms).to_json()
    return facts | {"readout": {k: v for k, v in seen.items() if k != "path"}}


def _afford(store: Store, file: ProductFile, visits: list[Visit]) -> None:
    """OverBudget where the labels of what may be sent would break a budget."""
    price, budgets = (
        file.spec.money.prices.label,
        Budgets(
            store.ledger, file.spec.money, store.clock.now, ZoneInfo(file.spec.market.time_zone)
        ),
    )
    unpaid = Truths(store).unpaid(visit.key for visit in visits)
    budgets.afford(REPLAYED, Money.of(price * len(unpaid), store.currency))


def _lines(store: Store, file: ProductFile, visits: list[Visit]) -> list[Line]:
    line = truths.line(store, visits, file.spec.money.prices.label)
    return [] if line is None else [line]


def _visits(
    store: Store, file: ProductFile, task: Task, arms: dict[str, str], records: int | None
) -> list[Visit]:
    datasets, turn = store.versions.all(), store.turns.newest()
    if not datasets:
        raise Missing(str(file.path), "a dataset", "none yet", "run: steelyard data")
    live, canary = arms["live"], arms.get("canary")
    scale = Valuation(task, file.spec.money).scale
    visits, most = stream(
        store,
        file,
        task=task,
        dataset=datasets[0]["id"],
        live=live,
        canary=canary,
        turn=turn,
        without=sent_before(store, turn=turn, live=live, canary=canary, scale=scale),
        records=records,
    )
    return visits[:most]

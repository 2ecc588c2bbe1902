"""Replay stream records against a server that is already running. Knows no server's inside.

Example: `replay_against(Path("product.yaml"), url="http://127.0.0.1:8080", records=100)`
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from steelyard.cli.progress import Screen
from steelyard.errors import Missing
from steelyard.market.readout import readout
from steelyard.market.replay import Visit, replay
from steelyard.market.stream import sent_before, stream
from steelyard.market.whole import check_whole
from steelyard.spec import ProductFile, load
from steelyard.store import Store
from steelyard.tasks import open_task


def replay_against(path: Path, *, url: str, records: int | None) -> dict[str, Any]:
    """Counts of what was sent and acknowledged, and with a canary in service what it shows.

    Repeating it sends nothing twice. The next turn reads the same answers and decides on them.
    """
    file = load(path)
    with closing(Store.open(file)) as store:
        arms = {row["state"]: row["variant"] for row in store.releases.current()}
        if "live" not in arms:
            raise Missing(str(path), "a live release", "none yet", "run: steelyard turn")
        check_whole(store, **arms)
        visits = _visits(store, file, arms, records)
    key = os.environ.get(file.spec.serve.key_env)
    with Screen() as screen:
        screen.begin("replay")
        report = replay(
            url, visits, arms=arms, key=key,
            progress=lambda done, total: screen.advance("records", done, total),
        )  # fmt: skip
    facts = asdict(report) | {"lost": report.lost}
    facts.pop("answers")
    if "canary" not in arms:
        return facts
    task = open_task(file.spec.task.name, labels=file.spec.task.labels)
    with closing(Store.open(file)) as store:
        seen = readout(store, file, task=task, variants=arms).to_json()
    return facts | {"readout": {k: v for k, v in seen.items() if k != "path"}}


def _visits(
    store: Store, file: ProductFile, arms: dict[str, str], records: int | None
) -> list[Visit]:
    datasets, turn = store.versions.all(), store.turns.newest()
    if not datasets:
        raise Missing(str(file.path), "a dataset", "none yet", "run: steelyard data")
    live, canary = arms["live"], arms.get("canary")
    visits, most = stream(
        store, file, dataset=datasets[0]["id"], live=live, canary=canary, turn=turn,
        without=sent_before(store, turn=turn, live=live, canary=canary), records=records,
    )  # fmt: skip
    return visits[:most]

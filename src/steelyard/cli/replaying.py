"""Replay stream records against a server that is already running. Knows no server's inside.

Example: `replay_against(Path("product.yaml"), url="http://127.0.0.1:8080", records=100)`
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from steelyard.cli.progress import Screen
from steelyard.errors import Missing
from steelyard.market.readout import ARMS, readout
from steelyard.market.replay import replay
from steelyard.market.run import prefix_of, stream
from steelyard.spec import load
from steelyard.store import Store, tables
from steelyard.tasks import open_task


def replay_against(path: Path, *, url: str, records: int | None) -> dict[str, Any]:
    """Counts of what was sent and acknowledged, and with a canary in service what it shows.

    Repeating it sends nothing twice. The next turn reads the same answers and decides on them.
    """
    file = load(path)
    d = tables.dataset
    with closing(Store.open(file)) as store:
        found = store.database.rows(
            sa.select(d.c.id).where(d.c.product == store.product).order_by(d.c.created)
        )
        if not found:
            raise Missing(str(path), "a dataset", "none yet", "run: steelyard data")
        pair = {row["state"]: row["variant"] for row in store.releases()}
        prefix = prefix_of(pair.get("live"), pair.get("canary"))
        visits = stream(
            store,
            file,
            dataset=found[-1]["id"],
            prefix=prefix,
            records=records or file.spec.market.replay,
        )
    key = os.environ.get(file.spec.serve.key_env)
    with Screen() as screen:
        screen.begin("replay")
        report = replay(
            url,
            visits,
            key=key,
            progress=lambda done, total: screen.advance("requests", done, total),
        )
    facts = asdict(report) | {"lost": report.lost}
    facts.pop("answers")
    if set(pair) != set(ARMS):
        return facts
    task = open_task(file.spec.task.name, labels=file.spec.task.labels)
    with closing(Store.open(file)) as store:
        seen = readout(store, file, task=task, variants=pair, prefix=f"{prefix}:").to_json()
    return facts | {"readout": {k: v for k, v in seen.items() if k != "path"}}

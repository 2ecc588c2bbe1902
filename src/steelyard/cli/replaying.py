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
from steelyard.market.replay import replay
from steelyard.market.run import stream
from steelyard.spec import load
from steelyard.store import Store, tables


def replay_against(
    path: Path, *, url: str, records: int | None, name: str = "replay"
) -> dict[str, Any]:
    """Counts of what was sent and acknowledged; repeating it sends nothing twice."""
    file = load(path)
    d = tables.dataset
    with closing(Store.open(file)) as store:
        found = store.database.rows(
            sa.select(d.c.id).where(d.c.product == store.product).order_by(d.c.created)
        )
        if not found:
            raise Missing(str(path), "a dataset", "none yet", "run: steelyard data")
        visits = stream(store, file, dataset=found[-1]["id"], prefix=name, records=records)
    key = os.environ.get(file.spec.serve.key_env)
    with Screen() as screen:
        screen.begin("replay")
        report = replay(
            url,
            visits,
            key=key,
            progress=lambda done, total: screen.advance("requests", done, total),
        )
    facts = asdict(report)
    facts.pop("answers")
    return facts | {"lost": report.lost}

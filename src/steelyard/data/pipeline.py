"""Sources to one published dataset: read, operate, split, count. Knows no model.

Example: `run(store, product, step, task=task)["splits"]["train"]["positive"]`
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from steelyard.data.operators import Row
from steelyard.data.readers import Raw
from steelyard.data.sources import place_of, root_of
from steelyard.data.split import split_of
from steelyard.errors import DataError
from steelyard.plugins import get
from steelyard.spec import ProductFile, sections
from steelyard.spec.model import Source
from steelyard.store import Step, Store, tables
from steelyard.tasks import Task

Report = Callable[[str, int, int | None], None]
BATCH = 2000
EXAMPLES_MAX = 20
HOLDOUT_MIN = 20
REPORT_EVERY = 500


@dataclass
class Rejects:
    """Records that were refused: how many for each reason, and where the first ones stand."""

    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def add(self, where: str, reason: str) -> None:
        self.reasons[reason] += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append({"where": where, "reason": reason})

    def drop(self, where: str, reason: str) -> Row | None:
        """Count it and stand for the row that is not there."""
        self.add(where, reason)
        return None

    def to_json(self) -> dict[str, Any]:
        total = sum(self.reasons.values())
        return {"total": total, "reasons": dict(self.reasons), "examples": self.examples}


def run(
    store: Store, product: ProductFile, step: Step, *, task: Task, progress: Report | None = None
) -> dict[str, Any]:
    """Publish `records` and its row; {"dataset", "counts", "splits", "rejects", "languages"}."""
    say = progress or (lambda what, done, total: None)
    rejects, counts = Rejects(), []
    rows: list[Row] = []
    seen: set[str] = set()
    for index, source in enumerate(product.spec.data.sources):
        before = len(rows), sum(rejects.reasons.values())
        rows += _read(product, index, source, task=task, rejects=rejects, seen=seen, say=say)
        kept, refused = len(rows) - before[0], sum(rejects.reasons.values()) - before[1]
        counts.append(_count(f"read {place_of(source)}", kept + refused, kept, {}))
    for name in product.spec.data.operators or task.operators:
        operator = get("operators", name)(product.spec)
        size = len(rows)
        rows, detail = _operate(operator, rows, say)
        counts.append(_count(name, size, len(rows), detail))
    split = {row.id: split_of(row.cluster or row.id, product.spec.data.split) for row in rows}
    splits = _splits(rows, split, product)
    dataset = _publish(store, product, step, rows, split, counts)
    return {
        "dataset": dataset, "counts": counts, "splits": splits, "rejects": rejects.to_json(),
        "languages": dict(Counter(row.language for row in rows)),
    }  # fmt: skip


def _read(
    product: ProductFile, index: int, source: Source, *, task: Task, rejects: Rejects,
    seen: set[str], say: Report,
) -> list[Row]:  # fmt: skip
    reader = get("readers", source.reader)
    place, limit = place_of(source), product.spec.data.line_bytes_max
    rows: list[Row] = []
    raws = reader(source, root_of(source, product.folder), line_bytes_max=limit, reject=rejects.add)
    for number, raw in enumerate(raws, start=1):
        row = _row(raw, index, place, task=task, rejects=rejects, seen=seen)
        if row is not None:
            rows.append(row)
        if number % REPORT_EVERY == 0:
            say(f"read {place}", number, None)
    return rows


def _row(
    raw: Raw, index: int, place: str, *, task: Task, rejects: Rejects, seen: set[str]
) -> Row | None:
    if raw.label is not None and raw.label not in task.labels:
        return rejects.drop(raw.where, "a label outside task.labels")
    try:
        content = task.parse(raw.content)
    except ValueError as error:
        return rejects.drop(raw.where, str(error))
    body = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    # Without an id of its own a record is named by place and content, so that it keeps its name.
    identity = raw.id or hashlib.sha256(f"{index}\t".encode() + body).hexdigest()[:16]
    if raw.id is None and identity in seen:
        identity = hashlib.sha256(f"{index}\t{raw.where}\t".encode() + body).hexdigest()[:16]
    if identity in seen:
        return rejects.drop(raw.where, "a duplicate id")
    seen.add(identity)
    return Row(identity, content, raw.label, place)


def _operate(operator: Any, rows: list[Row], say: Report) -> tuple[list[Row], dict[str, int]]:
    if operator.whole:
        say(operator.name, 0, len(rows))
        found, detail = operator.apply(rows)
        return found, dict(detail)
    made: list[Row] = []
    total: Counter[str] = Counter()
    stream = iter(rows)
    done = 0
    while batch := list(islice(stream, BATCH)):
        kept, detail = operator.apply(batch)
        made += kept
        total.update(detail)
        done += len(batch)
        say(operator.name, done, len(rows))
    return made, dict(total)


def _splits(rows: list[Row], split: dict[str, str], product: ProductFile) -> dict[str, Any]:
    """Labels by part; DataError where a part could not do its work."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[split[row.id]][row.label or "unlabelled"] += 1
    place = f"{product.path.name} data"
    labels = product.spec.task.labels
    for part in ("train", "holdout"):
        missing = [label for label in labels if not found[part][label]]
        if missing:
            raise DataError(place, f"records of every label in the {part} part", f"none of {missing}", "add data or remove the label")  # fmt: skip
    if sum(found["holdout"].values()) < HOLDOUT_MIN:
        raise DataError(place, f"at least {HOLDOUT_MIN} records to hold out", str(sum(found["holdout"].values())), "add data or raise data.split.holdout")  # fmt: skip
    return {part: dict(found[part]) for part in ("train", "holdout", "stream")}


def _publish(
    store: Store, product: ProductFile, step: Step, rows: list[Row], split: dict[str, str],
    counts: list[dict[str, Any]],
) -> str:  # fmt: skip
    rows = sorted(rows, key=lambda r: r.id)
    digest = hashlib.sha256()
    for row in rows:
        body = row.content.encode() if isinstance(row.content, str) else row.content
        facts = f"{row.id}\t{row.label}\t{split[row.id]}\t{row.cluster}\t{len(body)}\n"
        digest.update(facts.encode() + body)
    identity = digest.hexdigest()[:24]
    table = pa.table(
        {
            "id": [r.id for r in rows],
            "content": [r.content for r in rows],
            "label": pa.array([r.label for r in rows], pa.string()),
            "source": [r.source for r in rows],
            "language": [r.language for r in rows],
            "cluster": [r.cluster for r in rows],
            "split": [split[r.id] for r in rows],
        }
    )
    version = store.datasets.publish("records", table, tag=identity)
    d = tables.dataset
    if not store.database.rows(sa.select(d.c.id).where(d.c.id == identity)):
        step.add(
            d, id=identity, product=store.product, version=version, tag=identity, parent=None,
            sources=[{"place": place_of(s), "licence": s.licence} for s in product.spec.data.sources],
            recipe=sections(product.spec, "data"), counts=counts,
        )  # fmt: skip
    return identity


def _count(operator: str, rows_in: int, rows_out: int, detail: dict[str, int]) -> dict[str, Any]:
    return {"operator": operator, "in": rows_in, "out": rows_out, "detail": detail}

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
from steelyard.data.split import assign
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
UNLABELLED = "(unlabelled)"


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

    def __str__(self) -> str:
        """The commonest reason, to stand behind what is missing."""
        if not self.reasons:
            return ""
        (reason, n), first = self.reasons.most_common(1)[0], self.examples[0]["where"]
        total = sum(self.reasons.values())
        return f" ({total:,} records were rejected, {n:,} for {reason}; the first at {first})"

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
    seen: Counter[str] = Counter()
    for source in product.spec.data.sources:
        before = len(rows), sum(rejects.reasons.values())
        rows += _read(product, source, task=task, rejects=rejects, seen=seen, say=say)
        kept, refused = len(rows) - before[0], sum(rejects.reasons.values()) - before[1]
        counts.append(_count(f"read {place_of(source)}", kept + refused, kept, {}))
    for name in product.spec.data.operators or task.operators:
        operator = get("operators", name)(product.spec)
        size = len(rows)
        rows, detail = _operate(operator, rows, say)
        counts.append(_count(name, size, len(rows), detail))
    parent, known = _parent(store, product)
    clusters = {row.id: row.cluster or row.id for row in rows}
    split = assign(clusters, product.spec.data.split, before=known)
    splits = _splits(rows, split, product, rejects)
    dataset = _publish(store, product, step, rows, split, counts, parent)
    return {
        "dataset": dataset, "counts": counts, "splits": splits, "rejects": rejects.to_json(),
        "languages": dict(Counter(row.language for row in rows)),
    }  # fmt: skip


def _read(
    product: ProductFile, source: Source, *, task: Task, rejects: Rejects, seen: Counter[str],
    say: Report,
) -> list[Row]:  # fmt: skip
    reader = get("readers", source.reader)
    place, limit = place_of(source), product.spec.data.line_bytes_max
    rows: list[Row] = []
    raws = reader(source, root_of(source, product.folder), line_bytes_max=limit, reject=rejects.add)
    for number, raw in enumerate(raws, start=1):
        row = _row(raw, place, task=task, rejects=rejects, seen=seen)
        if row is not None:
            rows.append(row)
        if number % REPORT_EVERY == 0:
            say(f"read {place}", number, None)
    return rows


def _row(raw: Raw, place: str, *, task: Task, rejects: Rejects, seen: Counter[str]) -> Row | None:
    if raw.label is not None and raw.label not in task.labels:
        return rejects.drop(raw.where, "a label outside task.labels")
    try:
        content = task.parse(raw.content)
    except ValueError as error:
        return rejects.drop(raw.where, str(error))
    body = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    # Without an id of its own a record is named by its content, so that it keeps its name (and a
    # paid label) wherever it is moved; the same content again sorts behind the first.
    identity = raw.id or hashlib.sha256(body).hexdigest()[:16]
    if not identity.isprintable():
        return rejects.drop(raw.where, "an id with characters that cannot be printed")
    times, seen[identity] = seen[identity], seen[identity] + 1
    if times and raw.id is not None:
        return rejects.drop(raw.where, "a duplicate id")
    return Row(f"{identity}-{times}" if times else identity, content, raw.label, place)


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


def _splits(
    rows: list[Row], split: dict[str, str], product: ProductFile, rejects: Rejects
) -> dict[str, Any]:
    """Labels by part; DataError where a part could not do its work."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[split[row.id]][UNLABELLED if row.label is None else row.label] += 1
    place = f"{product.path.name} data"
    labels = product.spec.task.labels
    for part in ("train", "holdout"):
        missing = [label for label in labels if not found[part][label]]
        if missing:
            raise DataError(place, f"records of every label in the {part} part", f"none of {missing}{rejects}", "add data or remove the label")  # fmt: skip
    held = sum(found["holdout"][label] for label in labels)
    if held < HOLDOUT_MIN:
        raise DataError(place, f"at least {HOLDOUT_MIN} labelled records to hold out", f"{held}{rejects}", "add data or raise data.split.holdout")  # fmt: skip
    return {part: dict(found[part]) for part in ("train", "holdout", "stream")}


def _parent(store: Store, product: ProductFile) -> tuple[str | None, dict[str, str]]:
    """The newest version of the product's data and the part of each of its records, unless the
    split itself was changed or its files are gone."""
    d = tables.dataset
    query = sa.select(d).where(d.c.product == store.product).order_by(d.c.created.desc())
    versions = store.database.rows(query)
    # a damaged version is made again from the one before it, which gives the same parts
    newest = next((row for row in versions if store.holds([("records", row["tag"])])), None)
    if newest is None:
        return None, {}
    if newest["recipe"]["data"]["split"] != product.spec.data.split.model_dump(mode="json"):
        return newest["id"], {}
    known = store.datasets.read("records", newest["tag"], columns=["id", "split"])
    return newest["id"], dict(zip(known["id"].to_pylist(), known["split"].to_pylist(), strict=True))


def _publish(
    store: Store, product: ProductFile, step: Step, rows: list[Row], split: dict[str, str],
    counts: list[dict[str, Any]], parent: str | None,
) -> str:  # fmt: skip
    rows = sorted(rows, key=lambda r: r.id)
    digest = hashlib.sha256(store.product.encode())  # a store may hold several products
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
            d, id=identity, product=store.product, version=version, tag=identity, parent=parent,
            sources=[{"place": place_of(s), "licence": s.licence} for s in product.spec.data.sources],
            recipe=sections(product.spec, "data"), counts=counts,
        )  # fmt: skip
    return identity


def _count(operator: str, rows_in: int, rows_out: int, detail: dict[str, int]) -> dict[str, Any]:
    return {"operator": operator, "in": rows_in, "out": rows_out, "detail": detail}

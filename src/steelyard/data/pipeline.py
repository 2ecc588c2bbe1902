"""Sources to one published dataset: read, operate, name, split, count. Knows no model.

`prepare` does the work and leaves nothing, so that `check` can say what `run` will do.
Example: `run(store, product, step, task=task).splits["train"]["positive"]`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import Any

import pyarrow as pa

from steelyard.as_json import to_json
from steelyard.data.ids import nameless
from steelyard.data.left import Cleaned, OperatorCount
from steelyard.data.names import Names, Past
from steelyard.data.operators import Operator, Row, applied, opened, operators_of
from steelyard.data.parts import check_parts, largest_cluster, parts_by_class
from steelyard.data.past import NAMED, Earlier, past_of
from steelyard.data.reading import Raw, batches_of, fingerprints, place_said
from steelyard.data.rejects import Rejects
from steelyard.data.sources import root_of
from steelyard.data.split import assign
from steelyard.errors import DataError
from steelyard.spec import ProductFile
from steelyard.spec.model import Source
from steelyard.stage import Report
from steelyard.store import Step, Store
from steelyard.store.content import records_tag
from steelyard.store.records import digest_of
from steelyard.tasks import Task, Unknown, content_kind
from steelyard.tasks.places import Placed

BATCH = 2000
LEFT_OUT = "a label that data.sources.names leave out"


@dataclass
class Prepared:
    """Clean, named and split records, and how it went. `whole` is False when only the first
    records of a source were read."""

    task: Task
    rows: list[Row] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    counts: list[OperatorCount] = field(default_factory=list)
    rejects: Rejects = field(default_factory=Rejects)
    past: Past = field(default_factory=Past)
    whole: bool = True
    read: int = 0  # records so far

    @property
    def splits(self) -> dict[str, dict[str, int]]:
        return parts_by_class(self.task, self.rows, self.parts)


def run(
    store: Store,
    product: ProductFile,
    step: Step,
    *,
    task: Task,
    progress: Report | None = None,
    read: list[str] | None = None,
) -> Cleaned:
    """Publish `records` and its row.

    `read` are the fingerprints of the sources that this step stands for: DataError when they are
    others once everything is read.
    """
    made = prepare(product, task=task, store=store, progress=progress)
    if read is not None and fingerprints(product) != read:
        raise DataError(
            f"{product.path.name} data.sources",
            "files that stand still while they are read",
            "one that changed",
            "wait until it is written, then run the command again",
        )
    check_parts(task, made.rows, made.parts, product, rejects=made.rejects, counts=made.counts)
    dataset = _publish(store, product, step, made)
    return Cleaned(
        dataset,
        tuple(made.counts),
        made.splits,
        made.rejects.counted(),
        languages=dict(Counter(row.language for row in made.rows)),
        largest_cluster=largest_cluster(made.rows)[0],
    )


def prepare(
    product: ProductFile,
    *,
    task: Task,
    store: Store | None,
    progress: Report | None = None,
    most: int | None = None,
) -> Prepared:
    """Everything `run` does before it publishes; `most` bounds the records read of each source."""
    say = progress or (lambda what, done, total: None)
    called = {
        name: label for s in product.spec.data.sources for name, label in s.names.items() if label
    }
    made = Prepared(task, rejects=Rejects(task.classes, called, option=f"task.{task.words}"))
    operators = [opened(kind) for kind in operators_of(product, task)]
    first = _First(task, operators)
    _read_all(product, made, first, say=say, most=most)
    made.counts += first.counts
    earlier = past_of(store, product)
    made.past = earlier.past
    names, known = Names(made.past, sources=len(product.spec.data.sources)), False
    for operator in operators[len(first.operators) :]:
        if operator.whole and not known:
            _know_again(made, earlier, names, operators)
            known = True
        rows = names.named(made.rows) if operator.whole else made.rows
        made.rows, counts = _operate(operator, rows, say)
        made.rows = _settled(task, operator.name, rows, made.rows)
        made.counts.append(OperatorCount(operator.name, len(rows), len(made.rows), counts))
    if not known:
        _know_again(made, earlier, names, operators)
    made.rows = names.named(made.rows)
    clusters = {row.id: row.cluster or row.id for row in made.rows}
    made.parts = assign(clusters, product.spec.data.split, before=names.parts(made.rows))
    return made


def _know_again(made: Prepared, earlier: Earlier, names: Names, operators: list[Any]) -> None:
    """Clean what the earlier version holds and no row matches: a better cleaning renames nothing.
    Then look for the rows that are new in the versions before that one."""
    rows = earlier.rows({row.digest for row in made.rows})
    for operator in operators:
        if rows and not operator.whole:
            rows, _ = _operate(operator, rows, lambda what, done, total: None)
    made.past.cleaned_again(rows)
    digests, ids = names.unknown(made.rows)
    if digests:
        for records in earlier.older(digests, ids):
            made.past.add(records)


def _read_all(
    product: ProductFile, made: Prepared, first: _First, *, say: Report, most: int | None
) -> None:
    """Rows of every source, through what needs no other row, a batch at a time."""
    times: Counter[str] = Counter()
    for source in product.spec.data.sources:
        place = place_said(source)
        times[place] += 1
        scope = place if times[place] == 1 else f"{place}#{times[place]}"
        kept, refused = 0, made.rejects.total
        for rows in _read(product, place, source, scope, made, say=say, most=most):
            kept += len(rows)
            made.rows += first.through(rows)
        refused = made.rejects.total - refused
        made.counts.append(OperatorCount(f"read {place}", kept + refused, kept, {}))


def _read(
    product: ProductFile,
    place: str,
    source: Source,
    scope: str,
    made: Prepared,
    *,
    say: Report,
    most: int | None,
) -> Iterator[list[Row]]:
    limit, refused = product.spec.data.line_bytes_max, made.rejects.total
    seen: set[str] = set()
    number = 0
    batches = batches_of(source, product.folder, line_bytes_max=limit, reject=made.rejects.add)
    for batch in batches:
        taken = batch if most is None else batch[: most - number]
        yield _rows(taken, scope, source, made, seen)
        number += len(taken)
        if len(taken) < len(batch):
            made.whole = False
            return
        say(f"read {place}", number, None)
    if number == 0 and made.rejects.total == refused:
        raise DataError(
            str(root_of(source, product.folder) or place),
            "records",
            "none: a header or blank lines alone",
            "fill the file or drop the source",
        )


def _rows(raws: list[Raw], scope: str, source: Source, made: Prepared, seen: set[str]) -> list[Row]:
    rows = []
    for raw in raws:
        name, made.read = f"{made.read}", made.read + 1
        row = _row(
            raw, scope, name, task=made.task, names=source.names, rejects=made.rejects, seen=seen
        )
        if row is not None:
            rows.append(row)
    return rows


class _First:
    """The operators before the first that must see every row: each works on what comes from it."""

    def __init__(self, task: Task, operators: list[Operator]) -> None:
        self.task = task
        self.operators = list(takewhile(lambda operator: not operator.whole, operators))
        self._sizes = [[0, 0] for _ in self.operators]
        self._counts: list[Counter[str]] = [Counter() for _ in self.operators]

    def through(self, rows: list[Row]) -> list[Row]:
        for operator, sizes, counts in zip(self.operators, self._sizes, self._counts, strict=True):
            if not rows:  # all of a batch was rejected
                break
            before = rows
            rows, counted = applied(operator, before)
            rows = _settled(self.task, operator.name, before, rows)
            counts.update(counted)
            sizes[0] += len(before)
            sizes[1] += len(rows)
        return rows

    @property
    def counts(self) -> list[OperatorCount]:
        """What each of them did, in their order."""
        done = zip(self.operators, self._sizes, self._counts, strict=True)
        return [
            OperatorCount(o.name, sizes[0], sizes[1], dict(counts)) for o, sizes, counts in done
        ]


def _row(
    raw: Raw,
    scope: str,
    name: str,
    *,
    task: Task,
    names: Mapping[str, str | None],
    rejects: Rejects,
    seen: set[str],
) -> Row | None:
    content, label, why = None, None, ""
    if isinstance(raw.label, str) and raw.label in names and names[raw.label] is None:
        rejects.add(raw.where, LEFT_OUT)
        return None
    try:
        content = task.parse(raw.content)
        if not isinstance(content, str):  # a text may know its places, which operators follow
            content = content_kind(task.content).keep(content)
        label = None if raw.label is None else task.write(task.truth(raw.label, content, names))
    except Unknown as error:
        rejects.word(raw.where, error.word)
        return None
    except ValueError as error:
        why = str(error)
    if raw.id is not None and not why:
        why = "a duplicate id" if raw.id in seen else ""
        why = why if raw.id.isprintable() else "an id with characters that cannot be printed"
        seen.add(raw.id)
    if why:
        rejects.add(raw.where, why)
        return None
    # named for good once it is cleaned; until then by its place
    own = None if raw.id is None else nameless(raw.id)
    return Row(name, content, label, scope, own=own, raw=digest_of(content)[:16])


def _settled(task: Task, operator: str, before: list[Row], after: list[Row]) -> list[Row]:
    """Truths that tell places follow their text through an operator that changed it."""
    texts = {row.id: row.content for row in before if isinstance(row.content, Placed)}
    if not texts:
        return after
    rows = []
    for row in after:
        old, new = texts.get(row.id), row.content
        if old is None or new == old:  # an operator may have made a plain text of it
            rows.append(row if old is None else replace(row, content=old))
            continue
        if not isinstance(new, Placed):
            raise DataError(
                f"data.operators: {operator}",
                "a Placed text for a Placed one, since spans are to follow it",
                "a plain one",
                "leave the operator out, or use a version that keeps places",
            )
        label = row.label and task.write(task.moved(task.read(row.label), new))
        rows.append(replace(row, content=Placed(new), label=label))
    return rows


def _operate(operator: Any, rows: list[Row], say: Report) -> tuple[list[Row], dict[str, int]]:
    if operator.whole:
        say(operator.name, 0, len(rows))
        kept, counts = applied(operator, rows)
        return kept, dict(counts)
    made: list[Row] = []
    total: Counter[str] = Counter()
    stream = iter(rows)
    done = 0
    while batch := list(islice(stream, BATCH)):
        kept, counts = applied(operator, batch)
        made += kept
        total.update(counts)
        done += len(batch)
        say(operator.name, done, len(rows))
    return made, dict(total)


def _publish(store: Store, product: ProductFile, step: Step, made: Prepared) -> str:
    rows, split = sorted(made.rows, key=lambda r: r.id), made.parts
    table = pa.table(
        {
            "id": [r.id for r in rows],
            "content": [str(c) if isinstance(c, str) else c for c in (r.content for r in rows)],
            "label": pa.array([r.label for r in rows], pa.string()),
            "source": [r.source for r in rows],
            "language": [r.language for r in rows],
            "cluster": [r.cluster for r in rows],
            "split": [split[r.id] for r in rows],
            "key": [r.key for r in rows],
        }
    )
    identity = records_tag(table, store.product)
    version = store.datasets.publish("records", table, tag=identity)
    if not store.versions.known(identity):
        step.add(
            "dataset",
            id=identity,
            product=store.product,
            version=version,
            tag=identity,
            parent=made.past.dataset,
            sources=[
                {"place": place_said(s), "licence": s.licence} for s in product.spec.data.sources
            ],
            recipe={"data": product.spec.data.model_dump(mode="json"), NAMED: "cleaned content"},
            counts=to_json(made.counts),
        )
    return identity

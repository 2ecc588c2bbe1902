"""Whether each part of the data can do its work, and why not. Knows no file.

Example: `check_parts(task, rows, parts, product, rejects=rejects, counts=counts)`
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from steelyard.data.dedupe import DedupeSettings, near
from steelyard.data.left import OperatorCount
from steelyard.data.operators import Row, operators_of
from steelyard.data.rejects import Rejects
from steelyard.errors import DataError
from steelyard.spec import ProductFile
from steelyard.tasks import UNLABELLED, Task, Truth

HOLDOUT_MIN = 20
PARTS = ("train", "holdout", "stream")
THRESHOLDS = (0.85, 0.9, 0.95, 1.0)
DEFAULT = DedupeSettings().threshold
LARGE = 20  # a group of one record in twenty or more
SAMPLE = 1000  # rows of a cluster that are compared again to find a threshold that parts them


def parts_by_class(
    task: Task, rows: Iterable[Row], parts: dict[str, str]
) -> dict[str, dict[str, int]]:
    """Records of each part by what they are counted as."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[parts[row.id]][
            UNLABELLED if row.label is None else task.counted_as(task.read(row.label))
        ] += 1
    return {part: dict(counts[part]) for part in PARTS}


def check_parts(
    task: Task,
    rows: list[Row],
    parts: dict[str, str],
    product: ProductFile,
    *,
    rejects: Rejects,
    counts: Sequence[OperatorCount],
) -> None:
    """DataError where a part could not do its work."""
    learned, held = (_truths(task, rows, parts, part) for part in ("train", "holdout"))
    place = f"{product.path.name} data"
    why = f"{_lost(rows, counts)}{rejects}"
    for part, truths in (("train", learned), ("holdout", held)):
        there = {name for truth in truths for name in task.classes_of(truth)}
        missing = [name for name in task.classes if name not in there]
        if missing:
            repair = _repair(task, rows, product, rejects, counts) or "add data or remove the label"
            raise DataError(
                place,
                f"records of every label in the {part} part",
                f"none of {missing}{why}",
                repair,
            )
    if len(held) < HOLDOUT_MIN:
        repair = (
            _repair(task, rows, product, rejects, counts) or "add data or raise data.split.holdout"
        )
        raise DataError(
            place,
            f"at least {HOLDOUT_MIN} labelled records to hold out",
            f"{len(held)}{why}",
            repair,
        )


def _truths(task: Task, rows: list[Row], parts: dict[str, str], part: str) -> list[Truth]:
    return [task.read(r.label) for r in rows if r.label is not None and parts[r.id] == part]


def largest_cluster(rows: list[Row]) -> tuple[int, str]:
    """(records, name) of the largest group of near-duplicates."""
    sizes = Counter(row.cluster or row.id for row in rows)
    name, n = max(sizes.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
    return n, name


def _repair(
    task: Task,
    rows: list[Row],
    product: ProductFile,
    rejects: Rejects,
    counts: Sequence[OperatorCount],
) -> str:
    """What gives back the most records; empty where nothing much was lost."""
    repair = _clusters(task, rows, product) or _unlabelled(rows, product) or rejects.repair("")
    if repair:
        return repair
    if rejects.total > len(rows):
        return "correct the records that were rejected, or the source that reads them"
    return "give each text one label" if _most(counts, "conflict") else ""


def _unlabelled(rows: list[Row], product: ProductFile) -> str:
    """What to do where most records have no label; empty where they have."""
    if sum(row.label is None for row in rows) * 2 < len(rows) or not rows:
        return ""
    for i, source in enumerate(product.spec.data.sources):
        if source.label is None and source.every_label is None:
            at = f"data.sources.{i}"
            if source.reader.name == "folder":
                return f"put the files of {at} into folders named after their labels, or say every_label there"
            return f"say in {at} which column holds the label (label: ...), or every_label"
    return "fill in the labels"


def _clusters(task: Task, rows: list[Row], product: ProductFile) -> str:
    """What to do where a few groups of near-duplicates hold most records; empty where they do not."""
    sizes = Counter(row.cluster or row.id for row in rows)
    large = {name for name, size in sizes.items() if size > 1 and size * LARGE >= len(rows)}
    n = sum(sizes[name] for name in large)
    if not large or n * 2 < len(rows):
        return ""
    kinds = operators_of(product, task)
    now = next((k.settings.get("threshold", DEFAULT) for k in kinds if k.name == "dedupe"), DEFAULT)
    most = max(sizes.values())
    members = [row for row in rows if row.cluster in large][:SAMPLE]
    said = f"{n:,} of {len(rows):,} records are near-duplicates of each other and stay in one part"
    if len(large) > 1:
        said = f"{n:,} of {len(rows):,} records are in {len(large)} groups of near-duplicates, each of which stays in one part"
    for threshold in THRESHOLDS:
        if threshold > now and _largest(members, threshold) * 2 < min(most, len(members)):
            written = ", ".join(
                f"{{dedupe: {{threshold: {threshold:g}}}}}" if k.name == "dedupe" else k.name
                for k in kinds
            )
            return f"{said}: say data.operators: [{written}] (the threshold is {now:g}) if they are different to you"
    return f"{said}: add data of other kinds"


def _largest(rows: list[Row], threshold: float) -> int:
    return max((len(group) for group in near(rows, threshold=threshold)), default=1)


def _lost(rows: list[Row], counts: Sequence[OperatorCount]) -> str:
    """Copies and contradictions, where they are most of what was read, and records without label."""
    said = [
        f"{lost:,} of {read:,} {words}"
        for kind, words in (
            ("duplicate", "were copies of others"),
            ("conflict", "stand there with two labels"),
        )
        for lost, read in _most(counts, kind)
    ]
    bare = sum(row.label is None for row in rows)
    said += [f"{bare:,} of {len(rows):,} have no label"] if bare else []
    return f" ({', '.join(said)})" if said else ""


def _most(counts: Sequence[OperatorCount], kind: str) -> list[tuple[int, int]]:
    """[(lost to it, records read)] where it is more than half of them."""
    copies = [count for count in counts if count.operator == "dedupe"]
    read = sum(count.taken for count in copies)
    lost = copies[0].detail.get(kind, 0) if copies else 0
    return [(lost, read)] if lost * 2 > read else []

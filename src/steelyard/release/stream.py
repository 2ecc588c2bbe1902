"""Records of a dataset's stream in the order they are sent, and how many a turn may take.

Knows no HTTP. Example: `stream(store, product, task=task, dataset=d, live=a, canary=b, turn=3)`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Set

from steelyard.errors import DataError
from steelyard.release.evidence import complete
from steelyard.release.replay import Visit
from steelyard.spec import ProductFile
from steelyard.store import Store
from steelyard.store.records import digest_of, known_table
from steelyard.store.releases import experiment_of
from steelyard.tasks import UNLABELLED, Task, content_kind
from steelyard.tasks.valuation import Valuation

RECORDS = 1000  # of a turn whose product file names no number


def check_stream(product: ProductFile, splits: Mapping[str, Mapping[str, int]]) -> None:
    """DataError when the product file itself asks for more than the stream of the data stage."""
    here = sum(n for name, n in splits["stream"].items() if name != UNLABELLED)
    records_of(product, here)


def records_of(product: ProductFile, here: int, asked: int | None = None) -> int:
    """Records to send of `here`: a number that somebody wrote is meant, a default is at most."""
    wanted = product.spec.release.replay if asked is None else asked
    if wanted is None:
        return min(RECORDS, here)
    if wanted > here:
        place = "--records" if asked is not None else f"{product.path.name} release.replay"
        repair = (
            "lower it"
            if asked is not None
            else "lower release.replay, leave it out, or raise data.split.stream"
        )
        raise DataError(place, f"at most {here} (labelled stream records)", str(wanted), repair)
    return wanted


def stream(
    store: Store,
    product: ProductFile,
    *,
    task: Task,
    dataset: str,
    live: str | None,
    canary: str | None,
    turn: int,
    without: Set[str] = frozenset(),
    records: int | None = None,
) -> tuple[list[Visit], int]:
    """(records by hash, those of `without` left out; how many of them this turn may send).

    The same request ids in every attempt of a turn, so that a repeated one gets the answers that
    are paid already.
    """
    where = "split = 'stream' AND label IS NOT NULL"
    table = known_table(store.datasets, dataset, where=where)
    hashed = sorted(((_digest(r["id"]), r) for r in table.to_pylist()), key=lambda pair: pair[0])
    most = records_of(product, len(hashed), records)
    scale = Valuation(task, product.spec.money).scale
    prefix = experiment_of(live, canary, scale=scale)
    kind = content_kind(task.content)
    # one record is one user: twins are in one cluster, so users are independent
    visits = [
        Visit(
            f"{prefix}:{turn}:{digest}",
            f"user-{digest}",
            kind.sent(kind.load(r["content"])),
            task.read(r["label"]),
            r.get("key") or digest_of(r["content"]),
        )
        for digest, r in hashed
        if digest not in without
    ]
    return visits, most


def record_of(visit: Visit) -> str:
    """The record's part of a request id."""
    return visit.request_id.rsplit(":", 1)[1]


def sent_before(
    store: Store, *, turn: int, live: str | None, canary: str | None, scale: str
) -> set[str]:
    """Records that earlier turns sent to both variants, with their truth. By the number of the
    turn, which only grows: a clock that is set back would send them again."""
    if live is None or canary is None:
        return set()
    return set(complete(store, live=live, canary=canary, scale=scale, turn_before=turn))


def _digest(identity: str) -> str:
    # ids come from users' files and may be longer than a request id
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:24]

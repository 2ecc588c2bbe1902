"""Facts of a product's store, ready to show. Knows no terminal.

Example: `variants(load("product.yaml"))[0]["macro_f1"]`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from steelyard.errors import UserError
from steelyard.spec import Money, ProductFile
from steelyard.stage import names
from steelyard.store import Holdings, Store
from steelyard.store.seal import load_seal


def variants(file: ProductFile) -> list[dict[str, Any]]:
    """Every variant with its newest measures and its release state."""
    with closing(Store.open(file, create=False)) as store:
        state = {row["variant"]: row["state"] for row in store.releases.current()}
        return [
            {
                "variant": row["id"],
                "name": row["name"],
                "state": state.get(row["id"]),
                "bytes": row["bytes"],
                "dataset": row["dataset"],
                # the metric by which it was chosen; compressed ones have their parent's
                "quality": next((n for n in row["card"].get("holdout", {}) if n != "n"), None),
                **{name: m["value"] for name, m in store.measures.of(row["id"]).items()},
            }
            for row in store.variants.all()
        ]


def released(file: ProductFile) -> list[dict[str, Any]]:
    """The whole history, oldest first."""
    with closing(Store.open(file, create=False)) as store:
        return store.releases.history()


def turns(file: ProductFile) -> list[dict[str, Any]]:
    """`id`, `started`, `ended` and `spec_sha256` of every turn, oldest first."""
    with closing(Store.open(file, create=False)) as store:
        return store.turns.all()


def headlines(file: ProductFile, outputs: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What must be known first of a turn: code, tone, values, and the sentence in both languages."""
    from steelyard.report import gather, headline, say

    with closing(Store.open(file, create=False)) as store:
        entries = headline(gather(store, file, outputs, steps=names()))
    return [
        {
            "code": one.code,
            "tone": one.tone,
            "values": dict(one.values),
            "en": say(one, "en"),
            "zh": say(one, "zh"),
        }
        for one in entries
    ]


def sums(file: ProductFile) -> list[dict[str, Any]]:
    """Money by account; each says whether the market of these books is simulated."""
    with closing(Store.open(file, create=False)) as store:
        rows = store.ledger.sums()
    simulated = file.spec.market.simulated
    return [
        row | {"money": str(Money(row["nano"], row["currency"])), "simulated": simulated}
        for row in rows
    ]


def totals(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(basis, money) of each basis and currency: cash that moved and imputed worth do not add up."""
    nanos: dict[tuple[str, str], int] = {}
    for row in rows:
        key = row["basis"], row["currency"]
        nanos[key] = nanos.get(key, 0) + row["nano"]
    return [
        (basis, str(Money(nano, currency))) for (basis, currency), nano in sorted(nanos.items())
    ]


def verified(file: ProductFile, *, sealed: Path | None = None, quick: bool = False) -> int:
    """Lines of an unbroken chain, every row's hash compared; against a seal where one is named, and
    with `quick` only what came behind it."""
    held = load_seal(sealed) if sealed is not None else None
    if quick and held is None:
        raise UserError(
            "--quick",
            "a seal that what stands before it is believed by",
            "none",
            "name one: --against seal.json",
        )
    with closing(Store.open(file, create=False)) as store:
        if quick and held is not None:
            return store.ledger.verify_behind(held)
        store.ledger.look_over()
        return store.ledger.verify(sealed=held)


def sealed(file: ProductFile) -> dict[str, Any]:
    """What `verified` compares with later."""
    with closing(Store.open(file, create=False)) as store:
        store.ledger.look_over()
        return store.ledger.seal(now=store.clock.now())


def reports(file: ProductFile) -> list[str]:
    """Where they are, newest first."""
    return Holdings.of(file).reports.places()

"""A store as version 0.1 left it after its label step, and what a later turn made of a store.

Example: `old_turn(product_file); after = look(product_file); assert after.new == 0`
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa

from steelyard.data.reading import Raw, fingerprints
from steelyard.data.sources import place_of, root_of
from steelyard.data.split import split_of
from steelyard.label.purchase import buying_order
from steelyard.loop import turn
from steelyard.plugins import get
from steelyard.spec import load, sections
from steelyard.stage import of_key
from steelyard.store import Store, step_key
from steelyard.tasks.cleaning import normalize


@dataclass(frozen=True)
class Seen:
    """Parts, ids and paid labels by text."""

    parts: dict[str, str]
    ids: dict[str, str]
    labels: dict[str, str]
    dataset: str
    tag: str
    spent: int
    ran: list[str]
    output: dict


def look(product_file) -> Seen:
    """Run a turn up to the labels and see what is there."""
    done = turn(load(product_file), until="label")
    data, label = done.outputs["data"], done.outputs["label"]
    with closing(Store.open(load(product_file))) as store:
        rows = store.datasets.read("records", data["dataset"]).to_pylist()
        bought = store.datasets.read("labels", label["labels"]).to_pylist()
        spent = {r["account"]: r["nano"] for r in store.ledger.sums()}.get("label", 0)
    texts = {r["id"]: r["content"] for r in rows}
    return Seen(
        {r["content"]: r["split"] for r in rows},
        {r["content"]: r["id"] for r in rows},
        {texts[r["id"]]: r["label"] for r in bought},
        data["dataset"],
        label["labels"],
        round(-spent / 300_000_000),
        done.ran,
        label,
    )


def named_of_old(raw: Raw) -> str:
    return raw.id or hashlib.sha256(raw.content.encode()).hexdigest()[:16]


def old_turn(product_file) -> Seen:
    """Steps data and label of version 0.1: ids bare or of raw content, no keys, labels by id.

    For texts of which none is near another.
    """
    product = load(product_file)
    spec, (source,) = product.spec, product.spec.data.sources
    root = root_of(source, product.folder)
    raws = list(
        get("readers", source.reader.name).read(source, root, line_bytes_max=10**6, reject=print)
    )
    rows = sorted((named_of_old(raw), normalize(raw.content), raw.label) for raw in raws)
    digest = hashlib.sha256(spec.product.encode())
    for identity, text, label in rows:
        part = split_of(identity, spec.data.split)
        facts = f"{identity}\t{label}\t{part}\t{identity}\t{len(text.encode())}\n"
        digest.update(facts.encode() + text.encode())
    dataset = digest.hexdigest()[:24]
    pool = {i: la for i, _, la in rows if split_of(i, spec.data.split) == "train"}
    bought = buying_order(pool, seed=spec.label.seed)[: spec.label.start]
    tag = hashlib.sha256("\n".join(f"{i}\t{pool[i]}" for i in bought).encode()).hexdigest()[:24]
    counts = {"train": {"positive": 1, "negative": 1}, "holdout": {}, "stream": {"positive": 10**6}}

    def data(step):
        table = pa.table(
            {
                "id": [i for i, _, _ in rows],
                "content": [t for _, t, _ in rows],
                "label": [la for _, _, la in rows],
                "source": [place_of(source)] * len(rows),
                "language": ["zh"] * len(rows),
                "cluster": [i for i, _, _ in rows],
                "split": [split_of(i, spec.data.split) for i, _, _ in rows],
            }
        )
        version = step.store.datasets.publish("records", table, tag=dataset)
        step.add(
            "dataset",
            id=dataset,
            product=spec.product,
            version=version,
            tag=dataset,
            parent=None,
            sources=[],
            recipe=sections(spec, "data"),
            counts=[],
        )
        return {
            "dataset": dataset,
            "counts": [],
            "splits": counts,
            "languages": {},
            "rejects": {"total": 0, "reasons": {}, "examples": []},
        }

    def label(step):
        table = pa.table({"id": bought, "label": [pool[i] for i in bought]})
        step.store.datasets.publish("labels", table, tag=tag)
        step.spend("label", len(bought), "label", spec.money.prices.label, evidence=f"labels:{tag}")
        return {
            "labels": tag,
            "bought": len(bought),
            "new": len(bought),
            "pool": len(pool),
            "price": "0.30",
            "by_label": {},
        }

    with closing(Store.open(product)) as store:
        begun = store.begin_turn(product.sha256)
        price = spec.money.prices.cpu_hour
        key = step_key("data", sections(spec, "product", "task", "data"), fingerprints(product))
        store.step(begun, "data", key, data, cpu_price=price)
        reads = sections(spec, "product", "task", "label", "money.prices.label")
        key = step_key("label", reads, of_key({"data.dataset": dataset}))
        store.step(begun, "label", key, label, cpu_price=price)
    texts = {i: t for i, t, _ in rows}
    parts = {t: split_of(i, spec.data.split) for i, t, _ in rows}
    return Seen(
        parts,
        {t: i for i, t, _ in rows},
        {texts[i]: pool[i] for i in bought},
        dataset,
        tag,
        len(bought),
        ["data", "label"],
        {},
    )

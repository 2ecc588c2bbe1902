"""Every label that was paid so far, by the text it is tied to. Knows no training.

Labels of before 0.2 are kept by id alone: the data they were bought on say which texts these are.
Example: `paid_labels(store)["9f86d081884c7d65..."] == "positive"`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steelyard.errors import Missing, StoreError
from steelyard.store import Store
from steelyard.store.content import labels_tag
from steelyard.store.records import known_records

NAME = "labels"
Columns = dict[str, list[str]]


@dataclass
class Paid(Mapping[str, str]):
    """Key of a text -> its label, the latest one; `tags` are those of every purchase."""

    labels: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    by_id: dict[str, Columns] = field(default_factory=dict)  # purchases of before 0.2
    gone: dict[str, set[str]] = field(default_factory=dict)  # without a file: data of their time

    def __getitem__(self, key: str) -> str:
        return self.labels[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def tag_of(self, columns: Columns, dataset: str) -> str:
        """The name of a purchase, by what is in it: an equal one of before keeps its name, so
        that what was trained on it is not trained again."""
        old = labels_tag(columns["id"], columns["label"])
        if self.by_id.get(old) == columns or dataset in self.gone.get(old, ()):
            return old
        return labels_tag(columns["id"], columns["label"], columns["key"])

    def check_whole(self, tag: str) -> None:
        """StoreError where a purchase's file is gone and `tag` is another: some of its labels
        might be paid again."""
        lost = sorted(self.gone.keys() - {tag})
        if lost and tag not in self.tags:
            raise StoreError(
                f"datasets/{NAME}.lance",
                f"the labels {lost[0]} that were paid",
                "nothing there",
                "put the file back, or run once with the data and the label.start of that time",
            )


def paid_labels(store: Store | None) -> Paid:
    """Of this product; empty without a store."""
    paid = Paid()
    if store is None:
        return paid
    for step in store.steps.all("label"):
        tag = step["output"]["labels"]
        if tag in paid.tags:
            continue
        paid.tags.add(tag)
        columns = _columns(store, tag, step)
        if columns is None:
            paid.gone[tag] = {row["id"] for row in store.versions.all(until=step["done"])}
            continue
        paid.labels.update(zip(columns["key"], columns["label"], strict=True))
        if "dataset" not in step["output"]:
            paid.by_id[tag] = columns
    return paid


def _columns(store: Store, tag: str, step: Mapping[str, Any]) -> Columns | None:
    """id, label and key of a purchase; None when its file is gone."""
    try:
        table = store.datasets.read(NAME, tag)
    except Missing:
        return None
    columns: Columns = {name: table[name].to_pylist() for name in table.column_names}
    if "key" not in columns:
        columns["key"] = _keys(store, columns["id"], step, tag)
    return columns


def _keys(store: Store, ids: Sequence[str], step: Mapping[str, Any], tag: str) -> list[str]:
    """Keys of an old purchase, from the newest data of its time that hold every id of it."""
    for row in store.versions.all(until=step["done"]):
        if not store.holds([("records", row["tag"])]):
            continue
        keys = {r.id: r.key for r in known_records(store.datasets, row["tag"])}
        if keys.keys() >= set(ids):
            return [keys[i] for i in ids]
    raise StoreError(
        f"labels {tag}",
        "the data they were bought on",
        "none of the store's versions",
        "put the data back as they were and run: steelyard data",
    )

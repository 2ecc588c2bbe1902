"""Versions of records as Lance datasets, with tags and upkeep. Knows no operator and no task.

A tag a model was trained on never breaks: upkeep keeps every tagged version.
Example: `version = datasets.publish("records", table, tag="a1b2"); datasets.read("records", "a1b2")`
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from steelyard.errors import Missing, StoreError

FRAGMENTS_MAX = 8


class Datasets:
    """`root/<name>.lance`, one Lance dataset per name."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def publish(self, name: str, table: pa.Table, *, tag: str) -> int:
        """Write `table` as the newest version and tag it; the same tag again changes nothing."""
        import lance

        self.root.mkdir(parents=True, exist_ok=True)
        path = self._path(name)
        if path.exists():
            found = lance.dataset(str(path))
            if tag in found.tags.list():
                return int(found.tags.list()[tag]["version"])
        written = lance.write_dataset(
            table, str(path), mode="overwrite" if path.exists() else "create"
        )
        written.tags.create(tag, written.version)
        self.upkeep(name)
        return int(written.version)

    def read(
        self, name: str, tag: str, *, columns: list[str] | None = None, where: str | None = None
    ) -> pa.Table:
        """Rows of a tagged version; `where` is a Lance filter such as "split = 'train'"."""
        return self._at(name, tag).to_table(columns=columns, filter=where)

    def tags(self, name: str) -> dict[str, int]:
        import lance

        if not self._path(name).exists():
            return {}
        listed = lance.dataset(str(self._path(name))).tags.list()
        return {tag: int(found["version"]) for tag, found in listed.items()}

    def upkeep(self, name: str) -> None:
        """Join small fragments, then drop what no tag names; tagged versions stay readable."""
        import lance

        dataset = lance.dataset(str(self._path(name)))
        if len(dataset.get_fragments()) > FRAGMENTS_MAX:
            dataset.optimize.compact_files()
        dataset.cleanup_old_versions(timedelta(days=1), error_if_tagged_old_versions=False)

    def _at(self, name: str, tag: str) -> Any:
        import lance

        path = self._path(name)
        if not path.exists():
            raise Missing(str(path), "a dataset", "nothing there", "run: steelyard data")
        try:
            dataset = lance.dataset(str(path))
            version = dataset.tags.list()[tag]["version"]
            return dataset.checkout_version(version)
        except KeyError:
            raise Missing(
                str(path), f"the tag '{tag}'", "no such tag", "run: steelyard data"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreError(str(path), "a Lance dataset that can be read", str(error)) from error

    def _path(self, name: str) -> Path:
        return self.root / f"{name}.lance"

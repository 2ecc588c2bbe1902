"""Versions of records as Lance datasets, with tags and upkeep. Knows no operator and no task.

A tag a model was trained on never breaks unseen: its files are hashed when it is published and
compared before it is read; upkeep keeps every tagged version.
Example: `version = datasets.publish("records", table, tag="a1b2"); datasets.read("records", "a1b2")`
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from steelyard.errors import Damaged, Missing, StoreError
from steelyard.files import private_folder, sync_files
from steelyard.store.content import is_of
from steelyard.store.failures import full, no_room
from steelyard.store.versions import (
    Published,
    check_copy,
    drop_damaged_copies,
    put_away,
    read_copy,
    save_copy,
)

if TYPE_CHECKING:
    import pyarrow as pa

FRAGMENTS_MAX = 8
PAID = frozenset({"labels"})  # kept twice: they could not be had again without paying
REPAIR = "run: steelyard turn, which makes it again; steelyard doctor product.yaml lists all damage"
log = logging.getLogger("steelyard.store")


class Datasets:
    """`root/<name>.lance`, one Lance dataset per name; `root/<name>.tags/<tag>.json` beside it.

    `products` are those whose data may lie here: a part of their tags' hashes.
    """

    def __init__(self, root: Path, *, products: Callable[[], Iterable[str]] = tuple) -> None:
        self.root, self._products = root, products

    def publish(self, name: str, table: pa.Table, *, tag: str, copy: bool = False) -> int:
        """Write `table` as the newest version and tag it; the same tag again changes nothing,
        unless what it names is damaged: then `table` takes its place.

        With `copy` a second copy is kept, for what could not be made again: damage is repaired
        from it.
        """
        private_folder(self.root)
        if self.whole(name, tag):
            return self._published(name, tag).version
        if copy:
            save_copy(self._records(name), tag, table)
        return self._write(name, table, tag)

    def _write(self, name: str, table: pa.Table, tag: str) -> int:
        import lance

        path = self._path(name)
        with _said(path):
            found = self._latest(name)
            mode = "create" if found is None else "overwrite"
            written = lance.write_dataset(table, _uri(path), mode=mode)
            _tag(written, path, tag)
            self._record(name, tag, written)
            self.upkeep(name)
        return int(written.version)

    def read(
        self, name: str, tag: str, *, columns: list[str] | None = None, where: str | None = None
    ) -> pa.Table:
        """Rows of a tagged version; `where` is a Lance filter such as "split = 'train'".

        Damaged when a file of it is not the file that was published.
        """
        import lance

        published = self.verify(name, tag)
        with _said(self._path(name)):
            dataset = lance.dataset(_uri(self._path(name)), version=published.version)
            return dataset.to_table(columns=columns, filter=where)

    def verify(self, name: str, tag: str) -> Published:
        """What the tag names, after every file of it was compared; Missing or Damaged. What has a
        copy is restored from it."""
        try:
            return self._verified(name, self._published(name, tag))
        except (Missing, Damaged) as error:
            table = read_copy(self._records(name), tag)
            if table is None:
                raise
            log.warning("dataset.restored name=%s tag=%s from its copy: %s", name, tag, error)
        self._write(name, table, tag)
        return self._verified(name, self._published(name, tag))

    def examine(self, name: str, tag: str) -> None:
        """Missing or Damaged, as `verify` has it; changes nothing."""
        published = Published.load(self._record_of(name, tag), REPAIR)
        self._verified(name, published or self._unrecorded(name, tag))

    def examine_copy(self, name: str, tag: str) -> None:
        """Missing or Damaged where the copy of what was paid for is not whole; changes nothing."""
        if name in PAID:
            check_copy(self._records(name), tag, REPAIR)

    def has_copy(self, name: str, tag: str) -> bool:
        """Whether there is a whole one to restore the tag from."""
        return read_copy(self._records(name), tag) is not None

    def mend_copies(self) -> None:
        """Make copies of what was paid for again, from every tag that is whole."""
        for name, tag in ((n, t) for n in sorted(PAID) for t in self.tag_names(n)):
            try:
                self.examine_copy(name, tag)
            except (Missing, Damaged) as error:
                self._mend_copy(name, tag, error)

    def _mend_copy(self, name: str, tag: str, why: Exception) -> None:
        if not self.whole(name, tag):
            return
        log.warning("dataset.copied name=%s tag=%s again: %s", name, tag, why)
        drop_damaged_copies(self._records(name), tag)
        save_copy(self._records(name), tag, self.read(name, tag))

    def _verified(self, name: str, published: Published) -> Published:
        wrong = published.problem(self._path(name))
        if wrong:
            raise Damaged(str(wrong.path), wrong.expected, wrong.found, REPAIR)
        return published

    def whole(self, name: str, tag: str) -> bool:
        """Whether the tag is here with every byte it was published with."""
        try:
            self.verify(name, tag)
        except (Missing, Damaged):
            return False
        return True

    def names(self) -> list[str]:
        return sorted(path.stem for path in self.root.glob("*.lance"))

    def tags(self, name: str) -> dict[str, int]:
        """Version of every tag, whole or not."""
        return {tag: self._published(name, tag).version for tag in self.tag_names(name)}

    def tag_names(self, name: str) -> list[str]:
        """Every tag, whole or not, without opening anything."""
        found = {path.stem for path in self._path(name).glob("_refs/tags/*.json")}
        return sorted(found | {path.stem for path in self._records(name).glob("*.json")})

    def upkeep(self, name: str) -> None:
        """Join small fragments, then drop what no tag names; tagged versions stay readable."""
        import lance

        dataset = lance.dataset(_uri(self._path(name)))
        if len(dataset.get_fragments()) > FRAGMENTS_MAX:
            dataset.optimize.compact_files()
        # a damaged tag or manifest would let the files of a whole version be taken for unused
        if all(self.whole(name, tag) for tag in _names_of_tags(self._path(name))):
            dataset.cleanup_old_versions(timedelta(days=1), error_if_tagged_old_versions=False)

    def _published(self, name: str, tag: str) -> Published:
        found = Published.load(self._record_of(name, tag), REPAIR)
        return found if found is not None else self._adopt(name, tag)

    def _adopt(self, name: str, tag: str) -> Published:
        """Record a tag of an earlier version, or of a process killed before it wrote the record."""
        found = self._unrecorded(name, tag)
        self._save(name, tag, found)
        log.warning(
            "dataset.recorded name=%s tag=%s: it had no hash of its files, its rows are those of its tag",
            name,
            tag,
        )
        return found

    def _unrecorded(self, name: str, tag: str) -> Published:
        """A tag without a record, read whole: Damaged unless it is the hash of its rows, since
        whoever removes the record may have changed them."""
        import lance

        path = self._path(name)
        if tag not in _names_of_tags(path):
            raise Missing(
                str(path), f"the tag '{tag}' of a dataset", "no such tag", "run: steelyard data"
            )
        with _said(path, damaged=True):
            dataset = lance.dataset(_uri(path))
            dataset = dataset.checkout_version(dataset.tags.list()[tag]["version"])
            table = dataset.to_table()
        if not is_of(name, table, tag=tag, products=self._products()):
            raise Damaged(
                str(self._record_of(name, tag)),
                "the hashes of a published version",
                "no file, and rows that are not those of the tag",
                REPAIR,
            )
        return self._as_it_is(name, tag, dataset)

    def _record(self, name: str, tag: str, dataset: Any) -> None:
        found = self._as_it_is(name, tag, dataset)
        sync_files([self._path(name) / f for f in found.files])
        self._save(name, tag, found)

    def _as_it_is(self, name: str, tag: str, dataset: Any) -> Published:
        path = self._path(name)
        files = [f"data/{f.path}" for part in dataset.get_fragments() for f in part.data_files()]
        files += [f"_versions/{p.name}" for p in [_manifest(path, dataset.version)]]
        files += [f"_refs/tags/{tag}.json"]
        return Published.of(
            path, version=int(dataset.version), rows=dataset.count_rows(), files=files
        )

    def _save(self, name: str, tag: str, published: Published) -> None:
        folder, path = self._records(name), self._record_of(name, tag)
        for odd in (folder if not folder.is_dir() else None, path if path.is_dir() else None):
            if odd is not None:
                put_away(odd)
        private_folder(folder)
        published.save(path)

    def _latest(self, name: str) -> Any | None:
        """The dataset to write on, or None. What a killed process left half is put away, and so
        are manifests and tags that are not what was published."""
        import lance

        path = self._path(name)
        for tag in _names_of_tags(path):
            record = _record_or_none(self._record_of(name, tag))
            wrong = record.problem(path) if record else None
            if wrong and wrong.path.parent.name in ("_versions", "tags"):
                put_away(wrong.path)
        while any(path.glob("_versions/*.manifest")):
            try:
                with _said(path, damaged=True):
                    found = lance.dataset(_uri(path))
                    found.tags.list()
                    return found
            except Damaged:
                put_away(min(path.glob("_versions/*.manifest")))
        put_away(path)
        return None

    def _path(self, name: str) -> Path:
        return self.root / f"{name}.lance"

    def _records(self, name: str) -> Path:
        return self.root / f"{name}.tags"

    def _record_of(self, name: str, tag: str) -> Path:
        return self._records(name) / f"{tag}.json"


def _uri(path: Path) -> str:
    """Every byte of the path escaped: as a plain path, `%`, `?`, `#` and Chinese make Lance leave
    folders of another name outside."""
    return f"file-object-store://{quote(os.fsencode(path.resolve()))}"


def _names_of_tags(path: Path) -> list[str]:
    return sorted(p.stem for p in path.glob("_refs/tags/*.json"))


def _manifest(path: Path, version: int) -> Path:
    """Lance names manifests downwards from 2^64 - 1, so that the newest is the first."""
    newer = path / "_versions" / f"{2**64 - 1 - version:020d}.manifest"
    return newer if newer.exists() else path / "_versions" / f"{version}.manifest"


def _tag(dataset: Any, path: Path, tag: str) -> None:
    if tag in _names_of_tags(path):
        dataset.tags.update(tag, dataset.version)
    else:
        dataset.tags.create(tag, dataset.version)


def _record_or_none(path: Path) -> Published | None:
    try:
        return Published.load(path, REPAIR)
    except Damaged:
        return None


@contextmanager
def _said(path: Path, *, damaged: bool = False) -> Iterator[None]:
    """What Lance says becomes an error of ours; its panics are no `Exception`."""
    try:
        yield
    except (StoreError, Missing, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        if full(error):
            raise no_room(str(path)) from error
        fact = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        if damaged or type(error).__name__ == "PanicException":
            raise Damaged(str(path), "a Lance dataset that can be read", fact, REPAIR) from error
        if isinstance(error, (OSError, KeyError)):
            raise StoreError(str(path), "a Lance dataset that can be read", fact) from error
        raise

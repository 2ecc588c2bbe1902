"""Versions of records as Lance datasets, with tags and upkeep. Knows no operator and no task.

A tag a model was trained on never breaks unseen: its files are hashed when it is published and
compared before it is read; upkeep keeps every tagged version.
Example: `version = datasets.publish("records", table, tag="a1b2"); datasets.read("records", "a1b2")`
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from steelyard.errors import Damaged, Missing, StoreError
from steelyard.store.content import is_of
from steelyard.store.failures import full, no_room
from steelyard.store.storage import Storage, joined, walk
from steelyard.store.versions import (
    Published,
    check_copy,
    clear_way,
    drop_damaged_copies,
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
    """`under/<name>.lance`, one Lance dataset per name; `under/<name>.tags/<tag>.json` beside it.

    `products` are those whose data may lie here: a part of their tags' hashes.
    """

    def __init__(
        self, storage: Storage, under: str = "", *, products: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self.storage, self._under, self._products = storage, under, products

    def publish(self, name: str, table: pa.Table, *, tag: str, copy: bool = False) -> int:
        """Write `table` as the newest version and tag it; the same tag again changes nothing,
        unless what it names is damaged: then `table` takes its place.

        With `copy` a second copy is kept, for what could not be made again: damage is repaired
        from it.
        """
        if self.whole(name, tag):
            return self._published(name, tag).version
        if copy:
            save_copy(self.storage, self._records(name), tag, table)
        return self._write(name, table, tag)

    def _write(self, name: str, table: pa.Table, tag: str) -> int:
        import lance

        place = self.storage.place(self._key(name), write=True)
        with self._told(name):
            mode = "create" if self._latest(name) is None else "overwrite"
            options = dict(place.options) or None
            written = lance.write_dataset(table, place.uri, mode=mode, storage_options=options)
            self._tag(name, tag, written)
            self._record(name, tag, written)
            self.upkeep(name)
        return int(written.version)

    def read(
        self, name: str, tag: str, *, columns: list[str] | None = None, where: str | None = None
    ) -> pa.Table:
        """Rows of a tagged version; `where` is a Lance filter such as "split = 'train'".

        Damaged when a file of it is not the file that was published.
        """
        published = self.verify(name, tag)
        with self._told(name):
            return self._lance(name, published.version).to_table(columns=columns, filter=where)

    def verify(self, name: str, tag: str) -> Published:
        """What the tag names, after every file of it was compared; Missing or Damaged. What has a
        copy is restored from it."""
        try:
            return self._verified(name, self._published(name, tag))
        except (Missing, Damaged) as error:
            table = read_copy(self.storage, self._records(name), tag)
            if table is None:
                raise
            log.warning("dataset.restored name=%s tag=%s from its copy: %s", name, tag, error)
        self._write(name, table, tag)
        return self._verified(name, self._published(name, tag))

    def examine(self, name: str, tag: str) -> None:
        """Missing or Damaged, as `verify` has it; changes nothing."""
        published = Published.load(self.storage, self._record_of(name, tag), REPAIR)
        self._verified(name, published or self._unrecorded(name, tag))

    def examine_copy(self, name: str, tag: str) -> None:
        """Missing or Damaged where the copy of what was paid for is not whole; changes nothing."""
        if name in PAID:
            check_copy(self.storage, self._records(name), tag, REPAIR)

    def has_copy(self, name: str, tag: str) -> bool:
        """Whether there is a whole one to restore the tag from."""
        return read_copy(self.storage, self._records(name), tag) is not None

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
        drop_damaged_copies(self.storage, self._records(name), tag)
        save_copy(self.storage, self._records(name), tag, self.read(name, tag))

    def _verified(self, name: str, published: Published) -> Published:
        wrong = published.problem(self.storage, self._key(name))
        if wrong:
            raise Damaged(f"{self._at(name)}/{wrong.name}", wrong.expected, wrong.fact, REPAIR)
        return published

    def whole(self, name: str, tag: str) -> bool:
        """Whether the tag is here with every byte it was published with."""
        try:
            self.verify(name, tag)
        except (Missing, Damaged):
            return False
        return True

    def names(self) -> list[str]:
        return sorted(_stems(self.storage, self._under, ".lance"))

    def tags(self, name: str) -> dict[str, int]:
        """Version of every tag, whole or not."""
        return {tag: self._published(name, tag).version for tag in self.tag_names(name)}

    def tag_names(self, name: str) -> list[str]:
        """Every tag, whole or not, without opening anything."""
        return sorted({*self._tags(name), *_stems(self.storage, self._records(name), ".json")})

    def put_away(self) -> list[str]:
        """Where what was damaged lies now, out of the way."""
        aside = (k for k, e in walk(self.storage, self._under) if ".damaged-" in e.name)
        return [self.storage.place(key).said for key in aside]

    def upkeep(self, name: str) -> None:
        """Join small fragments, then drop what no tag names; tagged versions stay readable."""
        dataset = self._lance(name)
        if len(dataset.get_fragments()) > FRAGMENTS_MAX:
            dataset.optimize.compact_files()
        # a damaged tag or manifest would let the files of a whole version be taken for unused
        if all(self.whole(name, tag) for tag in self._tags(name)):
            dataset.cleanup_old_versions(timedelta(days=1), error_if_tagged_old_versions=False)

    def _published(self, name: str, tag: str) -> Published:
        published = Published.load(self.storage, self._record_of(name, tag), REPAIR)
        return published if published is not None else self._adopt(name, tag)

    def _adopt(self, name: str, tag: str) -> Published:
        """Record a tag of an earlier version, or of a process killed before it wrote the record."""
        published = self._unrecorded(name, tag)
        self._save(name, tag, published)
        log.warning(
            "dataset.recorded name=%s tag=%s: it had no hash of its files, its rows are those of its tag",
            name,
            tag,
        )
        return published

    def _unrecorded(self, name: str, tag: str) -> Published:
        """A tag without a record, read whole: Damaged unless it is the hash of its rows, since
        whoever removes the record may have changed them."""
        if tag not in self._tags(name):
            raise Missing(
                self._at(name),
                f"the tag '{tag}' of a dataset",
                "no such tag",
                "run: steelyard data",
            )
        with self._told(name, damaged=True):
            dataset = self._lance(name)
            dataset = dataset.checkout_version(dataset.tags.list()[tag]["version"])
            table = dataset.to_table()
        if not is_of(name, table, tag=tag, products=self._products()):
            raise Damaged(
                self.storage.place(self._record_of(name, tag)).said,
                "the hashes of a published version",
                "no file, and rows that are not those of the tag",
                REPAIR,
            )
        return self._as_it_is(name, tag, dataset)

    def _record(self, name: str, tag: str, dataset: Any) -> None:
        published = self._as_it_is(name, tag, dataset)
        self.storage.sync([joined(self._key(name), file) for file in published.files])
        self._save(name, tag, published)

    def _as_it_is(self, name: str, tag: str, dataset: Any) -> Published:
        files = [f"data/{f.path}" for part in dataset.get_fragments() for f in part.data_files()]
        files += [f"_versions/{self._manifest(name, dataset.version)}"]
        files += [f"_refs/tags/{tag}.json"]
        return Published.of(
            self.storage,
            self._key(name),
            version=int(dataset.version),
            rows=dataset.count_rows(),
            files=files,
        )

    def _save(self, name: str, tag: str, published: Published) -> None:
        clear_way(self.storage, self._records(name), folder=True)
        clear_way(self.storage, self._record_of(name, tag), folder=False)
        published.save(self.storage, self._record_of(name, tag))

    def _latest(self, name: str) -> Any | None:
        """The dataset to write on, or None. What a killed process left half is put away, and so
        are manifests and tags that are not what was published."""
        for tag in self._tags(name):
            record = self._record_or_none(name, tag)
            wrong = record.problem(self.storage, self._key(name)) if record else None
            if wrong and PurePosixPath(wrong.name).parent.name in ("_versions", "tags"):
                self.storage.set_aside(joined(self._key(name), wrong.name))
        while manifests := self._manifests(name):
            try:
                with self._told(name, damaged=True):
                    latest = self._lance(name)
                    latest.tags.list()
                    return latest
            except Damaged:
                self.storage.set_aside(joined(self._key(name), "_versions", min(manifests)))
        self.storage.set_aside(self._key(name))
        return None

    def _lance(self, name: str, version: int | None = None) -> Any:
        """The dataset at its newest version, or at this one."""
        import lance

        place = self.storage.place(self._key(name))
        return lance.dataset(
            place.uri, version=version, storage_options=dict(place.options) or None
        )

    def _tag(self, name: str, tag: str, dataset: Any) -> None:
        if tag in self._tags(name):
            dataset.tags.update(tag, dataset.version)
        else:
            dataset.tags.create(tag, dataset.version)

    def _tags(self, name: str) -> list[str]:
        """Those that Lance has."""
        return _stems(self.storage, f"{self._key(name)}/_refs/tags", ".json")

    def _manifests(self, name: str) -> list[str]:
        stems = _stems(self.storage, f"{self._key(name)}/_versions", ".manifest")
        return [f"{stem}.manifest" for stem in stems]

    def _manifest(self, name: str, version: int) -> str:
        """Lance names manifests downwards from 2^64 - 1, so that the newest is the first."""
        newer = f"{2**64 - 1 - version:020d}.manifest"
        return newer if newer in self._manifests(name) else f"{version}.manifest"

    def _record_or_none(self, name: str, tag: str) -> Published | None:
        try:
            return Published.load(self.storage, self._record_of(name, tag), REPAIR)
        except Damaged:
            return None

    def _at(self, name: str) -> str:
        """The dataset's place, as people are told it."""
        return self.storage.place(self._key(name)).said

    def _key(self, name: str) -> str:
        return joined(self._under, f"{name}.lance")

    def _records(self, name: str) -> str:
        return joined(self._under, f"{name}.tags")

    def _record_of(self, name: str, tag: str) -> str:
        return joined(self._records(name), f"{tag}.json")

    def _told(self, name: str, *, damaged: bool = False) -> AbstractContextManager[None]:
        return _said(self._at(name), damaged=damaged)


def _stems(storage: Storage, key: str, suffix: str) -> list[str]:
    """Names under a key that end so, without their ends."""
    names = (e.name for e in storage.entries(key))
    return [name.removesuffix(suffix) for name in names if name.endswith(suffix)]


@contextmanager
def _said(place: str, *, damaged: bool = False) -> Iterator[None]:
    """What Lance says becomes an error of ours; its panics are no `Exception`."""
    try:
        yield
    except (StoreError, Missing, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        if full(error):
            raise no_room(place) from error
        fact = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        if damaged or type(error).__name__ == "PanicException":
            raise Damaged(place, "a Lance dataset that can be read", fact, REPAIR) from error
        if isinstance(error, (OSError, KeyError)):
            raise StoreError(place, "a Lance dataset that can be read", fact) from error
        raise

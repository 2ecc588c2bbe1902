"""What a reader must say: where records lie, whether they changed, and the records in batches.

A source may be a file, a table or a feed that is polled: whoever reads it asks these three. Knows no
task. Example: `next(reader_named("csv").batches(source, folder, line_bytes_max=10**6, reject=print))`
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from steelyard.data.sources import fingerprint, place_of, root_of
from steelyard.plugins import get, unusable
from steelyard.spec import ProductFile
from steelyard.spec.kinds import settings_of
from steelyard.spec.model import Source
from steelyard.spec.section import NoSettings, Section
from steelyard.strangers import at_work, each_is

BATCH = 2000  # records at once
Reject = Callable[[str, str], None]  # (where, why)


@dataclass(frozen=True)
class Raw:
    """One record as it stood in its source; `where` is file:line."""

    id: str | None
    content: Any
    label: Any  # a text, or lists and fields of JSON, such as spans
    where: str


class Reader(Protocol):
    """Relative places are looked up under `base`, the folder of the product file. What `Settings` a
    reader has stands in `source.reader.settings`, whole."""

    brings_data: bool  # it needs neither a path nor a package

    def place(self, source: Source) -> str:
        """What a person calls it."""

    def fingerprint(self, source: Source, base: Path) -> str:
        """Another text whenever `batches` would give other records; reads as little as it can."""

    def batches(
        self, source: Source, base: Path, *, line_bytes_max: int, reject: Reject
    ) -> Iterator[list[Raw]]:
        """The records in their order, a batch at a time. A source that cannot be read is a
        DataError; a broken record is told to `reject` and left out."""


@dataclass(frozen=True)
class FileReader:
    """A reader of files and folders: `read` gives the records of one, lazily."""

    read: Callable[..., Iterator[Raw]]  # (source, path, *, line_bytes_max, reject)
    Settings: type[Section] = NoSettings
    brings_data: bool = False

    def place(self, source: Source) -> str:
        return place_of(source)

    def fingerprint(self, source: Source, base: Path) -> str:
        """Hash of every file's place and bytes."""
        return fingerprint(source, base)

    def batches(
        self, source: Source, base: Path, *, line_bytes_max: int, reject: Reject
    ) -> Iterator[list[Raw]]:
        path = root_of(source, base)
        yield from batched(self.read(source, path, line_bytes_max=line_bytes_max, reject=reject))


@dataclass(frozen=True)
class PackageReader:
    """A reader of a data set that an installed package brings: its version is the fingerprint."""

    read: Callable[[], Iterator[Raw]]
    package: str
    Settings: type[Section] = NoSettings
    brings_data: bool = True

    def place(self, source: Source) -> str:
        return source.reader.name

    def fingerprint(self, source: Source, base: Path) -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            said = f"{self.package}=={version(self.package)}"
        except PackageNotFoundError:  # told with its repair when it is read
            said = self.package
        return hashlib.sha256(said.encode()).hexdigest()

    def batches(
        self, source: Source, base: Path, *, line_bytes_max: int, reject: Reject
    ) -> Iterator[list[Raw]]:
        yield from batched(self.read())


def batched(records: Iterator[Raw]) -> Iterator[list[Raw]]:
    while batch := list(islice(records, BATCH)):
        yield batch


def reader_named(name: str) -> Reader:
    """UserError for one that is not registered, or lacks what a reader must say."""
    reader: Reader = get("readers", name)
    return reader


def fingerprints(product: ProductFile) -> list[str]:
    """Of every source, in order."""
    return [_fingerprint(source, product.folder) for source in product.spec.data.sources]


def _fingerprint(source: Source, base: Path) -> str:
    name = source.reader.name
    with at_work("readers", name):
        said = reader_named(name).fingerprint(with_settings(source), base)
    return _text(name, said, "a text as fingerprint")


def place_said(source: Source) -> str:
    """What the reader of a source calls it."""
    name = source.reader.name
    with at_work("readers", name):
        said = reader_named(name).place(with_settings(source))
    return _text(name, said, "a text as place")


def _text(reader: str, said: Any, expected: str) -> str:
    if not isinstance(said, str):
        raise unusable("readers", reader, type(said).__name__, expected=expected)
    return said


def batches_of(
    source: Source, base: Path, *, line_bytes_max: int, reject: Reject
) -> Iterator[list[Raw]]:
    """What the reader of a source gives, a batch at a time; Unusable for anything but records."""
    name, whole = source.reader.name, with_settings(source)
    with at_work("readers", name):
        for batch in reader_named(name).batches(
            whole, base, line_bytes_max=line_bytes_max, reject=reject
        ):
            each_is("readers", name, batch, Raw, "batches of Raw records")
            yield batch


def with_settings(source: Source) -> Source:
    """The source with the settings of its reader whole: what the file leaves out is its default."""
    own = settings_of("readers", source.reader.name)
    settings = own.model_validate(source.reader.settings).model_dump()
    reader = source.reader.model_copy(update={"settings": settings})
    return source.model_copy(update={"reader": reader})

"""Artifact folders by hash: published whole, verified when opened. Knows no model.

Example: `with artifacts.draft() as folder: ...; id = artifacts.publish(folder)`
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steelyard.errors import Damaged, Missing
from steelyard.files import private_folder, sweep, write
from steelyard.store.hashed import different, sha256
from steelyard.store.lock import held, sweep_unheld
from steelyard.store.storage import DRAFT, Storage, joined, walk

MANIFEST = "manifest.json"
REPAIR = "run: steelyard turn, which makes again what it needs; steelyard doctor product.yaml lists all damage"


class Artifacts:
    """`under/<id>/`: files and a manifest of their SHA-256; the id is the hash of the manifest."""

    def __init__(self, storage: Storage, under: str = "") -> None:
        self.storage, self._under = storage, under
        self._drafts = storage.local / under

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A private folder to fill; whatever was not published is gone afterwards."""
        private_folder(self._drafts)
        folder = Path(tempfile.mkdtemp(prefix=DRAFT, dir=self._drafts))
        try:
            with held(_lock_of(folder)):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            _lock_of(folder).unlink(missing_ok=True)

    def publish(self, draft: Path) -> str:
        """Move a filled draft to its place and return its id; the same bytes give the same id.

        What lies there already stays while it is whole, and is replaced when it is damaged.
        """
        body = json.dumps(_hashes(draft), indent=1, sort_keys=True)
        identity = hashlib.sha256(body.encode()).hexdigest()[:24]
        if self.holds(identity):
            return identity
        write(draft / MANIFEST, body)
        self.storage.publish(draft, self._key(identity), last=MANIFEST)
        return identity

    def open(self, identity: str) -> Path:
        """The folder, after every file's hash was compared; Missing or Damaged otherwise."""
        folder, said = self.peek(identity), self.storage.place(self._key(identity)).said
        try:
            body = (folder / MANIFEST).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(said, "a published artifact", "no manifest", REPAIR) from None
        except IsADirectoryError:
            raise Damaged(f"{said}/{MANIFEST}", "a file", "a folder", REPAIR) from None
        if hashlib.sha256(body).hexdigest()[:24] != identity:
            raise Damaged(
                f"{said}/{MANIFEST}", f"the manifest of {identity}", "another one", REPAIR
            )
        expected = json.loads(body)
        more = sorted({name for name, _ in _files(folder)} - expected.keys())
        if more:
            raise Damaged(f"{said}/{more[0]}", "no such file", "one", f"remove it, or {REPAIR}")
        wrong = different(folder.joinpath, expected)
        if wrong:
            raise Damaged(f"{said}/{wrong.name}", wrong.expected, wrong.fact, REPAIR)
        return folder

    def peek(self, identity: str) -> Path:
        """The folder as it lies there, nothing compared: for a look at what it says of itself.
        What is missing says so when it is opened."""
        return self.storage.fetch(self._key(identity))

    def holds(self, identity: str) -> bool:
        """Whether it is here and whole."""
        try:
            self.open(identity)
        except (Missing, Damaged):
            return False
        return True

    def names(self) -> list[str]:
        """Ids of everything that lies here, whole or not."""
        entries = self.storage.entries(self._under)
        return [e.name for e in entries if e.folder and not e.name.startswith(".")]

    def drafts(self) -> list[Path]:
        """Folders of runs of this machine that go on or were killed."""
        return sorted(p for p in self._drafts.glob(f"{DRAFT}*") if p.is_dir())

    def sweep(self) -> None:
        """Remove drafts of processes that have ended, however; those of earlier versions, which
        held no lock, once they are old."""
        for draft in self.drafts():
            sweep_unheld(draft, _lock_of(draft))
        sweep(self._drafts, f"{DRAFT}*")

    def bytes(self, identity: str) -> int:
        return sum(e.bytes for _, e in walk(self.storage, self._key(identity)) if not e.folder)

    def _key(self, identity: str) -> str:
        return joined(self._under, identity)


def _lock_of(draft: Path) -> Path:
    return draft.with_name(f"{draft.name}.lock")


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """All but the manifest itself; one of that name further down is a file as any other."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / MANIFEST:
            yield path.relative_to(folder).as_posix(), path


def _hashes(folder: Path) -> dict[str, str]:
    return {name: sha256(path) for name, path in _files(folder)}

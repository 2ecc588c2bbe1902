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
from steelyard.files import private_folder, sweep, sync_folder, sync_tree, write
from steelyard.store.hashed import different, sha256
from steelyard.store.lock import held, sweep_unheld

MANIFEST = "manifest.json"
REPAIR = "run: steelyard turn, which makes again what it needs; steelyard doctor product.yaml lists all damage"


class Artifacts:
    """`root/<id>/`: files and a manifest of their SHA-256; the id is the hash of the manifest."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A private folder to fill; whatever was not published is gone afterwards."""
        private_folder(self.root)
        folder = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.root))
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
        target = self.root / identity
        if self.holds(identity):
            return identity
        write(draft / MANIFEST, body)
        sync_tree(draft)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=self.root) as aside:
            if target.exists():
                target.rename(Path(aside) / identity)
            draft.rename(target)
        sync_folder(self.root)
        return identity

    def open(self, identity: str) -> Path:
        """The folder, after every file's hash was compared; Missing or Damaged otherwise."""
        folder = self.root / identity
        try:
            body = (folder / MANIFEST).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(str(folder), "a published artifact", "no manifest", REPAIR) from None
        except IsADirectoryError:
            raise Damaged(f"{folder}/{MANIFEST}", "a file", "a folder", REPAIR) from None
        if hashlib.sha256(body).hexdigest()[:24] != identity:
            raise Damaged(
                f"{folder}/{MANIFEST}", f"the manifest of {identity}", "another one", REPAIR
            )
        expected = json.loads(body)
        more = sorted({name for name, _ in _files(folder)} - expected.keys())
        if more:
            raise Damaged(f"{folder}/{more[0]}", "no such file", "one", f"remove it, or {REPAIR}")
        wrong = different(folder, expected)
        if wrong:
            raise Damaged(str(wrong.path), wrong.expected, wrong.found, REPAIR)
        return folder

    def holds(self, identity: str) -> bool:
        """Whether it is here and whole."""
        try:
            self.open(identity)
        except (Missing, Damaged):
            return False
        return True

    def names(self) -> list[str]:
        """Ids of everything that lies here, whole or not."""
        return sorted(p.name for p in self.root.glob("[!.]*") if p.is_dir())

    def drafts(self) -> list[Path]:
        """Folders of runs that go on or were killed."""
        return sorted(p for p in self.root.glob(".draft-*") if p.is_dir())

    def sweep(self) -> None:
        """Remove drafts of processes that have ended, however; those of earlier versions, which
        held no lock, once they are old."""
        for draft in self.drafts():
            sweep_unheld(draft, _lock_of(draft))
        sweep(self.root, ".draft-*")

    def bytes(self, identity: str) -> int:
        return sum(p.stat().st_size for p in (self.root / identity).rglob("*") if p.is_file())


def _lock_of(draft: Path) -> Path:
    return draft.with_name(f"{draft.name}.lock")


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            yield path.relative_to(folder).as_posix(), path


def _hashes(folder: Path) -> dict[str, str]:
    return {name: sha256(path) for name, path in _files(folder)}

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
from steelyard.store.files import sweep, sync_folder, sync_tree, write

MANIFEST = "manifest.json"
_CHUNK = 1 << 20


class Artifacts:
    """`root/<id>/`: files and a manifest of their SHA-256; the id is the hash of the manifest."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A private folder to fill; whatever was not published is gone afterwards."""
        self.root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, draft: Path) -> str:
        """Move a filled draft to its place and return its id; the same bytes give the same id."""
        body = json.dumps(_hashes(draft), indent=1, sort_keys=True)
        identity = hashlib.sha256(body.encode()).hexdigest()[:24]
        target = self.root / identity
        if target.exists():
            return identity
        write(draft / MANIFEST, body)
        sync_tree(draft)
        draft.rename(target)
        sync_folder(self.root)
        return identity

    def open(self, identity: str) -> Path:
        """The folder, after every file's hash was compared; Missing or Damaged otherwise."""
        folder = self.root / identity
        if not (folder / MANIFEST).is_file():
            raise Missing(str(folder), "a published artifact", "no manifest", "run: steelyard turn")
        body = (folder / MANIFEST).read_bytes()
        if hashlib.sha256(body).hexdigest()[:24] != identity:
            raise Damaged(
                f"{folder}/{MANIFEST}", f"the manifest of {identity}", "another one", _REPAIR
            )
        expected, found = json.loads(body), _hashes(folder)
        for name in sorted(expected.keys() | found.keys()):
            if expected.get(name) != found.get(name):
                raise Damaged(
                    f"{folder}/{name}",
                    f"SHA-256 {expected.get(name, 'of nothing')[:12]}",
                    found.get(name, "no file")[:12],
                    _REPAIR,
                )
        return folder

    def holds(self, identity: str) -> bool:
        """Whether it is here; `open` says whether it is whole."""
        return (self.root / identity / MANIFEST).is_file()

    def sweep(self) -> None:
        """Remove drafts that a killed process left behind."""
        sweep(self.root, ".draft-*")

    def bytes(self, identity: str) -> int:
        return sum(p.stat().st_size for p in (self.root / identity).rglob("*") if p.is_file())


_REPAIR = "remove the folder and run: steelyard turn"


def _hashes(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
            found[path.relative_to(folder).as_posix()] = digest.hexdigest()
    return found

"""A second storage, for tests: it behaves like an object store, over two folders.

Objects come and go one by one; nothing is renamed or locked there; a machine reads its own copies.
Example: `Bucket(tmp_path / "objects", tmp_path / "machine").put("a/b.txt", "text")`
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

from steelyard.errors import StoreError
from steelyard.files import make_folder
from steelyard.store.storage import Entry, Place, asides, crowded, joined, uri_of


class Bucket:
    """`objects` stands for what many machines see, `local` for one of them."""

    def __init__(self, objects: Path, local: Path) -> None:
        self.objects, self.local = objects, local

    def put(self, key: str, body: bytes | str) -> None:
        raw = body.encode("utf-8") if isinstance(body, str) else body
        target = self.objects / key
        if target.is_dir():
            raise StoreError(str(target), "a file", "a folder", "move it away")
        make_folder(target.parent)
        with tempfile.NamedTemporaryFile(dir=self._own("uploads"), delete=False) as file:
            file.write(raw)
        Path(file.name).replace(target)  # an object is there whole, or not at all

    def publish(self, folder: Path, key: str, *, last: str) -> None:
        names = sorted(_names(folder), key=lambda name: (name == last, name))
        stale = sorted(set(_names(self.objects / key)) - set(names))
        for name in [last, *stale]:
            (self.objects / key / name).unlink(missing_ok=True)
        for name in names:
            self.put(joined(key, name), (folder / name).read_bytes())
        shutil.rmtree(folder)

    def fetch(self, key: str) -> Path:
        names = _names(self.objects / key)
        copy = self._own("copies") / _digest(self.objects / key, names) / (Path(key).name or "all")
        if not names and not (self.objects / key).is_file():
            return copy.with_name("nothing")
        if _digest(copy, _names(copy)) != copy.parent.name:
            shutil.rmtree(copy.parent, ignore_errors=True)
            for name in names or [""]:
                make_folder((copy / name).parent)
                shutil.copyfile(self.objects / key / name, copy / name)
        return copy

    def entries(self, key: str) -> list[Entry]:
        folder = self.objects / key
        if not folder.is_dir():
            return []
        there = [(p, p.stat()) for p in sorted(folder.iterdir()) if p.is_file() or _names(p)]
        return [Entry(p.name, p.is_dir(), s.st_size, s.st_mtime) for p, s in there]

    def set_aside(self, key: str) -> None:
        source, names = self.objects / key, _names(self.objects / key)
        if not names and not source.is_file():
            return
        free = (n for n in asides(source.name) if not source.with_name(n).exists())
        aside = next(free, None)
        if aside is None:
            raise crowded(self.place(key).said)
        for name in names or [""]:
            body = (source / name).read_bytes()
            self.put(joined(key.rpartition("/")[0], aside, name), body)
            (source / name).unlink()

    def place(self, key: str, *, write: bool = False) -> Place:
        return Place(f"bucket://{key}", uri_of(self.objects / key))

    def sync(self, keys: Iterable[str]) -> None:
        """An object that was written is durable."""

    def _own(self, name: str) -> Path:
        (self.local / name).mkdir(parents=True, exist_ok=True)
        return self.local / name


def _names(folder: Path) -> list[str]:
    """Objects at any depth: what is no object, such as an empty folder, is nothing."""
    paths = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [path.relative_to(folder).as_posix() for path in paths if path.is_file()]


def _digest(folder: Path, names: list[str]) -> str:
    digest = hashlib.sha256(folder.name.encode())
    for name in names or [""] * folder.is_file():
        body = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()[:16]


def killed(work, at: int) -> bool:
    """Whether a process that does `work` was killed at the `at`-th thing it does to files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lance says that it does not live through a fork
        child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    try:
        _die_at(at)
        work()
    except BaseException:
        os._exit(2)
    os._exit(0)


def _die_at(at: int) -> None:
    events = iter(range(1, 1 << 30))
    kinds = ("open", "os.", "shutil.", "tempfile.")

    def hook(event: str, _) -> None:
        if event.startswith(kinds) and next(events) == at:
            os._exit(1)

    sys.addaudithook(hook)

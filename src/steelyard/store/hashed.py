"""SHA-256 of files and whether they still have it, read once while they do not change. Knows no noun.

Example: `different(folder.joinpath, {"model.bin": "9f86d0..."})` is None, or says which file and how
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_Stat = tuple[int, int, int]
_known: dict[str, tuple[_Stat, str]] = {}  # of this process: a file is read again when it changed


@dataclass(frozen=True)
class Difference:
    """The first file that is not what was published."""

    name: str
    expected: str
    fact: str


def different(path_of: Callable[[str], Path], hashes: Mapping[str, str]) -> Difference | None:
    """The first of the named files whose bytes are not those of its hash."""
    for name, expected in sorted(hashes.items()):
        actual = sha256(path_of(name))
        if actual != expected:
            return Difference(name, f"SHA-256 {expected[:12]}", actual[:12] or "no file")
    return None


def sha256(path: Path) -> str:
    """Hash of a file's bytes; empty for what is no file."""
    try:
        with path.open("rb") as file:
            seen = _stat(file.fileno())  # of what is open: another may take its name meanwhile
            known = _known.get(str(path))
            if known is not None and known[0] == seen:
                return known[1]
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
    _known[str(path)] = (seen, digest)
    return digest


def _stat(handle: int) -> _Stat:
    seen = os.fstat(handle)
    return seen.st_size, seen.st_mtime_ns, seen.st_ino

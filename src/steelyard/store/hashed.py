"""SHA-256 of files and whether they still have it, read once while they do not change. Knows no noun.

Example: `different(folder, {"model.bin": "9f86d0..."})` is None, or says which file and how
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_Stat = tuple[int, int, int]
_known: dict[str, tuple[_Stat, str]] = {}  # of this process: a file is read again when it changed


@dataclass(frozen=True)
class Difference:
    """The first file that is not what was published."""

    path: Path
    expected: str
    found: str


def different(folder: Path, hashes: Mapping[str, str]) -> Difference | None:
    """The first of the named files whose bytes are not those of its hash."""
    for name, expected in sorted(hashes.items()):
        path = folder / name
        found = sha256(path)
        if found != expected:
            return Difference(path, f"SHA-256 {expected[:12]}", found[:12] or "no file")
    return None


def sha256(path: Path) -> str:
    """Hash of a file's bytes; empty for what is no file."""
    try:
        with path.open("rb") as file:
            seen = _stat(path)
            known = _known.get(str(path))
            if known is not None and known[0] == seen:
                return known[1]
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
    _known[str(path)] = (seen, digest)
    return digest


def _stat(path: Path) -> _Stat:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino

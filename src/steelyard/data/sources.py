"""Where the records of a source are: files beside the product, or inside a package.

Knows no format. Example: `files_of(source, product.folder)[0].name == "pos.txt"`
"""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path

from steelyard.data.operators import operators_of
from steelyard.errors import DataError, Missing, SpecError
from steelyard.plugins import get
from steelyard.spec import ProductFile, placed
from steelyard.spec.model import Source
from steelyard.tasks import Task

EXTRAS = {"snownlp": "zh"}


CLEANING = ("normalize", "pii")
KEEP = ", or say task.personal: keep"


def place_of(source: Source) -> str:
    """What a person calls this source."""
    if source.package:
        return f"package:{source.package}/{source.file or ''}".rstrip("/")
    return source.path or source.reader.name


def check_sources(product: ProductFile, task: Task) -> None:
    """SpecError for sources and operators that can never work, before anything is read."""
    file, problems = product.path.name, []
    for i, source in enumerate(product.spec.data.sources):
        own = get("readers", source.reader.name).brings_data
        given = source.path is not None or source.package is not None
        if own == given:
            expected = "no 'path' and no 'package'" if own else "a 'path' or a 'package'"
            problems.append(
                f"{file}: data.sources.{i}: expected {expected} with reader '{source.reader.name}', found {'one' if given else 'neither'}"
            )
    named = [kind.name for kind in operators_of(product, task)]
    problems += _uncleaned(file, named, task)
    for name in named:
        wanted = get("operators", name).content
        if wanted not in ("any", task.content):
            problems.append(
                f"{file}: data.operators: expected operators for {task.content}, found '{name}' for {wanted}; leave it out"
            )
    if problems:
        raise SpecError(problems)


def _uncleaned(file: str, named: list[str], task: Task) -> list[str]:
    """What only one of records and requests would go through, where places are told."""
    problems = []
    if task.cleans:
        missing = [name for name in task.cleans if name not in named]
        more = [name for name in named if name in CLEANING and name not in task.cleans]
        for name in missing:
            problems.append(
                f"{file}: data.operators: expected '{name}', since what users send goes through it, found {named}; add it{KEEP if name == 'pii' else ''}"
            )
        for name in more:
            problems.append(
                f"{file}: data.operators: expected no '{name}', since what users send does not go through it, found it; leave it out, or say task.personal: mask"
            )
    return problems


def bytes_of(product: ProductFile) -> int:
    """Of every file of every source."""
    files = (path for s in product.spec.data.sources for path in files_of(s, product.folder))
    return sum(path.stat().st_size for path in files)


def fingerprint(source: Source, base: Path) -> str:
    """Hash of every file's place and bytes, so that changed data are read again."""
    root, digest = root_of(source, base), hashlib.sha256()
    for path in files_of(source, base):
        # the folder a file lies in may be its label
        place = os.fsencode(path.relative_to(root) if root and root.is_dir() else path.name)
        digest.update(b"%d %s\n" % (len(place), place))
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise DataError(
                str(path),
                "a file that can be read",
                str(error.strerror),
                "change its mode or its owner",
            ) from error
    return digest.hexdigest()


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
    path = placed(base, source.path)
    if not path.exists():
        raise DataError(str(path), "a file or folder", "nothing there", "correct the path")
    if not (path.is_file() or path.is_dir()):  # a pipe or a device may never end
        raise DataError(str(path), "a file or folder", "a pipe or a device", "write it to a file")
    return path


def _in_package(package: str, file: str | None) -> Path:
    module_spec = find_spec(package)  # a name without dots is located without running its code
    if module_spec is None or not module_spec.origin:
        extra = EXTRAS.get(package)
        wanted = f"steelyard[{extra}]" if extra else package
        raise Missing(
            f"package:{package}", "an installed package", "none", f"run: pip install '{wanted}'"
        )
    folder = Path(module_spec.origin).parent if module_spec.has_location else None
    if folder is None or not (folder / (file or "")).exists():
        raise Missing(
            f"package:{package}/{file or ''}".rstrip("/"),
            "a file of that package",
            "nothing there",
            f"'{package}' is installed and holds no such file: correct 'file'",
        )
    return folder / (file or "")

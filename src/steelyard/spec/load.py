"""Read product.yaml and say where each mistake stands. Knows no store; asks a task for its options.

Every problem is one line: `product.yaml:6:3 serve.canry: not a field; did you mean 'canary'?`
Example: `product = load(Path("product.yaml"))`
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from steelyard.errors import SpecError
from steelyard.plugins import get, names
from steelyard.spec.kinds import (
    filled,
    opened_task,
    undecoded,
    unpriced,
    unregistered,
    why_not,
    wrong_settings,
)
from steelyard.spec.looks import quoted
from steelyard.spec.mistakes import is_model, line_of, place, shown_of, told
from steelyard.spec.model import Product
from steelyard.spec.renamed import as_now
from steelyard.spec.written import Unreadable, Written, tree_of

SPEC_BYTES_MAX = 1_000_000
# Of a URL: up to its last @, since a password may hold one; and where it is a word of the query.
_PASSWORD = re.compile(r"(://[^:/@\s'\"]*:)\S+@|([?&](?:ssl)?password=)[^&\s'\"]+", re.IGNORECASE)


@dataclass(frozen=True)
class ProductFile:
    """A valid product, where it was read, and the hash that goes with each turn."""

    spec: Product
    path: Path
    sha256: str
    text: str = ""

    @property
    def folder(self) -> Path:
        return self.path.parent


def placed(folder: Path, named: str) -> Path:
    """Where a path that a product file names lies: relative to that file; `~` is the user's home."""
    try:
        return folder / Path(named).expanduser()
    except (RuntimeError, ValueError):  # no such user, or a name that none can have
        return folder / named


def load(path: str | Path) -> ProductFile:
    """Parse and validate; SpecError lists every problem with its line and column."""
    file = Path(path)
    text = _read(file)
    tree = _parse(file, text)
    spec = _validated(file, tree, tree.plain())
    problems = [
        *unregistered(file, tree, spec),
        *wrong_settings(file, tree, spec),
        *undecoded(file, tree, spec),
        *unpriced(file, tree, spec),
        *_missing_files(file, tree, spec),
    ]
    if problems:
        raise SpecError(problems)
    return _product(filled(spec), file, text)


def as_it_was(text: str, path: Path) -> ProductFile:
    """The product file of an earlier turn, read from its text: what it names may be gone, and its
    fields may have had other names."""
    tree = _parse(path, text)
    return _product(_validated(path, tree, as_now(tree.plain())), path, text)


def without_passwords(text: str) -> str:
    """A product file that may be kept and shown: the password of a ledger's URL is left out."""
    return _PASSWORD.sub(lambda m: f"{m[1]}***@" if m[1] else f"{m[2]}***", text)


def _validated(file: Path, tree: Written, values: Any) -> Product:
    problems: list[dict[str, Any]] = []
    spec, kind = None, _options_of(values)
    try:
        spec = Product.model_validate(values)
    except ValidationError as error:
        problems += told(error)
    if kind is not None:
        given = {k: v for k, v in values["task"].items() if k != "name"}
        try:
            options = kind.model_validate(given)
        except ValidationError as error:
            problems += [e | {"loc": ("task", *e["loc"])} for e in told(error)]
    if problems or spec is None:
        raise SpecError([line_of(file, tree, e, kind) for e in problems])
    if kind is None:
        return spec
    task = spec.task.model_validate({"name": spec.task.name, **options.model_dump(mode="json")})
    return spec.model_copy(update={"task": task})


def _options_of(values: Any) -> type[BaseModel] | None:
    """What the named task takes; None where no such task can be used, which is told elsewhere."""
    task = values.get("task") if isinstance(values, dict) else None
    name = task.get("name") if isinstance(task, dict) else None
    if not isinstance(name, str) or name not in names("tasks") or why_not("tasks", name):
        return None
    options = getattr(get("tasks", name), "Options", None)
    return options if is_model(options) else None


def _product(spec: Product, file: Path, text: str) -> ProductFile:
    canonical = json.dumps(spec.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    sha256 = hashlib.sha256(canonical.encode()).hexdigest()
    return ProductFile(spec, file.resolve(), sha256, text)


def _read(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SpecError(
            [f"{file}: expected a product file, found nothing; run: steelyard init"]
        ) from None
    except (IsADirectoryError, PermissionError) as error:
        raise SpecError([f"{file}: expected a readable file, found {error.strerror}"]) from None
    if len(raw) > SPEC_BYTES_MAX:
        raise SpecError([f"{file}: expected at most {SPEC_BYTES_MAX} bytes, found {len(raw)}"])
    try:
        return raw.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SpecError(
            [
                f"{file}:{line}:1 expected UTF-8, found byte {raw[error.start]:#x}; save the file as UTF-8"
            ]
        ) from None


def _parse(file: Path, text: str) -> Written:
    try:
        tree = tree_of(text)
    except Unreadable as error:
        line, column = error.place
        raise SpecError([f"{file}:{line}:{column} {error}"]) from None
    if not isinstance(tree.value, dict):
        raise SpecError(
            [f"{file}:1:1 expected fields such as 'product:' and 'task:', found {shown_of(tree)}"]
        )
    return tree


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _missing_files(file: Path, tree: Written, spec: Product) -> list[str]:
    problems = []
    for i, source in enumerate(spec.data.sources):
        if source.path is None or _exists(placed(file.parent, source.path)):
            continue
        where = f"{place(file, tree, ('data', 'sources', i, 'path'))} data.sources.{i}.path"
        problems.append(
            f"{where}: expected a file or folder, found nothing at {quoted(source.path)}; correct the path (it is relative to the product file)"
        )
    task = opened_task(spec)
    labels = list(task.classes) if task is not None else []
    for i, source in enumerate(spec.data.sources if labels else ()):
        wrong = {source.every_label, *source.names.values()} - set(labels) - {None}
        if wrong:
            where = f"{place(file, tree, ('data', 'sources', i))} data.sources.{i}"
            problems.append(
                f"{where}: expected labels in {labels}, found {sorted(map(str, wrong))}"
            )
    return problems

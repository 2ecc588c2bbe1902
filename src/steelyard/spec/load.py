"""Read product.yaml and say where each mistake stands. Knows no store and no task code.

Every problem is one line: `product.yaml:6:3 serve.canry: not a field; did you mean 'canary'?`
Example: `product = load(Path("product.yaml"))`
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from steelyard.errors import SpecError
from steelyard.plugins import names
from steelyard.spec.model import Product
from steelyard.spec.written import tree_of, written

SPEC_BYTES_MAX = 1_000_000
NODES_MAX = 100_000  # a few lines of aliases can stand for more than the memory holds
Path_ = tuple[str | int, ...]
_PASSWORD = re.compile(r"(://[^:/@\s'\"]*:)[^@\s]+@")


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
    except RuntimeError:  # no such user
        return folder / named


def load(path: str | Path) -> ProductFile:
    """Parse and validate; SpecError lists every problem with its line and column."""
    file = Path(path)
    text = _read(file)
    tree, spec = _validated(file, text)
    problems = [*_unregistered(file, tree, spec), *_missing_files(file, tree, spec)]
    if problems:
        raise SpecError(problems)
    return _product(spec, file, text)


def as_it_was(text: str, path: Path) -> ProductFile:
    """The product file of an earlier turn, read from its text: what it names may be gone."""
    return _product(_validated(path, text)[1], path, text)


def without_passwords(text: str) -> str:
    """A product file that may be kept and shown: the password of a ledger's URL is left out."""
    return _PASSWORD.sub(r"\1***@", text)


def _validated(file: Path, text: str) -> tuple[CommentedMap, Product]:
    tree = _parse(file, text)
    try:
        return tree, Product.model_validate(_plain(tree, [0]))
    except ValidationError as error:
        raise SpecError([_line(file, text, tree, e) for e in _told(error)]) from None
    except _Unreadable as error:
        raise SpecError([f"{file}:1:1 {error}"]) from None


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
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SpecError(
            [
                f"{file}:{line}:1 expected UTF-8, found byte {raw[error.start]:#x}; save the file as UTF-8"
            ]
        ) from None


def _parse(file: Path, text: str) -> Any:
    try:
        tree = tree_of(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise SpecError(
            [f"{file}:{at} expected YAML, found: {error.problem or error.context}"]
        ) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise SpecError(
            [f"{file}:1:1 expected YAML, found: {str(error).splitlines()[0]}"]
        ) from None
    if not isinstance(tree, CommentedMap):
        raise SpecError(
            [f"{file}:1:1 expected fields such as 'product:' and 'task:', found {_kind(tree)}"]
        )
    return tree


class _Unreadable(ValueError):
    """YAML that is not a product file."""


def _plain(node: Any, seen: list[int]) -> Any:
    """Plain Python values; `seen` counts them."""
    seen[0] += 1
    if seen[0] > NODES_MAX:
        raise _Unreadable(f"expected at most {NODES_MAX} values, found more; do not nest aliases")
    if isinstance(node, CommentedMap):
        return {str(k): _plain(v, seen) for k, v in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(v, seen) for v in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node)
    if isinstance(node, str) and any("\ud800" <= c <= "\udfff" for c in node):
        raise _Unreadable("expected text, found half of a surrogate pair (\\ud800 to \\udfff)")
    return str(node) if isinstance(node, str) else node


def _told(error: ValidationError) -> list[dict[str, Any]]:
    """Errors worth telling: a list that seems too short because its parts are wrong is not."""
    found: list[dict[str, Any]] = [dict(e) for e in error.errors()]
    parts = {e["loc"][:n] for e in found for n in range(len(e["loc"]))}
    return [e for e in found if e["type"] != "too_short" or e["loc"] not in parts]


def _kind(value: Any) -> str:
    words: dict[type, str] = {dict: "fields", list: "a list", str: "a text", type(None): "nothing"}
    return next((w for t, w in words.items() if isinstance(value, t)), repr(value))


def place(file: Path, tree: Any, path: Path_) -> str:
    """`file:line:col` of a field, or of the section that should hold it."""
    line, column, node = 0, 0, tree
    for part in path:
        try:
            if isinstance(node, CommentedMap):
                line, column = node.lc.key(part)
            elif isinstance(node, CommentedSeq):
                line, column = node.lc.item(part)
            node = node[part]
        except (KeyError, IndexError, TypeError):
            break
    return f"{file}:{line + 1}:{column + 1}"


def _line(file: Path, text: str, tree: Any, error: dict[str, Any]) -> str:
    path = tuple(error["loc"])
    where = f"{place(file, tree, path)} {'.'.join(map(str, path)) or 'file'}"
    return f"{where}: {_said(error, path)}{_quote(error, written(text, tree, path))}"


def _quote(error: dict[str, Any], said: str) -> str:
    """YAML takes 0, 001, true and a date for other things than texts."""
    scalar = not isinstance(error.get("input"), (dict, list, str))
    return f'; quote it: "{said}"' if error["type"] == "string_type" and scalar and said else ""


# Where the words of pydantic name classes of Python.
_EXPECTED = {
    "model_type": "fields below it; give one, or leave the line out",
    "dict_type": "pairs such as {name: value}",
    "tuple_type": "a list",
    "decimal_type": "a number",
    "string_too_short": "a text that is not empty",
}


def _said(error: dict[str, Any], path: Path_) -> str:
    if error["type"] == "extra_forbidden":
        known = list(_fields(path[:-1]))
        close = difflib.get_close_matches(str(path[-1]), known, n=1)
        return (
            f"not a field; did you mean '{close[0]}'?"
            if close
            else f"not a field; expected one of {known}"
        )
    if error["type"] == "missing":
        about = _fields(path[:-1]).get(str(path[-1]), "")
        return "missing" + (f"; add it: {about}" if about else "; add it")
    message = str(error["msg"]).removeprefix("Value error, ")
    message = message.removeprefix("Input should be ").removeprefix("a valid ")
    if error["type"] == "too_short":
        least = error["ctx"]["min_length"]
        return f"expected at least {least} of them, found {error['ctx']['actual_length']}"
    if error["type"] == "value_error":  # a validator of ours says the whole of it
        return message
    found = error.get("input")
    shown = _kind(found) if isinstance(found, (dict, list)) or found is None else repr(found)
    return f"expected {_EXPECTED.get(error['type'], message)}, found {shown}"


def _fields(path: Path_) -> dict[str, str]:
    """Field names and descriptions of the section at `path`."""
    model: Any = Product
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if _is_model(model) else None
        model = _model_of(field.annotation) if field else None
    if not _is_model(model):
        return {}
    return {name: f.description or "" for name, f in model.model_fields.items()}


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _model_of(annotation: Any) -> Any:
    inner = [annotation, *get_args(annotation)]
    return next((a for a in inner if _is_model(a)), None)


def _unregistered(file: Path, tree: Any, spec: Product) -> list[str]:
    """Names that must be registered kinds: the task, readers, operators, compressors."""
    asked: list[tuple[str, Path_, str]] = [("tasks", ("task", "name"), spec.task.name)]
    asked += [
        ("readers", ("data", "sources", i, "reader"), s.reader)
        for i, s in enumerate(spec.data.sources)
    ]
    asked += [
        ("operators", ("data", "operators", i), name)
        for i, name in enumerate(spec.data.operators or ())
    ]
    asked += [
        ("compressors", ("compress", "variants", i), name)
        for i, name in enumerate(spec.compress.variants)
    ]
    problems = []
    for group, path, name in asked:
        known = names(group)
        if name in known:
            continue
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else "install the package that brings it"
        where = f"{place(file, tree, path)} {'.'.join(map(str, path))}"
        problems.append(f"{where}: expected one of {known}, found '{name}'; {hint}")
    return problems


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _missing_files(file: Path, tree: Any, spec: Product) -> list[str]:
    problems = []
    for i, source in enumerate(spec.data.sources):
        if source.path is None or _exists(placed(file.parent, source.path)):
            continue
        where = f"{place(file, tree, ('data', 'sources', i, 'path'))} data.sources.{i}.path"
        problems.append(
            f"{where}: expected a file or folder, found nothing at '{source.path}'; correct the path (it is relative to the product file)"
        )
    labels = set(spec.task.labels)
    for i, source in enumerate(spec.data.sources):
        wrong = {source.every_label, *source.names.values()} - labels - {None}
        if wrong:
            where = f"{place(file, tree, ('data', 'sources', i))} data.sources.{i}"
            problems.append(
                f"{where}: expected labels in {list(spec.task.labels)}, found {sorted(map(str, wrong))}"
            )
    return problems

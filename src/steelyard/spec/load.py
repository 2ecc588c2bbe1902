"""Read product.yaml and say where each mistake stands. Knows no store; asks a task for its options.

Every problem is one line: `product.yaml:6:3 serve.canry: not a field; did you mean 'canary'?`
Example: `product = load(Path("product.yaml"))`
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from steelyard.errors import SpecError
from steelyard.near import near
from steelyard.plugins import get, names
from steelyard.spec.looks import escaped, quoted
from steelyard.spec.model import Product, TaskSpec
from steelyard.spec.renamed import as_now, now_called
from steelyard.spec.section import LABEL_LENGTH_MAX, PATTERNS, Kind, NoSettings
from steelyard.spec.written import Unreadable, Written, tree_of

SPEC_BYTES_MAX = 1_000_000
SHOWN_MAX = 100  # characters of a value
SETTINGS, DECODING = "Settings", "Decoding"  # classes of a kind that say what it may be set to
Path_ = tuple[str | int, ...]
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
        *_unregistered(file, tree, spec),
        *_settings(file, tree, spec),
        *_undecoded(file, tree, spec),
        *_unpriced(file, tree, spec),
        *_missing_files(file, tree, spec),
    ]
    if problems:
        raise SpecError(problems)
    return _product(_filled(spec), file, text)


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
        problems += _told(error)
    if kind is not None:
        given = {k: v for k, v in values["task"].items() if k != "name"}
        try:
            options = kind.model_validate(given)
        except ValidationError as error:
            problems += [e | {"loc": ("task", *e["loc"])} for e in _told(error)]
    if problems or spec is None:
        raise SpecError([_line(file, tree, e, kind) for e in problems])
    if kind is None:
        return spec
    task = spec.task.model_validate({"name": spec.task.name, **options.model_dump(mode="json")})
    return spec.model_copy(update={"task": task})


def _options_of(values: Any) -> type[BaseModel] | None:
    """What the named task takes; None where no such task is registered, which is told elsewhere."""
    task = values.get("task") if isinstance(values, dict) else None
    name = task.get("name") if isinstance(task, dict) else None
    if not isinstance(name, str) or name not in names("tasks"):
        return None
    options = getattr(get("tasks", name), "Options", None)
    return options if _is_model(options) else None


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
            [f"{file}:1:1 expected fields such as 'product:' and 'task:', found {_shown(tree)}"]
        )
    return tree


def _told(error: ValidationError) -> list[dict[str, Any]]:
    """Errors worth telling: a list that seems too short because its parts are wrong is not."""
    problems: list[dict[str, Any]] = [dict(e) for e in error.errors()]
    parts = {e["loc"][:n] for e in problems for n in range(len(e["loc"]))}
    return [e for e in problems if e["type"] != "too_short" or e["loc"] not in parts]


def place(file: Path, tree: Written, path: Path_) -> str:
    """`file:line:col` of a field, or of the section that should hold it."""
    line, column = tree.part(path)[0].at
    return f"{file}:{line}:{column}"


def _line(file: Path, tree: Written, error: dict[str, Any], options: type[BaseModel] | None) -> str:
    path = tuple(error["loc"])
    node, there = tree.part(path)
    said = _said(error, path, _shown(node) if there else "nothing", options)
    named = ".".join(escaped(str(part)) for part in path) or "file"
    return f"{place(file, tree, path)} {named}: {said}{_quote(error, node)}"


def _quote(error: dict[str, Any], node: Written) -> str:
    """YAML takes 0, 001, true and a date for other things than texts."""
    scalar = not isinstance(node.value, (dict, list, str)) and node.spelling
    return f'; quote it: "{node.spelling}"' if error["type"] == "string_type" and scalar else ""


def _shown(node: Written) -> str:
    """A value in words of the file."""
    if isinstance(node.value, (dict, list)):
        return "fields" if isinstance(node.value, dict) else "a list"
    if node.value is None:
        return "nothing"
    long = len(node.spelling) > SHOWN_MAX
    said = f"{node.spelling[:SHOWN_MAX]}..." if long else node.spelling
    return quoted(said) if isinstance(node.value, str) else said


# Where the words of pydantic name classes of Python.
_EXPECTED = {
    "model_type": "fields below it; give one, or leave the line out",
    "dict_type": "pairs such as {name: value}",
    "tuple_type": "a list",
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "string_too_long": f"a text of at most {LABEL_LENGTH_MAX} characters",
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "an integer"
    ),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), "a number"),
}


def _said(error: dict[str, Any], path: Path_, shown: str, options: type[BaseModel] | None) -> str:
    if error["type"] == "extra_forbidden":
        called = now_called(path)
        if called is not None:
            return f"called '{called}' now; write that"
        known = list(_fields(path[:-1], options))
        return f"not a field; {near(str(path[-1]), known) or f'expected one of {known}'}"
    if error["type"] == "missing":
        about = _fields(path[:-1], options).get(str(path[-1]), "")
        return "missing" + (f"; add it: {about}" if about else "; add it")
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] == "too_short":
        least = error["ctx"]["min_length"]
        return f"expected at least {least} of them, found {error['ctx']['actual_length']}"
    if error["type"] == "value_error":  # a validator of ours says the whole of it
        return message
    message = PATTERNS.get(str(error.get("ctx", {}).get("pattern")), message)
    return f"expected {_EXPECTED.get(error['type'], message)}, found {shown}"


def _fields(path: Path_, options: type[BaseModel] | None) -> dict[str, str]:
    """Field names and descriptions of the section at `path`; `options` are those of the task."""
    model: Any = Product
    if path[:1] == ("task",) and options is not None:
        name = TaskSpec.model_fields["name"].description
        own = {"name": name or ""} if len(path) == 1 else {}
        model, path = options, path[1:]
    else:
        own = {}
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if _is_model(model) else None
        model = _model_of(field.annotation) if field else None
    if not _is_model(model):
        return {}
    return own | {name: f.description or "" for name, f in model.model_fields.items()}


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _model_of(annotation: Any) -> Any:
    inner = [annotation, *get_args(annotation)]
    return next((a for a in inner if _is_model(a)), None)


def _unregistered(file: Path, tree: Written, spec: Product) -> list[str]:
    """Names that must be registered kinds: the task, readers, operators, compressors."""
    asked: list[tuple[str, Path_, str]] = [("tasks", ("task", "name"), spec.task.name)]
    asked += [(n.group, n.path, n.kind.name) for n in _kinds(spec)]
    problems = []
    for group, path, name in asked:
        known = names(group)
        if name in known:
            continue
        hint = near(name, known) or "install the package that brings it"
        where = f"{place(file, tree, path)} {'.'.join(map(str, path))}"
        problems.append(f"{where}: expected one of {known}, found {quoted(name)}; {hint}")
    return problems


@dataclass(frozen=True)
class _Named:
    """A kind that a file names with settings of its own, and which class of it says what they are."""

    group: str
    path: Path_
    kind: Kind
    of: str = "Settings"


def _kinds(spec: Product) -> list[_Named]:
    """Every kind that a file names with settings of its own."""
    lists: tuple[tuple[str, Path_, Sequence[Kind], str], ...] = (
        ("operators", ("data", "operators"), spec.data.operators or (), SETTINGS),
        ("methods", ("train", "methods"), spec.train.methods or (), SETTINGS),
        ("compressors", ("compress", "variants"), spec.compress.variants, SETTINGS),
        ("methods", ("compress", "decodings"), spec.compress.decodings, DECODING),
    )
    readers = [
        _Named("readers", ("data", "sources", i, "reader"), source.reader)
        for i, source in enumerate(spec.data.sources)
    ]
    return [
        *readers,
        *(
            _Named(g, (*p, i), kind, of)
            for g, p, kinds, of in lists
            for i, kind in enumerate(kinds)
        ),
    ]


def _settings(file: Path, tree: Written, spec: Product) -> list[str]:
    """Settings that the kinds they are given to do not take."""
    problems: list[str] = []
    for named in _kinds(spec):
        path, kind = named.path, named.kind
        if not kind.settings or kind.name not in names(named.group):
            continue
        model = settings_of(named.group, kind.name, named.of)
        try:
            model.model_validate(kind.settings)
        except ValidationError as error:
            told = [e | {"loc": (*path, kind.name, *e["loc"])} for e in _told(error)]
            problems += [_of_settings(file, tree, e, model, len(path) + 1) for e in told]
    return problems


def _unpriced(file: Path, tree: Written, spec: Product) -> list[str]:
    """Plans of the launch page that have no price."""
    page, priced = spec.market.page, spec.money.plans
    problems = []
    for name in page.plans if page is not None else ():
        if name not in priced:
            path = ("market", "page", "plans", name)
            known = ", ".join(priced) or "it has none"
            hint = near(name, priced) or f"add it there: {name}: {{a_month: ...}}"
            where = f"{place(file, tree, path)} {'.'.join(path)}"
            problems.append(
                f"{where}: expected a plan of money.plans ({known}), found {quoted(name)}; {hint}"
            )
    return problems


def _undecoded(file: Path, tree: Written, spec: Product) -> list[str]:
    """Ways to write that would make no variant: of a method that no turn tries, or without settings."""
    task = _opened(spec) if spec.compress.decodings else None
    tried = [str(m) for m in spec.train.methods or (task.methods if task is not None else ())]
    problems = []
    for i, kind in enumerate(spec.compress.decodings):
        where = f"{place(file, tree, ('compress', 'decodings', i))} compress.decodings.{i}"
        if kind.name in names("methods") and kind.name not in tried:
            problems.append(
                f"{where}: expected a method that is tried, one of {tried}, found {quoted(kind.name)}; name it in train.methods too"
            )
        elif not kind.settings:
            problems.append(
                f"{where}: expected settings of how {quoted(kind.name)} writes, found none; say them below it, or leave it out: it is measured as it writes by default"
            )
    return problems


def settings_of(group: str, name: str, of: str = SETTINGS) -> type[BaseModel]:
    """What a registered kind may be set to; `NoSettings` for one that does not say."""
    model = getattr(get(group, name), of, NoSettings)
    return model if _is_model(model) else NoSettings


def _of_settings(
    file: Path, tree: Written, error: dict[str, Any], model: type[BaseModel], depth: int
) -> str:
    path = tuple(error["loc"])
    node, there = tree.part(path)
    named = ".".join(escaped(str(part)) for part in path)
    if error["type"] == "extra_forbidden":
        known = list(model.model_fields)
        said = "not a setting; " + (
            near(str(path[-1]), known)
            or (f"expected one of {known}" if known else f"{path[depth - 1]} has none")
        )
    else:
        said = _said(error, path, _shown(node) if there else "nothing", None)
    return f"{place(file, tree, path)} {named}: {said}{_quote(error, node)}"


def _opened(spec: Product) -> Any:
    """The task with its options; None for one that is not registered or lacks what it must say."""
    if spec.task.name not in names("tasks"):
        return None
    kind = get("tasks", spec.task.name)
    if not _is_model(getattr(kind, "Options", None)) or not hasattr(kind, "classes"):
        return None
    return kind(kind.Options.model_validate(spec.task.options))


def _filled(spec: Product) -> Product:
    """Settings that the file gives, with the defaults of those that it leaves out. A kind without any is not
    asked: a command that only reads loads none."""

    def whole(group: str, kind: Kind, of: str = SETTINGS) -> Kind:
        if not kind.settings:
            return kind
        settings = settings_of(group, kind.name, of).model_validate(kind.settings)
        return kind.model_copy(update={"settings": settings.model_dump(mode="json")})

    def each(
        group: str, kinds: Sequence[Kind] | None, of: str = SETTINGS
    ) -> tuple[Kind, ...] | None:
        return None if kinds is None else tuple(whole(group, kind, of) for kind in kinds)

    sources = tuple(
        s.model_copy(update={"reader": whole("readers", s.reader)}) for s in spec.data.sources
    )
    data = {"sources": sources, "operators": each("operators", spec.data.operators)}
    return spec.model_copy(
        update={
            "data": spec.data.model_copy(update=data),
            "train": spec.train.model_copy(update={"methods": each("methods", spec.train.methods)}),
            "compress": spec.compress.model_copy(
                update={
                    "variants": each("compressors", spec.compress.variants),
                    "decodings": each("methods", spec.compress.decodings, DECODING),
                }
            ),
        }
    )


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
    task = _opened(spec)
    labels = list(task.classes) if task is not None else []
    for i, source in enumerate(spec.data.sources if labels else ()):
        wrong = {source.every_label, *source.names.values()} - set(labels) - {None}
        if wrong:
            where = f"{place(file, tree, ('data', 'sources', i))} data.sources.{i}"
            problems.append(
                f"{where}: expected labels in {labels}, found {sorted(map(str, wrong))}"
            )
    return problems

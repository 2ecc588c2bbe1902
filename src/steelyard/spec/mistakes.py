"""How a mistake in a product file is told: where it stands, what was expected there and what was found.

Knows no kind. Example: `line_of(file, tree, error, None)` is one line for an error of pydantic
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from steelyard.near import near
from steelyard.spec.looks import escaped, quoted
from steelyard.spec.model import Product, TaskSpec
from steelyard.spec.renamed import now_called
from steelyard.spec.section import LABEL_LENGTH_MAX, PATTERNS
from steelyard.spec.written import Written

SHOWN_MAX = 100  # characters of a value
Path_ = tuple[str | int, ...]


def told(error: ValidationError) -> list[dict[str, Any]]:
    """Errors worth telling: a list that seems too short because its parts are wrong is not."""
    problems: list[dict[str, Any]] = [dict(e) for e in error.errors()]
    parts = {e["loc"][:n] for e in problems for n in range(len(e["loc"]))}
    return [e for e in problems if e["type"] != "too_short" or e["loc"] not in parts]


def place(file: Path, tree: Written, path: Path_) -> str:
    """`file:line:col` of a field, or of the section that should hold it."""
    line, column = tree.part(path)[0].at
    return f"{file}:{line}:{column}"


def line_of(
    file: Path, tree: Written, error: dict[str, Any], options: type[BaseModel] | None
) -> str:
    path = tuple(error["loc"])
    node, there = tree.part(path)
    said = said_of(error, path, shown_of(node) if there else "nothing", options)
    named = ".".join(escaped(str(part)) for part in path) or "file"
    return f"{place(file, tree, path)} {named}: {said}{quote_of(error, node)}"


def quote_of(error: dict[str, Any], node: Written) -> str:
    """YAML takes 0, 001, true and a date for other things than texts."""
    scalar = not isinstance(node.value, (dict, list, str)) and node.spelling
    return f'; quote it: "{node.spelling}"' if error["type"] == "string_type" and scalar else ""


def shown_of(node: Written) -> str:
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


def said_of(error: dict[str, Any], path: Path_, shown: str, options: type[BaseModel] | None) -> str:
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
    of_mapping = False  # the next part is a name that the file gives
    for part in path:
        if isinstance(part, int) or of_mapping:
            of_mapping = False
            continue
        field = model.model_fields.get(part) if is_model(model) else None
        model = _model_of(field.annotation) if field else None
        of_mapping = field is not None and _is_mapping(field.annotation)
    if not is_model(model):
        return {}
    return own | {name: f.description or "" for name, f in model.model_fields.items()}


def is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _is_mapping(annotation: Any) -> bool:
    return any(get_origin(a) in (dict, Mapping) for a in (annotation, *get_args(annotation)))


def _model_of(annotation: Any) -> Any:
    inner = [annotation, *get_args(annotation)]
    inner += [a for one in get_args(annotation) for a in get_args(one)]
    return next((a for a in inner if is_model(a)), None)

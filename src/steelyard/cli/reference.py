"""The page of every setting, written from the specification itself. Knows no product.

`python -m steelyard.cli.reference > docs/en/product.md`
"""

from __future__ import annotations

import sys
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from steelyard.plugins import names
from steelyard.spec import Product

_HEAD = """# product.yaml

Written by `python -m steelyard.cli.reference`; `steelyard schema` prints the same as JSON schema.
A field that is not here is an error that names its line. Money is in the product's currency.
"""


def reference() -> str:
    """The whole page: one table for each section, then the registered kinds."""
    parts = [_HEAD, _table("product.yaml", Product)]
    parts += [_table(path, model) for path, model in _sections("", Product)]
    parts.append("## Registered kinds\n")
    groups = ("tasks", "readers", "operators", "compressors", "runtimes")
    parts.append("\n".join(f"- {group}: {', '.join(names(group))}" for group in groups))
    return "\n".join(parts) + "\n"


def _sections(path: str, model: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    found: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        inner = _model(field.annotation)
        if inner is not None:
            place = f"{path}.{name}".lstrip(".")
            found += [(place, inner), *_sections(place, inner)]
    return found


def _model(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _table(path: str, model: type[BaseModel]) -> str:
    rows = [f"## {path}\n", "| field | default | what it says |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if field.default is PydanticUndefined:
            default = "required"
        elif isinstance(field.default, BaseModel):
            default = "see below"
        else:
            default = f"`{_plain(field.default)}`"
        said = field.description or (
            "section" if _model(field.annotation) else _type(field.annotation)
        )
        rows.append(f"| `{name}` | {default} | {said} |")
    return "\n".join(rows) + "\n"


def _plain(value: Any) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else str(value)


def _type(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else "text"


if __name__ == "__main__":
    sys.stdout.write(reference())

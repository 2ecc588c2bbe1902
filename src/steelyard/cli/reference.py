"""The pages of every setting, written from the specification itself. Knows no product.

`python -m steelyard.cli.reference` rewrites docs/en/product.md and docs/zh/product.md.
"""

from __future__ import annotations

import sys
import types
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from steelyard.cli.reference_zh import ZH
from steelyard.errors import SteelyardError
from steelyard.files import write
from steelyard.plugins import names
from steelyard.spec import Product
from steelyard.spec.kinds import DECODING, settings_of
from steelyard.spec.model import TaskSpec
from steelyard.spec.section import Kind
from steelyard.tasks import task_kind

LANGUAGES = ("en", "zh")
_HEAD = {
    "en": """# product.yaml

[中文](../zh/product.md)

Written by `python -m steelyard.cli.reference`; `steelyard schema` prints the same as JSON schema.
A field that is not here is an error that names its line. Money is in the product's currency.
""",
    "zh": """# product.yaml

[English](../en/product.md)

由 `python -m steelyard.cli.reference` 写成；`steelyard schema` 以 JSON schema 打印同样的内容。这里没有的字段
就是错误，并会指出所在的行。金额以产品的货币计。
""",
}
_COLUMNS = {"en": "field|default|takes|what it says", "zh": "字段|默认|取值|说明"}
_WORDS = {
    "en": {
        "required": "required",
        "below": "see below",
        "kinds": "Registered kinds",
        "or": " or ",
        "to": " to ",
        "from": "from {}",
        "above": "above {}",
        "list": "a list",
        "fields": "fields",
        "text": "text",
        "kind": "a registered kind",
        "nested": "A kind that has settings takes them where it is named: `operators: [normalize, {dedupe: {threshold: 0.9}}]`.",
    },
    "zh": {
        "required": "必填",
        "below": "见下",
        "kinds": "已注册的种类",
        "or": " 或 ",
        "to": " 到 ",
        "from": "不小于 {}",
        "above": "大于 {}",
        "list": "列表",
        "fields": "字段",
        "text": "文本",
        "kind": "已注册的种类",
        "nested": "有设置的种类在写它名字的地方取得设置：`operators: [normalize, {dedupe: {threshold: 0.9}}]`。",
    },
}


def reference(language: str = "en") -> str:
    """The whole page: one table for each section, then the registered kinds."""
    parts = [_HEAD[language], _table("product.yaml", Product, language)]
    for path, model in _sections("", Product):
        parts.append(_table(path, model, language))
        if path == "task":
            parts += [
                _table(f"task: {{name: {name}}}", options, language)
                for name, options in task_options().items()
            ]
    parts.append(f"## {_WORDS[language]['kinds']}\n")
    groups = (
        "stages",
        "levers",
        "tasks",
        "methods",
        "readers",
        "operators",
        "compressors",
        "runtimes",
    )
    parts.append("\n".join(f"- {group}: {', '.join(names(group))}" for group in groups) + "\n")
    parts.append(_WORDS[language]["nested"] + "\n")
    parts += [_table(f"{group}: {name}", model, language) for group, name, model in kind_settings()]
    return "\n".join(parts).rstrip() + "\n"


def task_options() -> dict[str, type[BaseModel]]:
    """What the section `task` may say besides, by the name of each task that can be used."""
    options = {}
    for name in names("tasks"):
        with suppress(
            SteelyardError
        ):  # a stranger's that breaks the protocol is told where it is used
            options[name] = task_kind(name).Options
    return options


def kind_settings() -> list[tuple[str, str, type[BaseModel]]]:
    """(group, name, what it may be set to) of every kind that has settings of its own."""
    groups = ("readers", "operators", "methods", "compressors")
    kinds = [(group, name, settings_of(group, name)) for group in groups for name in names(group)]
    kinds += [
        ("decodings", name, settings_of("methods", name, DECODING)) for name in names("methods")
    ]
    return [one for one in kinds if one[2].model_fields]


def schema() -> dict[str, Any]:
    """The JSON schema of product.yaml: the section `task` is that of one of the tasks."""
    made = Product.model_json_schema()
    each = []
    for name, options in task_options().items():
        one = options.model_json_schema(ref_template="#/$defs/{model}")
        made["$defs"].update(one.pop("$defs", {}))
        named = {"name": {"const": name, "description": TaskSpec.model_fields["name"].description}}
        one["properties"] = named | one["properties"]
        each.append(one | {"title": name, "required": ["name", *one.get("required", [])]})
    made["$defs"]["TaskSpec"] = {
        "oneOf": each,
        "description": made["$defs"]["TaskSpec"]["description"],
    }
    return made


def _sections(path: str, model: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    sections: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        inner = None if _is_kind(field.annotation) else _model(field.annotation)
        if inner is not None:
            place = f"{path}.{name}".lstrip(".")
            sections += [(place, inner), *_sections(place, inner)]
    return sections


def _model(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _is_kind(annotation: Any) -> bool:
    """A registered kind, or several of them."""
    return annotation is Kind or any(map(_is_kind, get_args(annotation)))


def _table(path: str, model: type[BaseModel], language: str) -> str:
    words = _WORDS[language]
    columns = _COLUMNS[language].split("|")
    rows = [f"## {path}\n", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, field in model.model_fields.items():
        if field.default is PydanticUndefined:
            default = words["required"]
        elif isinstance(field.default, BaseModel):
            default = words["below"]
        else:
            default = "-" if field.default is None else f"`{_plain(field.default)}`"
        said = field.description or "section"
        told = said if language == "en" else ZH[said]
        rows.append(f"| `{name}` | {default} | {_takes(field, words)} | {told} |")
    return "\n".join(rows) + "\n"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, tuple) else str(value)


def _takes(field: Any, words: dict[str, str]) -> str:
    """Choices, or the range of a number, or its type."""
    parts = [p for p in _parts(field.annotation) if p is not types.NoneType]
    if _is_kind(field.annotation):
        return words["kind"] if field.annotation is Kind else words["list"]
    if _model(field.annotation) is not None:
        return words["list"] if get_origin(field.annotation) is tuple else words["fields"]
    if get_origin(parts[0]) is Literal:
        return words["or"].join(f"`{choice}`" for choice in get_args(parts[0]))
    if get_origin(parts[0]) in (tuple, dict):
        return words["list"] if get_origin(parts[0]) is tuple else words["fields"]
    base, limits = _base(parts[0])
    if base is bool:
        return "`true`" + words["or"] + "`false`"
    if base is str:
        return words["text"]
    return _range([*limits, *field.metadata], words) or base.__name__


def _parts(annotation: Any) -> tuple[Any, ...]:
    union = get_origin(annotation) in (types.UnionType, Union)
    return get_args(annotation) if union else (annotation,)


def _base(annotation: Any) -> tuple[Any, list[Any]]:
    """(type, limits) of an annotated type."""
    inner = get_args(annotation)
    if not inner:
        return annotation, []
    limits = [m for extra in inner[1:] for m in getattr(extra, "metadata", [extra])]
    return inner[0], limits


def _range(limits: list[Any], words: dict[str, str]) -> str:
    bound = {
        k: getattr(m, k)
        for m in limits
        for k in ("ge", "gt", "le", "lt")
        if getattr(m, k, None) is not None
    }
    low, high = bound.get("ge", bound.get("gt")), bound.get("le", bound.get("lt"))
    if low is None:
        return ""
    if high is None:
        return words["above" if "gt" in bound else "from"].format(low)
    return f"{low}{words['to']}{high}"


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs")
    for chosen in LANGUAGES:
        write(root / chosen / "product.md", reference(chosen))

"""One number of a product file set in its text, with every comment and the layout as they were. Knows no store.

Example: `with_start("label: {start: 200}  # ours\\n", 300) == "label: {start: 300}  # ours\\n"`
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from steelyard.errors import UserError
from steelyard.spec.written import Unreadable, tree_of

SECTION, FIELD = "label", "start"


def with_start(text: str, total: int) -> str:
    """The text with `label.start` at `total`, set or added; UserError where only a person can see how, as where
    an alias stands for more than this field."""
    made = _edited(text, total)
    wanted = tree_of(text.lstrip("\ufeff")).plain()
    if isinstance(wanted, dict) and isinstance(wanted.get(SECTION) or {}, dict):
        wanted[SECTION] = {**(wanted.get(SECTION) or {}), FIELD: total}
    if made is None or _plain(made) != wanted:
        raise UserError(
            f"{SECTION}.{FIELD}",
            "a number that can be set without changing anything else of the file",
            "one that stands for more, or is written otherwise",
            f"set {SECTION}.{FIELD}: {total} by hand",
        )
    return made


def _plain(text: str) -> Any:
    """None of what can be read no more, as where an alias lost its anchor."""
    try:
        return tree_of(text.lstrip("\ufeff")).plain()
    except Unreadable:
        return None


def _edited(text: str, total: int) -> str | None:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text[len(mark) :]
    end = "\r\n" if "\r\n" in body else "\n"
    root = _node(body)
    if not isinstance(root, MappingNode):
        return None
    found = _field(root, SECTION)
    if found is None:
        return f"{mark}{_appended(body, root, total, end)}"
    key, section = found
    if isinstance(section, ScalarNode) and section.value == "":  # `label:` with nothing behind it
        at = key.end_mark.index + body[key.end_mark.index :].index(":") + 1
        return f"{mark}{body[:at]} {{{FIELD}: {total}}}{body[at:]}"
    if not isinstance(section, MappingNode):
        return None
    start = _field(section, FIELD)
    if start is not None:
        first, last = start[1].start_mark.index, start[1].end_mark.index
        apart = " " if first == last else ""  # `start:` with nothing behind it
        return f"{mark}{body[:first]}{apart}{total}{body[last:]}"
    return f"{mark}{_added(body, section, total, end)}"


def _appended(body: str, root: MappingNode, total: int, end: str) -> str | None:
    """A section behind all others; a file that is one flow mapping has it inside."""
    if root.flow_style:
        return _added(body, root, f"{{{FIELD}: {total}}}", end, name=SECTION)
    apart = "" if body.endswith("\n") or not body else end
    return f"{body}{apart}{end}{SECTION}:{end}  {FIELD}: {total}{end}"


def _added(body: str, inside: MappingNode, value: Any, end: str, *, name: str = FIELD) -> str:
    """One more field in front of the others."""
    at = inside.start_mark.index
    if inside.flow_style:
        more = ", " if inside.value else ""
        return f"{body[: at + 1]}{name}: {value}{more}{body[at + 1 :]}"
    indent = " " * inside.value[0][0].start_mark.column
    return f"{body[:at]}{name}: {value}{end}{indent}{body[at:]}"


def _node(body: str) -> Node | None:
    reader = YAML(typ="safe", pure=True)
    node: Node | None = reader.compose(body)
    return node


def _field(inside: MappingNode, name: str) -> tuple[Node, Node] | None:
    """Key and value of a field, where it stands."""
    return next(
        ((k, v) for k, v in inside.value if isinstance(k, ScalarNode) and k.value == name), None
    )


def start_of(text: str) -> str:
    """How `label.start` is written; empty where it is not."""
    part, there = tree_of(text.lstrip("\ufeff")).part((SECTION, FIELD))
    return re.sub(r"[_,]", "", part.spelling) if there else ""

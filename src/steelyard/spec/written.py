"""YAML as a person wrote it: keys are texts, and a value's own spelling can be asked for.

Knows no field. Example: `tree_of("names: {001: low, true: high}")["names"]["001"] == "low"`
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.tag import Tag

_MERGE = "tag:yaml.org,2002:merge"
_TEXT = "tag:yaml.org,2002:str"
_PLAIN = re.compile(r"[^,\[\]{}#\n]*")


class _TextKeys(RoundTripConstructor):
    """`true`, `001`, `1.0`, `null` and dates are names when they stand before a colon."""

    def construct_mapping(  # type: ignore[override]  # as RoundTripConstructor has it
        self, node: Any, maptyp: Any, deep: bool = False
    ) -> Any:
        for key, _ in getattr(node, "value", ()):
            if isinstance(key, ScalarNode) and key.tag != _MERGE:
                key.ctag = Tag(suffix=_TEXT)
        return super().construct_mapping(node, maptyp, deep=deep)


def tree_of(text: str) -> Any:
    """The tree with places; raises what ruamel.yaml raises."""
    reader = YAML(typ="rt")
    reader.Constructor = _TextKeys
    return reader.load(text)


def written(text: str, tree: Any, path: tuple[str | int, ...]) -> str:
    """The characters of the unquoted value at `path`, empty where nothing stands there."""
    at, node = None, tree
    for part in path:
        try:
            if isinstance(node, CommentedMap):
                at = node.lc.value(part)
            elif isinstance(node, CommentedSeq):
                at = node.lc.item(part)
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return ""
    if at is None:
        return ""
    line, column = at
    found = _PLAIN.match(text.split("\n")[line], column)
    return found.group().strip() if found else ""

"""YAML as a person wrote it: keys are texts, and each value knows its place and its spelling.

Knows no field. Example: `tree_of("names: {001: low}").value["names"].value["001"].value == "low"`
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.docinfo import DocInfo
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

VALUES_MAX = 100_000  # a few lines of aliases can stand for more than the memory holds
DEPTH_MAX = 40
Place = tuple[int, int]  # line and column, from 1
_TAGS = "tag:yaml.org,2002:"
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUE = ("true", "yes", "on", "y")  # the last three in YAML 1.1 alone


class Unreadable(ValueError):
    """No YAML, or YAML that no product file can hold."""

    def __init__(self, said: str, place: Place = (1, 1)) -> None:
        super().__init__(said)
        self.place = place


class NoText:
    """A scalar that YAML takes for what no field holds: a date."""


@dataclass(frozen=True)
class Written:
    """Fields, a list, or a scalar with its `spelling`, which has no tag, anchor and quotes; it
    begins `at` its key, or where it stands in its list."""

    value: Any
    at: Place = (1, 1)
    spelling: str = ""

    def plain(self) -> Any:
        """Without places."""
        if isinstance(self.value, dict):
            return {key: part.plain() for key, part in self.value.items()}
        return [p.plain() for p in self.value] if isinstance(self.value, list) else self.value

    def part(self, path: tuple[str | int, ...]) -> tuple[Written, bool]:
        """What stands at `path`, or the last on the way to it that is there, and whether it is it."""
        node = self
        for step in path:
            held = node.value
            fits = isinstance(step, str) if isinstance(held, dict) else isinstance(held, list)
            if not fits or (
                step not in held if isinstance(held, dict) else step not in range(len(held))
            ):
                return node, False
            node = held[step]
        return node, True


def tree_of(text: str) -> Written:
    """The whole file; Unreadable says where and why it cannot be had."""
    reader = YAML(typ="safe", pure=True)
    reader.max_depth = DEPTH_MAX
    node = _composed(reader, text)
    return Written(None) if node is None else _Tree(reader).of(node, _place(node), depth=0)


def _composed(reader: Any, text: str) -> Node | None:
    """Nodes with their tags, of which nothing is made yet."""
    reader.doc_infos.append(DocInfo())  # where the parser notes `%YAML 1.1`
    try:
        composer = reader.get_constructor_parser(text)[0].composer
        composer.warn_double_anchors = False  # YAML allows an anchor to be set anew
        root: Node | None = composer.get_single_node()
    except MaxDepthExceededError as error:
        raise Unreadable(_DEEP, _marked(error)) from None
    except MarkedYAMLError as error:
        raise Unreadable(f"expected YAML, found: {_problem(error)}", _marked(error)) from None
    except ReaderError as error:
        said = f"found the character {error.character:#06x}"
        raise Unreadable(f"expected text, {said}", _place_of(text, error.position)) from None
    except Exception:  # the parser fails as it may on `\U00110000` and its like
        mark = reader.reader.get_mark()
        raise Unreadable(
            "expected YAML, found what is none", (mark.line + 1, mark.column + 1)
        ) from None
    return root


def _problem(error: MarkedYAMLError) -> str:
    parts = [error.context, error.problem]
    both = str(error.problem).startswith("but ")
    said = ", ".join(part for part in parts if part) if both else error.problem or error.context
    return str(said).splitlines()[0]


def _marked(error: MarkedYAMLError) -> Place:
    mark = error.problem_mark or error.context_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _place_of(text: str, position: int) -> Place:
    before = text[:position].split("\n")
    return len(before), len(before[-1]) + 1


_DEEP = f"expected at most {DEPTH_MAX} levels, found more; do not nest so deep, nor an alias in its own anchor"


class _Tree:
    """Values of nodes. An alias stands for all that its anchor holds, so values are counted."""

    def __init__(self, reader: Any) -> None:
        self.reader, self.left = reader, VALUES_MAX

    def of(self, node: Node, at: Place, *, depth: int) -> Written:
        self.left -= 1
        if self.left < 0:
            raise Unreadable(
                f"expected at most {VALUES_MAX} values, found more; do not nest aliases", at
            )
        if depth > DEPTH_MAX:
            raise Unreadable(_DEEP, at)
        if isinstance(node, ScalarNode):
            return self._scalar(node, at)
        kind = "map" if isinstance(node, MappingNode) else "seq"
        if str(node.tag) != _TAGS + kind:
            raise Unreadable(f"expected no tag, found {_tag(node)}; leave it out", _place(node))
        if isinstance(node, SequenceNode):
            return Written(
                [self.of(part, _place(part), depth=depth + 1) for part in node.value], at
            )
        return Written(self._fields(node, depth=depth), at)

    def _fields(self, node: Node, *, depth: int) -> dict[str, Written]:
        """Those that are merged in (`<<`) stand behind its own, and give way to them."""
        own: dict[str, Written] = {}
        merged: dict[str, Written] = {}
        for key, value in node.value:
            if str(key.tag) == _TAGS + "merge":
                for part in _merged(value):
                    merged = self.of(part, _place(key), depth=depth + 1).value | merged
                continue
            if not isinstance(key, ScalarNode):
                raise Unreadable(
                    "expected a name before the colon, found a list or fields", _place(key)
                )
            if key.value in own:
                raise Unreadable(
                    f"expected each field once, found '{key.value}' twice", _place(key)
                )
            _whole(key)
            own[key.value] = self.of(value, _place(key), depth=depth + 1)
        return own | {name: part for name, part in merged.items() if name not in own}

    def _scalar(self, node: ScalarNode, at: Place) -> Written:
        _whole(node)
        kind = str(node.tag).removeprefix(_TAGS)
        if kind in ("str", "value", "merge"):  # the last two are the texts `=` and `<<`
            return Written(node.value, at, node.value)
        if kind not in _SCALARS:
            raise Unreadable(f"expected no tag, found {_tag(node)}; leave it out", _place(node))
        expected, made = _SCALARS[kind]
        implied = str(self.reader.resolver.resolve(ScalarNode, node.value, (True, False)))
        try:
            if implied.removeprefix(_TAGS) not in (kind, "int" if kind == "float" else kind):
                raise ValueError
            return Written(made(node.value), at, node.value)
        except ValueError:  # too long, or no number for all its tag says
            raise Unreadable(
                f"expected {expected}, found '{node.value[:100]}'", _place(node)
            ) from None


def _merged(node: Node) -> Iterator[Node]:
    """The mappings behind `<<:`, the first of which counts most."""
    parts = node.value if isinstance(node, SequenceNode) else [node]
    for part in parts:
        if not isinstance(part, MappingNode):
            raise Unreadable("expected fields behind '<<:', found something else", _place(node))
        yield part


def _whole(node: ScalarNode) -> None:
    if _SURROGATE.search(node.value):
        raise Unreadable(
            "expected text, found half of a surrogate pair (\\ud800 to \\udfff)", _place(node)
        )


def _tag(node: Node) -> str:
    said = str(node.tag)
    return f"!!{said.removeprefix(_TAGS)}" if said.startswith(_TAGS) else said


def _int(spelling: str) -> int:
    digits = spelling.replace("_", "")
    return int(digits, 10 if digits.lstrip("+-").isdigit() else 0)


def _float(spelling: str) -> float:
    return float(spelling.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "int": ("an integer", _int),
    "float": ("a number", _float),
    "bool": ("true or false", lambda spelling: spelling.lower() in _TRUE),
    "null": ("nothing", lambda spelling: None),
    "timestamp": ("a date", lambda spelling: NoText()),
}

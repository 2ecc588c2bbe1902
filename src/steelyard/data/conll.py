"""Files whose words have tags: one a line as of CoNLL 2003, or `word/tag`. Knows no task.

In the first a blank line ends a text; its tags are BIO, IOB1, BIOES or BMES, as in `B-PER`.
Example: two lines `马 B-name` and `云 I-name` -> content '马云', label [[0, 2, "name"]]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from steelyard.data.reading import FileReader, Raw, Reject
from steelyard.data.streams import NUL, lines_of
from steelyard.spec.model import Source

Token = tuple[str, str]  # the text and its tag
FIRST, LATER, LAST = "BSU", "IMEL", "ESLU"  # of an entity; S and U are all of it
DOCUMENT = "-DOCSTART-"
NO_TAG = "a line without a tag"
TAGGED_ODD = "a word without /tag behind it"
ODD_TAG = "a tag that is neither O nor a letter of BIOES, a hyphen and an entity"


def read_conll(source: Source, path: Path, *, line_bytes_max: int, reject: Reject) -> Iterator[Raw]:
    """One record a text; `names` of a source say what its entities are called here."""
    for number, lines in _texts(path, line_bytes_max, reject):
        where = f"{path.name}:{number}"
        tokens, why = _tokens(lines)
        if why:
            reject(where, why)
        elif tokens:
            content, spans = _joined(tokens)
            yield Raw(None, content, spans, where)


def _texts(path: Path, line_bytes_max: int, reject: Reject) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, lines) of each text."""
    first, lines = 0, list[str]()
    for number, line in lines_of(path, line_bytes_max=line_bytes_max, skip=reject):
        if line.strip() and not line.startswith(DOCUMENT):
            first = first if lines else number
            lines.append(line)
        elif lines:
            yield first, lines
            lines = []
    if lines:
        yield first, lines


def _tokens(lines: Iterable[str]) -> tuple[list[Token], str]:
    """Tokens and tags, or why there are none."""
    tokens = []
    for line in lines:
        cells = line.split("\t") if "\t" in line else line.split()
        if "\0" in line:
            return [], NUL
        if len(cells) < 2 and line[:1].isspace():  # a token that is a space
            cells = [" ", *cells]
        if len(cells) < 2:
            return [], NO_TAG
        cells[0] = cells[0].strip() or " "
        tag = cells[-1].strip()
        if tag != "O" and not (tag[:1] in FIRST + LATER and tag[1:2] in "-_" and len(tag) > 2):
            return [], ODD_TAG
        tokens.append((cells[0], tag))
    return tokens, ""


def _joined(tokens: Iterable[Token]) -> tuple[str, list[list[Any]]]:
    """The text and its spans. A space stands between tokens of which neither is Chinese, but not where
    a Chinese text is written one character a token."""
    tokens = list(tokens)
    by_character = all(len(token) == 1 for token, _ in tokens) and any(_dense(t) for t, _ in tokens)
    text, spans = "", list[list[Any]]()
    open_: str | None = None
    for token, tag in tokens:
        parted = text and not by_character and not (_dense(text[-1]) or _dense(token[0]))
        text += " " if parted and not (text[-1] + token[0]).isspace() else ""
        start, (kind, entity) = len(text), (tag[:1], tag[2:] if tag != "O" else None)
        text += token
        if entity is None:
            open_ = None
            continue
        if kind in FIRST or open_ != entity:
            spans.append([start, len(text), entity])
        else:
            spans[-1][1] = len(text)
        open_ = None if kind in LAST else entity
    return text, spans


def _dense(c: str) -> bool:
    """Whether it is of a script that is written without spaces."""
    return (
        "\u2e80" <= c <= "\u9fff"
        or "\uf900" <= c <= "\ufaff"
        or c >= "\U00020000"
        or "\u3000" <= c <= "\u303f"
        or "\uff00" <= c <= "\uffef"
    )


def read_tagged(
    source: Source, path: Path, *, line_bytes_max: int, reject: Reject
) -> Iterator[Raw]:
    """One text a line, as `江/nr 泽民/nr 发表/v`: words that stand together and have one of the tags
    in `names` are a span. Without `names` every tag is an entity."""
    for number, line in lines_of(path, line_bytes_max=line_bytes_max, skip=reject):
        where = f"{path.name}:{number}"
        words = [word.rpartition("/") for word in line.split()]
        if "\0" in line or not all(slash and text for text, slash, _ in words):
            reject(where, NUL if "\0" in line else TAGGED_ODD)
            continue
        wanted = [tag if not source.names or tag in source.names else None for *_, tag in words]
        tokens = [
            (text, f"I-{tag}" if tag else "O")
            for (text, *_), tag in zip(words, wanted, strict=True)
        ]
        if tokens:
            content, spans = _joined(tokens)
            yield Raw(None, content, spans, where)


CONLL, TAGGED = FileReader(read_conll), FileReader(read_tagged)

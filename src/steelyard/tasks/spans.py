"""Spans of a text as truths and answers: read in the forms that people have. Knows no metric.

A span is [start, end, label], characters [start, end) of the text as its user has it.
Example: `spans_in([{"start": 0, "end": 2, "label": "name"}], ("name",)) == [[0, 2, "name"]]`
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steelyard.tasks.base import Unknown

Spans = list[list[Any]]  # [start, end, label], in order and apart
SPANS_MAX = 10_000
FORM = 'spans as in [{"start": 0, "end": 2, "label": "name"}]'


def spans_in(
    raw: Any,
    entities: Sequence[str],
    *,
    length: int | None = None,
    names: Mapping[str, str | None] | None = None,
) -> Spans:
    """Spans in order; ValueError for what is none, for spans that overlap, and for one that leaves a
    text of `length`; Unknown for an entity that is not among `entities`, some of which have other
    `names`, or None and are left out."""
    if isinstance(raw, str):
        raw = _json(raw)
    if isinstance(raw, Mapping) and isinstance(raw.get("spans"), list):  # an answer, sent back
        raw = raw["spans"]
    named = (_named(span, entities, names or {}) for span in _spans(raw))
    spans = [span for span in named if span is not None]
    if len(spans) > SPANS_MAX:
        raise ValueError(f"expected at most {SPANS_MAX:,} spans, found more")
    spans.sort()
    at = 0
    for start, end, _ in spans:
        if start < at:
            raise ValueError("expected spans that stand apart, found two that overlap")
        if length is not None and end > length:
            raise ValueError("expected spans inside the text, found one that leaves it")
        at = end
    return spans


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"expected {FORM}, found another text") from None


def _spans(raw: Any) -> Iterator[list[Any]]:
    """Spans of a list, or of CLUENER's form {"name": {"叶老桂": [[9, 11]]}}, whose ends are inside."""
    if isinstance(raw, Mapping):
        yield from _by_entity(raw)
        return
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise ValueError(f"expected {FORM}, found {type(raw).__name__}")
    for span in raw:
        if isinstance(span, Mapping) and {"start", "end", "label"} <= span.keys():
            span = [span["start"], span["end"], span["label"]]
        if not isinstance(span, Sequence) or isinstance(span, str | bytes) or len(span) != 3:
            raise ValueError(f"expected {FORM}, found another form")
        yield list(span)


def _by_entity(raw: Mapping[str, Any]) -> Iterator[list[Any]]:
    for entity, texts in raw.items():
        if texts is None:  # a table has a column for every entity
            continue
        if not isinstance(texts, Mapping):
            raise ValueError(f"expected {FORM}, found another form")
        for places in texts.values():
            if not isinstance(places, Sequence) or isinstance(places, str):
                raise ValueError(f"expected {FORM}, found another form")
            for place in places:
                if not isinstance(place, Sequence) or len(place) != 2 or not _whole(place[1]):
                    raise ValueError(f"expected {FORM}, found another form")
                yield [place[0], place[1] + 1, entity]


def _named(
    span: list[Any], entities: Sequence[str], names: Mapping[str, str | None]
) -> list[Any] | None:
    start, end, label = span
    if not _whole(start) or not _whole(end) or not 0 <= start < end:
        raise ValueError("expected a span with 0 <= start < end, found another one")
    if not isinstance(label, str):
        raise ValueError(
            f"expected a span with the name of an entity, found {type(label).__name__}"
        )
    label = names.get(label, label)
    if label is None:
        return None
    if label not in entities:
        raise Unknown(label, f"expected an entity in {list(entities)}, found another one")
    return [start, end, label]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31

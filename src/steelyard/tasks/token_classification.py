"""token_classification: labelled spans of a text. Knows no files, servers or money.

Places are characters of the text as its user sent it.
Example: '马云在杭州' -> [[0, 2, "name"], [3, 5, "address"]]
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, field_validator

from steelyard.goals import Metric
from steelyard.spec.section import LabelName, Section, distinct
from steelyard.tasks.base import LABELLED, Answer, Array, Wire
from steelyard.tasks.places import Placed, placed
from steelyard.tasks.shown import Shown
from steelyard.tasks.spans import Spans, spans_in
from steelyard.tasks.texts import Personal, Texts


class Entities(Personal):
    """The kinds of spans that a product finds."""

    entities: tuple[LabelName, ...] = Field(min_length=1, description="every kind of span")

    @field_validator("entities")
    @classmethod
    def _distinct(cls, entities: tuple[str, ...]) -> tuple[str, ...]:
        return distinct(entities, one="entity", many="entities")


class TokenClassification(Texts):
    """Which spans of a text are which entities; right is a span of the same borders and entity."""

    Options: ClassVar[type[Section]] = Entities
    name: ClassVar[str] = "token_classification"
    answer: ClassVar[str] = "spans"
    words: ClassVar[str] = "entities"
    places: ClassVar[bool] = True
    quality: ClassVar[str] = "span_f1"
    known: ClassVar[Mapping[str, Metric]] = dict.fromkeys(
        ("span_f1", "span_macro_f1", "span_precision", "span_recall"), Metric()
    )
    methods: ClassVar[tuple[str, ...]] = ("dictionary", "fine_tune")

    def __init__(self, options: Entities) -> None:
        self.options, self.entities = options, options.entities
        self.clean_by(options.personal)
        self._index = {entity: i for i, entity in enumerate(self.entities)}

    def parse(self, raw: Any) -> Placed:
        return placed(super().parse(raw))

    def truth(
        self, raw: Any, content: Any = None, names: Mapping[str, str | None] | None = None
    ) -> Spans:
        length = None if content is None else len(content)
        return spans_in(raw, self.entities, length=length, names=names)

    def write(self, truth: Spans) -> str:
        return json.dumps(truth, ensure_ascii=False, separators=(",", ":"))

    def read(self, written: str) -> Spans:
        spans: Spans = json.loads(written)
        return spans

    def moved(self, truth: Spans, content: str) -> Spans:
        """In the characters of a cleaned text; a span of which nothing is left is gone."""
        text, spans, at = placed(content), [], 0
        for start, end, label in truth:
            here = text.here(start, end)
            if here is not None and here[0] >= at:
                spans.append([*here, label])
                at = here[1]
        return spans

    def renamed(self, value: Any, names: Mapping[str, str]) -> Any:
        if not _is_spans(value):  # of a time when this was another product
            return None
        called = [[a, b, w if w in self._index else names.get(w)] for a, b, w in value]
        return called if all(span[2] in self._index for span in called) else None

    @property
    def classes(self) -> tuple[str, ...]:
        return self.entities

    def classes_of(self, truth: Spans) -> tuple[str, ...]:
        return tuple(dict.fromkeys(label for _, _, label in truth))

    def counted_as(self, truth: Spans) -> str:
        return LABELLED

    def counts(self, answers: Sequence[Answer], truths: Sequence[Spans]) -> Any:
        """Dense [n, 3E]: of each entity the spans that were right, those answered, the true ones."""
        import numpy as np

        e = len(self.entities)
        counts = np.zeros((len(truths), 3 * e))
        for row, (answer, truth) in enumerate(zip(answers, truths, strict=True)):
            answered, true = _set(answer.value), _set(truth)
            for column, spans in enumerate((answered & true, answered, true)):
                for _, _, label in spans:
                    counts[row, column * e + self._index[label]] += 1
        return counts

    def metrics(self, sums: Array) -> dict[str, Array]:
        """Of exact spans over all entities together (micro), and the mean F1 of the entities
        (macro; one that neither occurs nor is answered counts 0)."""
        import numpy as np

        e = len(self.entities)
        right, answered, true = (sums[..., i * e : (i + 1) * e] for i in range(3))
        f1 = 2 * right / np.maximum(answered + true, 1)
        r, a, t = right.sum(-1), answered.sum(-1), true.sum(-1)
        return {
            "span_f1": 2 * r / np.maximum(a + t, 1),
            "span_macro_f1": f1.mean(-1),
            "span_precision": r / np.maximum(a, 1),
            "span_recall": r / np.maximum(t, 1),
        }

    def rests_on(self, sums: Array) -> dict[str, Array]:
        """Of the mean over the entities, on how many spans each entity's part rests."""
        return {"span_macro_f1": sums[..., 2 * len(self.entities) :]}

    def detail(self, answers: Sequence[Answer], truths: Sequence[Spans]) -> dict[str, Any]:
        sums = self.counts(answers, truths).sum(axis=0).reshape(3, -1)
        rows = []
        for entity, right, answered, true in zip(self.entities, *sums, strict=True):
            precision, recall = right / max(1.0, answered), right / max(1.0, true)
            f1 = 2 * right / max(1.0, answered + true)
            rows.append([entity, f"{int(true):,}", *(f"{v:.3f}" for v in (precision, recall, f1))])
        columns = {
            "en": ["entity", "true spans", "precision", "recall", "F1"],
            "zh": ["实体", "真实片段", "精确率", "召回率", "F1"],
        }
        title = {"en": "By entity, exact spans", "zh": "按实体，边界须完全一致"}
        return {"tables": [{"title": title, "columns": columns, "rows": rows}]}

    def utility(self, answers: Sequence[Answer], truths: Sequence[Spans]) -> Array:
        """F1 of one text's spans; 1 where there are none and none were answered."""
        import numpy as np

        return np.array([_f1(a.value, t) for a, t in zip(answers, truths, strict=True)])

    def sent(self, answer: Answer) -> dict[str, Any]:
        value = answer.value if _is_spans(answer.value) else []
        known = answer.detail.get("scores") if isinstance(answer.detail, dict) else answer.detail
        scores = known if known and len(known) == len(value) else [None] * len(value)
        spans = [
            {"start": start, "end": end, "label": label, "score": score}
            for (start, end, label), score in zip(value, scores, strict=True)
        ]
        return {"spans": spans, "score": answer.score}

    def noted(self, answer: Answer, value: str) -> dict[str, Any]:
        """The scores, and how long the text was: no answer keeps its text, and what comes back for it is
        to lie inside."""
        return {"scores": answer.detail or [], "length": len(value)}

    def within(self, truth: Spans, noted: Any) -> None:
        """Answers of before 0.4 say no length: nobody knows of them what leaves their text."""
        length = noted.get("length") if isinstance(noted, dict) else None
        if length is not None and truth and truth[-1][1] > length:
            raise ValueError(
                f"expected spans inside the {length:,} characters of the text, found one that ends at {truth[-1][1]:,}"
            )

    def shown(self, sent: Mapping[str, Any]) -> Shown:
        """Where in the text they stand."""
        return Shown(spans=tuple((s["start"], s["end"], s["label"]) for s in sent["spans"]))

    def wire(self) -> Wire:
        share = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
        place = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
        span = {
            "start": place,
            "end": place,
            "label": {"type": "string", "enum": list(self.entities)},
        }
        scored = {
            "type": "object",
            "properties": span | {"score": share},
            "required": [*span, "score"],
            "additionalProperties": False,
        }
        said = "characters [start, end) of the input as it was sent"
        plain = {"type": "object", "properties": span, "required": [*span]}
        answer: dict[str, dict[str, Any]] = {
            "spans": {"type": "array", "items": scored, "description": said},
            "score": share,
        }
        right = [{"start": 0, "end": 2, "label": self.entities[0]}]
        truth = {"type": "array", "items": plain, "description": said}
        return Wire(answer, truth, example=("马云在杭州", right))

    def contract_examples(self) -> list[tuple[Any, Spans]]:
        words = ["很好", "太差", "满意", "great", "失望", "推荐"]
        examples = []
        for i, word in enumerate(words * 4):
            entity = self.entities[i % len(self.entities)]
            text = f"这个{word}，用了一周 {i}"
            examples.append((text, [[2, 2 + len(word), entity]]))
        return examples


def _is_spans(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(s, list) and len(s) == 3 for s in value)


def _set(spans: Spans) -> set[tuple[Any, ...]]:
    return set(map(tuple, spans))


def _f1(answered: Spans, true: Spans) -> float:
    a, t = Counter(map(tuple, answered)), Counter(map(tuple, true))
    total = a.total() + t.total()
    return 2 * (a & t).total() / total if total else 1.0

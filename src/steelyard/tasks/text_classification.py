"""text_classification: one label for one text. Knows no files, servers or money.

Any text, Chinese and English alike. Example: '退货地址填错了' -> 'refund'
"""

from __future__ import annotations

from typing import Any, ClassVar

from steelyard.spec.section import Section
from steelyard.tasks.base import Wire
from steelyard.tasks.classification import Classification, Labels
from steelyard.tasks.texts import Personal, Texts


class TextLabels(Labels, Personal):
    """The labels that texts have."""


class TextClassification(Texts, Classification):
    """Which of the labels a text has."""

    name: ClassVar[str] = "text_classification"
    Options: ClassVar[type[Section]] = TextLabels
    methods: ClassVar[tuple[str, ...]] = ("linear", "fine_tune")

    def __init__(self, options: TextLabels) -> None:
        super().__init__(options)
        self.clean_by(options.personal)

    def wire(self) -> Wire:
        example = ("很好，下次还买", self.labels[0])
        return Wire(self.answer_schema(), self.truth_schema(), example=example)

    def contract_examples(self) -> list[tuple[Any, str]]:
        texts = [
            "很好，下次还买",
            "good, would buy again",
            "太差了",
            "terrible",
            "还行",
            "质量不错",
        ]
        return [(text, self.labels[i % len(self.labels)]) for i, text in enumerate(texts * 4)]

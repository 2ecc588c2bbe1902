"""One spelling for the same text, Chinese punctuation kept. Knows no labels.

Example: `normalize("Ｈｅｌｌｏ　 世界\\u200b！") == "Hello 世界！"`
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import ClassVar

from steelyard.data.operators import Row
from steelyard.spec import Product

# NFKC would also turn ， into , and ① into 1: only letters, digits and the space are folded.
_FULL_WIDTH = {c: c - 0xFEE0 for c in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}  # fmt: skip
_FULL_WIDTH[0x3000] = 0x20
_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff]")  # fmt: skip
_SPACE = re.compile(r"\s+")


def normalize(text: str) -> str:
    """NFC, half-width letters and digits, no invisible characters, single spaces."""
    text = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH)
    return _SPACE.sub(" ", _INVISIBLE.sub("", text)).strip()


class Normalize:
    name: ClassVar[str] = "normalize"
    whole: ClassVar[bool] = False

    def __init__(self, product: Product) -> None:
        return None

    def apply(self, rows: list[Row]) -> tuple[list[Row], dict[str, int]]:
        made = [replace(row, content=normalize(row.content)) for row in rows]
        kept = [row for row in made if row.content]
        changed = sum(a.content != b.content for a, b in zip(rows, made, strict=True))
        return kept, {"changed": changed, "empty": len(made) - len(kept)}

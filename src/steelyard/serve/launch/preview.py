"""The picture that a link to the page shows elsewhere, drawn on this machine. Knows no server.

Every character must be in one font of the machine: a picture of empty boxes is worse than none.
Example: `draw(card, font_for(card.text, "zh"))[:4] == b"\\x89PNG"`
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from steelyard.serve.launch.head import HEIGHT, WIDTH

FOLDERS = (
    "~/.fonts",
    "~/.local/share/fonts",
    "~/Library/Fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
# Families that are made for the screen, those with Chinese behind those without: their Latin is plainer.
FAMILIES = (
    *("DejaVuSans-Bold", "LiberationSans-Bold", "Arial Bold", "arialbd", "Helvetica"),
    *(
        "NotoSansCJK-Bold",
        "NotoSansCJK-Regular",
        "NotoSansSC",
        "SourceHanSans",
        "PingFang",
        "msyhbd",
        "msyh",
    ),
    *("Hiragino", "wqy-microhei", "wqy-zenhei", "simhei", "DroidSansFallback", "STHeiti"),
)
FACES_MAX = 12  # of one file
MARGIN, GROUND, INK, SOFT, ACCENT = 80, "#0f1217", "#f2f5f8", "#a9b4c2", "#58cbc8"
NO_CHARACTER = "\U0010ffff"  # what a font shows for what it has not
WHERE = "a font with every character of the text, such as fonts-noto-cjk or DejaVu Sans"


@dataclass(frozen=True)
class Card:
    """What is written on the picture: lines that are wrapped, and one below that is not."""

    title: str
    summary: str
    below: str

    @property
    def text(self) -> str:
        return f"{self.title}{self.summary}{self.below}"


@dataclass(frozen=True)
class Face:
    """A face of a font file."""

    path: Path
    index: int = 0

    def at(self, size: int) -> Any:
        from PIL import ImageFont

        return ImageFont.truetype(str(self.path), size, index=self.index)


def font_for(text: str, language: str) -> Face | None:
    """The first face of this machine with every visible character of the text; of files with faces
    for several countries that of the language. None where there is none."""
    for path in _files():
        for face in _faces(path, language):
            if _covers(face, text):
                return face
    return None


def draw(card: Card, face: Face) -> bytes:
    """A PNG of 1200 x 630."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 14, HEIGHT), fill=ACCENT)
    y = float(MARGIN)
    for words, size, colour, lines in ((card.title, 84, INK, 2), (card.summary, 42, SOFT, 4)):
        font = face.at(size)
        for line in _wrapped(words, font, WIDTH - 2 * MARGIN, lines):
            pen.text((MARGIN, y), line, font=font, fill=colour)
            y += size * 1.3
        y += 22
    font = face.at(32)
    below = next(_wrapped(card.below, font, WIDTH - 2 * MARGIN, 1), "")
    pen.text((MARGIN, HEIGHT - MARGIN - 32), below, font=font, fill=ACCENT)
    made = io.BytesIO()
    image.save(made, format="PNG", optimize=True)
    return made.getvalue()


@cache
def _files() -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for folder in (Path(name).expanduser() for name in FOLDERS):
        if folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if path.suffix.lower() in (".ttf", ".ttc", ".otf"):
                    found.setdefault(path.stem.lower(), path)
    ranked = [
        next((path for stem, path in found.items() if stem.startswith(family.lower())), None)
        for family in FAMILIES
    ]
    return tuple(dict.fromkeys(path for path in ranked if path is not None))


def _faces(path: Path, language: str) -> Iterator[Face]:
    """Of a collection the face for Chinese as it is written on the mainland comes first."""
    faces = []
    for index in range(FACES_MAX if path.suffix.lower() == ".ttc" else 1):
        try:
            name = Face(path, index).at(16).getname()[0] or ""
        except OSError:  # no further face, or none that can be read
            break
        faces.append((language == "zh" and not name.endswith("SC"), index))
    for _, index in sorted(faces)[:1]:
        yield Face(path, index)


def _covers(face: Face, text: str) -> bool:
    font = face.at(24)
    absent = _shape(font, NO_CHARACTER)
    letters = {c for c in text if not c.isspace() and unicodedata.category(c) != "Cf"}
    return all(_shape(font, c) != absent for c in letters)


def _shape(font: Any, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


def _wrapped(words: str, font: Any, room: int, most: int) -> Iterator[str]:
    """At most so many lines; what is left out is an ellipsis."""
    pieces, line = _pieces(words), ""
    for n, piece in enumerate(pieces):
        if line and font.getlength(line + piece.rstrip()) > room:
            if most == 1:
                break
            yield line.rstrip()
            most, line = most - 1, ""
        line += piece if line else piece.lstrip()
        if font.getlength(line.rstrip()) > room:  # a word that is wider than the picture
            pieces = pieces[: n + 1]
            yield _cut(line, font, room)
            return
    else:
        if line:
            yield line.rstrip()
        return
    yield _cut(line + "…", font, room)


def _cut(line: str, font: Any, room: int) -> str:
    line = line.rstrip().removesuffix("…").rstrip()
    while line and font.getlength(line + "…") > room:
        line = line[:-1].rstrip()
    return line + "…"


def _pieces(words: str) -> list[str]:
    """Words with the space behind them; wide characters stand for themselves, marks stay with them."""
    pieces: list[str] = []
    for c in words:
        wide = unicodedata.east_asian_width(c) in "WF"
        closing = unicodedata.category(c) in ("Pe", "Pf", "Po", "Mn")
        joins = bool(pieces) and (
            closing or (not wide and not pieces[-1].endswith(" ") and not _wide(pieces[-1]))
        )
        if joins or (c == " " and pieces):
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces


def _wide(piece: str) -> bool:
    return any(unicodedata.east_asian_width(c) in "WF" for c in piece)

"""The picture of a link to the page: drawn here, in the letters of its language, or not at all."""

import io
import logging

import pytest
from PIL import Image
from tests.launching import PAGE, URL, launched, visit
from tests.serving import call

from steelyard.serve.launch import preview
from steelyard.serve.launch.preview import Card, Face, draw, font_for

CHINESE = "评论语气：告诉您哪些评论需要人来处理"


@pytest.fixture
def latin():
    face = font_for("Tone of reviews", "en")
    if face is None:
        pytest.skip("this machine has no font")
    return face


@pytest.fixture
def only(monkeypatch):
    """Let the machine have these fonts and no others."""

    def let(*paths):
        monkeypatch.setattr(preview, "_files", lambda: tuple(paths))

    return let


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def inked(image: Image.Image, box) -> int:
    """Pixels that are not the ground."""
    part = image.crop(box)
    return sum(n for n, colour in part.getcolors(1 << 20) if colour != part.getpixel((0, 0)))


def test_the_picture_is_as_large_as_previews_want_it(latin):
    image = opened(draw(Card("Tone of reviews", "Which reviews need a person", "F1 0.94"), latin))
    assert image.format == "PNG" and image.size == (1200, 630)
    assert inked(image, (80, 80, 1120, 200)) and inked(image, (80, 500, 1120, 600))


@pytest.mark.parametrize("words", ["word " * 200, "w" * 2000, "字" * 500, "", "a"])
def test_whatever_is_long_stays_inside(latin, words):
    image = opened(draw(Card(words, words, words), latin))
    for box in ((1125, 0, 1200, 630), (20, 0, 75, 630), (0, 600, 1200, 630)):
        assert not inked(image, (max(20, box[0]), *box[1:]))


def test_lines_break_between_words_and_between_wide_letters(latin):
    font = latin.at(40)
    lines = list(preview._wrapped("one two three four five six", font, 200, 9))
    assert len(lines) > 1 and " ".join(lines) == "one two three four five six"
    cut = list(preview._wrapped("one two three four five six", font, 200, 2))
    assert len(cut) == 2 and cut[-1].endswith("…")
    assert preview._pieces("好，ab c字。") == ["好，", "ab ", "c", "字。"]


def test_a_font_without_the_letters_is_not_taken(latin, only):
    only(latin.path)
    assert font_for("Tone", "en") == Face(latin.path, latin.index)
    assert font_for("Tone \U000e0001\u0378", "en") is None  # an unassigned letter


def test_chinese_is_drawn_in_a_font_that_has_it():
    face = font_for(CHINESE, "zh")
    if face is None:
        pytest.skip("this machine has no Chinese font")
    font = face.at(24)
    shapes = {preview._shape(font, c) for c in set(CHINESE)}
    assert len(shapes) == len(set(CHINESE))  # no two boxes
    assert preview._shape(font, preview.NO_CHARACTER) not in shapes


def test_where_chinese_cannot_be_drawn_it_is_said_and_no_boxes_are(tmp_path, only, latin, caplog):
    if font_for(CHINESE, "zh") == latin:
        pytest.skip("the first font of this machine has Chinese")
    only(latin.path)
    with (
        caplog.at_level(logging.WARNING, "steelyard.serve"),
        launched(tmp_path, url=URL) as (address, _, _),
    ):
        (said,) = [r.getMessage() for r in caplog.records if "launch.preview" in r.getMessage()]
        assert "language=zh" in said and "fonts-noto-cjk" in said
        assert call(address, "GET", "/preview.zh.png")[0] == 404
        properties = [
            {
                e["property"]
                for e in visit(address, f"/?lang={code}")[1].all("meta")
                if e.get("property")
            }
            for code in ("en", "zh")
        ]
        assert "og:image" in properties[0] and "og:image" not in properties[1]


def test_the_picture_is_served_once_per_change(tmp_path, latin, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "steelyard.serve.launch.routes.draw",
        lambda card, face: drawn.append(card) or draw(card, face),
    )
    with launched(tmp_path, page=PAGE) as (address, _, _):
        status, _, told = call(address, "GET", "/preview.en.png")
        assert status == 200 and told["Content-Type"] == "image/png"
        again = call(address, "GET", "/preview.en.png", headers={"If-None-Match": told["ETag"]})
        assert again[0] == 304 and len(drawn) == 1
        assert drawn[0].below.startswith("macro-F1 0.")
        assert call(address, "GET", "/preview.fr.png")[0] == 404

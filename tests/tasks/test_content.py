"""What a request may carry: cleaned text, and pictures of five formats and no other."""

import base64
import io
import unicodedata

import numpy as np
import pytest
from PIL import Image

from steelyard.data.normalize import Normalize
from steelyard.data.operators import Row
from steelyard.data.pii import Pii
from steelyard.engine.heads import head_of
from steelyard.engine.predictor import answered
from steelyard.errors import UserError
from steelyard.methods.pixels import Pixels
from steelyard.tasks import open_task
from steelyard.tasks.cleaning import _MARKS
from steelyard.tasks.limits import MARKS_MAX

TEXT = open_task("text_classification", {"labels": ("neg", "pos")})
PICTURE = open_task("image_classification", {"labels": ("a", "b")})


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    body = io.BytesIO()
    image.save(body, format=kind)
    return body.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "Ｈｅｌｌｏ　世界\u200b",
        "电话１３８１２３４５６７８谢谢",
        "plain words",
        "发到a.b@example.com吧",
    ],
)
def test_a_request_is_cleaned_as_the_records_were_that_the_model_learned_from(text):
    rows = [Row("1", text, "pos", "s")]
    for operator in (Normalize, Pii):
        rows, _ = operator(None).apply(rows)
    assert TEXT.decode(text) == rows[0].content


def test_a_text_of_invisible_characters_is_no_text():
    with pytest.raises(ValueError, match="invisible"):
        TEXT.decode("\u200b\u2060")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_pictures_of_the_named_formats_are_read(kind):
    body = encoded(Image.new("RGB", (8, 8), (200, 10, 10)), kind)
    assert PICTURE.decode(base64.b64encode(body).decode()) == body


@pytest.mark.parametrize(
    "body",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",  # Pillow would start gs
        encoded(Image.new("LAB", (8, 8)), "TIFF"),
        encoded(Image.new("RGB", (8, 8)), "PPM"),
        b"junk",
        encoded(Image.new("RGB", (8, 8)))[:40],
    ],
)
def test_other_files_are_refused_in_words_that_do_not_change(body):
    said = set()
    for _ in range(2):
        with pytest.raises(ValueError, match="expected a PNG, JPEG, WEBP, BMP or GIF picture") as e:
            PICTURE.decode(body)
        said.add(str(e.value))
    assert len(said) == 1 and "0x" not in said.pop()


def test_a_picture_too_small_for_the_network_is_refused():
    with pytest.raises(ValueError, match="at least 4 pixels"):
        PICTURE.parse(encoded(Image.new("L", (3, 8))))


def test_sixteen_bits_keep_their_shades():
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    pixels = Pixels(channels=1, side=8, mean=[0.0], std=[1.0])
    (deep,) = pixels.features([encoded(Image.fromarray(ramp))])
    (plain,) = pixels.features([encoded(Image.fromarray((ramp / 257).round().astype(np.uint8)))])
    assert np.allclose(deep, plain, atol=1 / 255) and deep.max() - deep.min() > 0.9


def test_a_model_that_diverged_is_not_evaluated_as_if_it_had_not():
    logits = np.zeros((30, 2))
    logits[7] = np.nan
    with pytest.raises(UserError, match="the training diverged"):
        answered(head_of(TEXT), list(logits), [])


def test_the_first_of_the_holdout_are_a_sample_and_not_one_label(store):
    import pyarrow as pa

    from steelyard.engine.examples import first, holdout

    ids = [f"{label}-{i:03}" for label in ("neg", "pos") for i in range(200)]
    columns = {"id": ids, "content": ids, "label": [i[:3] for i in ids], "split": ["holdout"] * 400}
    store.datasets.publish("records", pa.table(columns), tag="d")
    part = first(holdout(store, task=TEXT, dataset="d"), 100)
    assert 30 < part.truths.count("pos") < 70


def test_more_combining_marks_than_any_language_has_are_refused_before_they_are_sorted():
    """Normalization is quadratic in the marks of one letter: 240,000 of them took minutes."""
    with pytest.raises(ValueError, match=r"at most 30 combining marks on one letter, found more"):
        TEXT.decode("a" + "\u0301\u0316" * 20_000)
    with pytest.raises(ValueError, match="combining marks"):  # they meet when the space is gone
        TEXT.parse("a" + "\u0301\u200b" * 200)


def test_a_text_of_ten_thousand_characters_passes_and_one_of_a_book_does_not():
    assert len(TEXT.decode("很好，" * 3_400)) == 10_200
    with pytest.raises(ValueError, match="at most 100,000 characters, found more"):
        TEXT.parse("很好，" * 100_000)


def test_no_combining_mark_is_outside_the_runs_that_are_counted():
    marks = [chr(c) for c in range(0x110000) if unicodedata.combining(chr(c))]
    assert all(_MARKS.fullmatch(mark * (MARKS_MAX + 1)) for mark in marks)

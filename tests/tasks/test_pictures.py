"""A picture is read as a person sees it, at a cost that its header told before."""

import base64
import io
import json
import random
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from steelyard.loop import turn
from steelyard.methods.pixels import Pixels
from steelyard.spec import load
from steelyard.tasks import BadInput, open_task, pictures
from steelyard.tasks.pictures import FORMATS, Picture, decoded, open_picture, small_of

TASK = open_task("image_classification", {"labels": ("a", "b")})
RED, WHITE = (200, 30, 40), (255, 255, 255)


def encoded(image, kind="PNG", **settings):
    body = io.BytesIO()
    image.save(body, format=kind, **settings)
    return body.getvalue()


def shown(body):
    """What a model would see, uint8 [H, W] or [H, W, 3]."""
    return np.asarray(small_of(body))


def on_nothing(mode, draw):
    """Something opaque and black on a transparent black ground."""
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    getattr(ImageDraw.Draw(image), draw)((8, 8, 30, 30), fill=(0, 0, 0, 255))
    if mode == "P":
        flat = Image.new("P", (40, 40), 1)
        flat.putpalette([0, 0, 0, 0, 0, 0])
        flat.paste(0, mask=image.getchannel("A"))
        flat.info["transparency"] = 1
        return flat
    return image.convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("P", "GIF"), ("RGBA", "WEBP")]
)
def test_transparent_parts_are_white_as_on_a_page(mode, kind):
    circle, line = (shown(encoded(on_nothing(mode, d), kind)) for d in ("ellipse", "line"))
    assert circle[0, 0].min() > 250 and circle[20, 20].max() < 5
    assert not np.array_equal(circle, line)


def test_half_transparent_is_half_white():
    assert shown(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 128))))[0, 0].tolist() == [127] * 3


@pytest.mark.parametrize(("mode", "clear"), [("L", 7), ("RGB", (7, 7, 7)), ("1", 0), ("I;16", 7)])
def test_one_colour_that_a_png_names_transparent_is_white(mode, clear):
    body = encoded(Image.new(mode, (8, 8), clear), transparency=clear)
    assert (shown(body) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_the_camera_was_held(orientation):
    upright = np.zeros((24, 32, 3), np.uint8)
    upright[:12, :16] = RED  # each corner unlike the others
    upright[:12, 16:] = WHITE
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    body = encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    assert np.array_equal(shown(body), upright)


@pytest.mark.parametrize("exif", [b"Exif\0\0junk", b"Exif\0\0MM\0*\xff\xff\xff\xff", b""])
def test_an_orientation_that_cannot_be_read_is_none(exif):
    body = encoded(Image.new("RGB", (16, 8), RED), "JPEG", exif=exif)
    assert shown(body).shape == (8, 16, 3)


@pytest.mark.parametrize(
    "body",
    [
        encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95),
        encoded(Image.new("P", (16, 16), 0).convert("RGB").point(lambda _: 0), "BMP"),
        encoded(Image.new("RGB", (16, 16), RED), "WEBP", lossless=True),
    ],
)
def test_other_colour_spaces_become_rgb(body):
    assert shown(body).shape == (16, 16, 3)


def test_print_colours_are_seen_as_on_a_screen():
    red = shown(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95))[8, 8]
    assert red[0] > 200 and red[1] < 60 and red[2] < 60


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_stands_for_an_animation(kind):
    frames = [Image.new("RGB", (16, 16), c) for c in (RED, WHITE, (0, 0, 0))]
    body = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert np.abs(shown(body)[8, 8].astype(int) - RED).max() < 12


@pytest.mark.parametrize("size", [(600, 900), (3000, 40), (4000, 3000)])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "I;16", "CMYK"])
def test_a_large_picture_is_decoded_small_and_looks_the_same(size, mode):
    ramp = np.linspace(0, 255, size[0])[None, :] * np.ones((size[1], 1))
    grey = Image.fromarray(ramp.astype(np.uint8))
    image = (
        Image.fromarray((ramp * 257).astype(np.uint16)) if mode == "I;16" else grey.convert(mode)
    )
    small = small_of(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert max(small.size) < 2 * pictures.SMALL
    found = np.asarray(small.convert("L"), dtype=float).mean(axis=0)
    assert abs(found.mean() - 127) < 4 and (np.diff(found[::16]) > 0).all()


def test_a_phones_photo_passes_and_is_decoded_at_a_part_of_its_size():
    noise = Image.effect_noise((1000, 750), 60).convert("RGB").resize((4000, 3000))
    assert max(TASK.decode(encoded(noise, "JPEG")).small.size) < 2 * pictures.SMALL


def test_a_request_and_a_record_are_seen_alike():
    body = encoded(Image.effect_noise((700, 520), 80).convert("RGB"), "JPEG")
    asked = TASK.decode(body)
    assert isinstance(asked, Picture) and asked == TASK.parse(body) == body
    assert type(TASK.parse(body)) is bytes  # a record's pixels are not kept for the whole turn
    pixels = Pixels(channels=3, side=32, mean=[0.0] * 3, std=[1.0] * 3)
    assert np.array_equal(pixels.features([asked]), pixels.features([body]))


def test_a_request_is_decoded_once(monkeypatch):
    body, times = encoded(Image.new("RGB", (16, 16), RED)), []
    monkeypatch.setattr(pictures, "_small", lambda image: times.append(1) or image.convert("RGB"))
    pixels = Pixels(channels=3, side=8, mean=[0.0] * 3, std=[1.0] * 3)
    pixels.features(TASK.decode_all([body, body]))
    assert len(times) == 2


def bomb(width, height):
    """A PNG of one colour: kilobytes that unpack to millions of pixels."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    )


def test_many_large_pictures_in_one_request_are_refused_before_one_is_decoded(monkeypatch):
    monkeypatch.setattr(pictures, "_small", _never)
    body = bomb(6300, 6300)
    with pytest.raises(BadInput, match="at most 40,000,000 pixels in one request") as refused:
        TASK.decode_all([body] * 64)
    assert refused.value.index == 1


def test_a_picture_too_large_alone_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(pictures, "_small", _never)
    for body in (bomb(9000, 9000), bomb(60_000, 60_000)):
        with pytest.raises(ValueError, match="at most 40,000,000 pixels"):
            TASK.parse(body)


def test_what_costs_more_than_its_pixels_is_counted_so(monkeypatch):
    monkeypatch.setattr(pictures, "_small", _never)
    with pytest.raises(ValueError, match=r"the work of 48,000,000 \(WEBP of 4000 x 4000\)"):
        TASK.decode(encoded(Image.new("RGB", (4000, 4000)), "WEBP", lossless=True))
    photo = encoded(Image.new("RGB", (2000, 2000)), "JPEG", progressive=True)
    scan = photo[photo.rindex(b"\xff\xda") : -2]
    with pytest.raises(ValueError, match=r"\(JPEG of 2000 x 2000\)"):
        TASK.decode(photo[:-2] + scan * 2000 + photo[-2:])
    text = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000)))
    plain = encoded(Image.new("RGB", (16, 16)))
    with pytest.raises(ValueError, match="compressed text"):
        TASK.decode(plain[:33] + text * 200 + plain[33:])


def test_a_png_in_more_pieces_than_any_program_makes_is_refused():
    plain = encoded(Image.new("RGB", (16, 16)))
    with pytest.raises(ValueError, match="chunks"):
        TASK.decode(plain[:33] + _chunk(b"tEXt", b"a\0b") * 10_001 + plain[33:])


def test_a_gif_whose_frame_is_larger_than_it_says_is_refused():
    body = bytearray(encoded(Image.new("P", (16, 16)), "GIF"))
    at = body.index(b"\x2c")
    body[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises(ValueError, match="expected"):
        TASK.decode(bytes(body))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_cut_picture_is_refused(kind):
    body = encoded(Image.effect_noise((64, 64), 80).convert("RGB"), kind)
    for part in (0.2, 0.5, 0.9):
        with pytest.raises(ValueError, match="expected a PNG"):
            TASK.parse(body[: int(len(body) * part)])


@settings(deadline=None)
@given(st.sampled_from(FORMATS), st.integers(0, 2**32))
def test_damaged_pictures_are_read_or_refused_and_nothing_else(kind, seed):
    r = random.Random(seed)
    body = bytearray(encoded(Image.effect_noise((24, 24), 80).convert("RGB"), kind))
    for _ in range(r.randint(1, 12)):
        body[r.randrange(len(body))] = r.randrange(256)
    try:
        picture = decoded(open_picture(bytes(body)))
    except ValueError as error:
        assert str(error).startswith("expected")
        return
    assert picture.small.mode in ("L", "RGB")


PRODUCT = """\
product: shapes
task: {name: image_classification, labels: [a, b]}
money: {currency: CNY, prices: {label: 0.1, cpu_hour: 0.35}, correct_answer: 0.002}
data: {sources: [{path: pictures.jsonl, reader: jsonl, content: picture, label: label}]}
"""


def test_pictures_that_a_request_could_not_send_are_counted_rejects(tmp_path):
    """Base64 in lines of JSON: the same limits and the same words as for a request."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 8, 8), dtype=np.uint8)
    bodies = [encoded(Image.fromarray(n)) for n in noise]
    bodies += [bomb(9000, 9000), bodies[0][:40], b"junk", encoded(Image.new("L", (3, 3)))]
    lines = [
        {"picture": base64.b64encode(b).decode(), "label": "ab"[i % 2]}
        for i, b in enumerate(bodies)
    ]
    lines += [{"picture": 7, "label": "a"}, {"picture": "!", "label": "a"}]
    (tmp_path / "pictures.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (tmp_path / "product.yaml").write_text(PRODUCT, encoding="utf-8")
    rejects = turn(load(tmp_path / "product.yaml"), until="data").outputs["data"]["rejects"]
    assert rejects["total"] == 6
    for body in bodies[300:]:
        with pytest.raises(ValueError, match="expected") as refused:
            TASK.decode(body)
        assert str(refused.value) in rejects["reasons"]


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _never(*_):
    raise AssertionError("decoded before its cost was known")

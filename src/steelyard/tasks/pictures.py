"""Strangers' encoded pictures -> small ones as a person sees them. Knows no labels and no arrays.

What reading one will cost is known from its header; it is then decoded once, and no larger than
a model can use. Example: `decoded(open_picture(png)).small.size == (8, 8)`
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

from steelyard.tasks.limits import PIXELS_MAX

SIDE_MIN = 4  # two poolings leave nothing of a smaller picture
SMALL = 256  # sides are divided by whole numbers until the next would go below
# Named, because Pillow's other readers were never meant for strangers' files: EPS starts a program.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
DEEP = ("I", "I;16", "I;16B", "I;16L", "F")
GREY = ("1", "L", "LA", "La", *DEEP)
_EXPECTED = f"expected a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture"
_STRIP_PIXELS = 1_000_000  # flattened at once, so that no second full picture stands in memory
# In pixels of a PNG: a WEBP takes three times as long and holds the interpreter meanwhile; every
# ten scans of a JPEG go over the whole picture again; compressed text unpacks to a megabyte.
_WEBP_COST, _SCANS, _TEXTS, _TEXT_COST = 3, 10, 4, 250_000
_CHUNKS_MAX = 10_000
_GIF_BLOCK = 4096  # bytes read at once: its decoder holds the interpreter until they are unpacked
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
_ORIENTATION = 0x0112
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


class Picture(bytes):
    """The bytes of a picture, and what was decoded of them: `small`, in grey or RGB."""

    small: Any


@dataclass(frozen=True)
class Opened:
    """A picture whose header was read and found bearable; `cost` is in pixels of a PNG."""

    body: bytes
    image: Any
    cost: int


def open_picture(body: bytes) -> Opened:
    """ValueError: not a picture, too small, or too much work; nothing is unpacked yet."""
    Image = _pillow()
    extra = _texts(body) * _TEXT_COST  # before it is opened, since opening unpacks them
    _check_cost(extra, "a PNG with that much compressed text")
    try:
        image = Image.open(io.BytesIO(body), formats=FORMATS)
    except Image.DecompressionBombError:
        raise ValueError(f"expected at most {PIXELS_MAX:,} pixels, found far more") from None
    except Exception:  # Pillow raises many kinds; its words name objects of this process
        raise ValueError(f"{_EXPECTED}, found other bytes") from None
    shown = f"{image.width} x {image.height}"
    if min(image.size) < SIDE_MIN:
        raise ValueError(f"expected sides of at least {SIDE_MIN} pixels, found {shown}")
    cost = _cost(body, image) + extra
    _check_cost(cost, f"{image.format} of {shown}")
    return Opened(body, image, cost)


@cache
def _pillow() -> Any:
    """Pillow's images, quietly: what it warns of is refused here, or is of no matter."""
    from PIL import Image

    warnings.filterwarnings("ignore", module=r"PIL\.")
    return Image


def cost_of(opened: Opened) -> int:
    return opened.cost


def _check_cost(cost: int, what: str) -> None:
    if cost > PIXELS_MAX:
        raise ValueError(
            f"expected at most {PIXELS_MAX:,} pixels, found the work of {cost:,} ({what})"
        )


def decoded(opened: Opened) -> Picture:
    """The first frame, turned as the camera was held, transparent parts on white, at most twice
    SMALL a side; ValueError for a broken one."""
    try:
        picture = Picture(opened.body)
        with opened.image as image:
            picture.small = _turned(_small(image), image)
    except Exception:
        raise ValueError(f"{_EXPECTED}, found a broken one") from None
    return picture


def small_of(content: bytes) -> Any:
    """What was decoded of a request's picture, or is now of a record's."""
    return content.small if isinstance(content, Picture) else decoded(open_picture(content)).small


def check_picture(body: bytes) -> bytes:
    """The same bytes when they can be decoded, else ValueError."""
    decoded(open_picture(body))
    return body


def _cost(body: bytes, image: Any) -> int:
    pixels = int(image.width * image.height)
    if image.format == "WEBP":
        return pixels * _WEBP_COST
    if image.format in ("JPEG", "MPO"):
        return pixels * max(_SCANS, _scans(body)) // _SCANS
    return pixels


def _scans(body: bytes) -> int:
    """How often a JPEG goes over the whole picture (ITU T.81, B.1.1.2: markers and segments)."""
    at, scans = 2, 0
    if body.count(b"\xff\xda") <= _SCANS:  # as in every photo: nothing to walk through
        return 0
    while (marker := _MARKER.search(body, at)) and marker.group()[-1] != 0xD9:
        scans += marker.group()[-1] == 0xDA
        at = marker.end() + int.from_bytes(body[marker.end() : marker.end() + 2], "big")
    return scans


def _texts(body: bytes) -> int:
    """Compressed texts and profiles of a PNG beyond the usual; ValueError when it is cut into more
    chunks than any program makes."""
    if not body.startswith(b"\x89PNG"):
        return 0
    at, texts = 8, -_TEXTS
    for _ in range(_CHUNKS_MAX):
        if at >= len(body):
            return max(0, texts)
        texts += body[at + 4 : at + 8] in (b"zTXt", b"iTXt", b"iCCP")
        at += 12 + int.from_bytes(body[at : at + 4], "big")
    raise ValueError(f"{_EXPECTED}, found a PNG of more than {_CHUNKS_MAX:,} chunks")


def _small(image: Any) -> Any:
    """Decoded, flat, and divided by whole numbers, strip by strip."""
    from PIL import Image

    if image.format == "GIF":
        image.decodermaxblock = _GIF_BLOCK
    image.draft(None, (SMALL, SMALL))  # a JPEG is decoded at an eighth, a quarter or a half
    by = max(1, image.width // SMALL), max(1, image.height // SMALL)
    if by == (1, 1):
        image.load()
        return _flat(image)
    image.load()
    rows = max(1, _STRIP_PIXELS // (image.width * by[1])) * by[1]
    strips = []
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        strips.append(_flat(strip).reduce(by))
    whole = Image.new(strips[0].mode, (strips[0].width, sum(s.height for s in strips)))
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    return whole


def _flat(image: Any) -> Any:
    """Eight bits a channel, grey or RGB, transparent parts on white as a page shows them."""
    from PIL import Image

    mode = "L" if image.mode in GREY else "RGB"
    if image.mode in DEEP:
        return _eight_bit(image)
    if not image.has_transparency_data:
        return image if image.mode == mode else image.convert(mode)
    clear = image.convert("LA" if mode == "L" else "RGBA")
    ground = Image.new(mode, image.size, "white")
    ground.paste(clear.convert(mode), mask=clear.getchannel("A"))
    return ground


def _eight_bit(image: Any) -> Any:
    """Sixteen bits scaled to eight; Pillow alone would cut every value above 255 to white."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image, dtype=np.float32)
    clear = image.info.get("transparency")
    shades = np.clip(values / 257.0, 0, 255).round()
    if isinstance(clear, int):
        shades[values == clear] = 255
    return Image.fromarray(shades.astype(np.uint8))


def _turned(small: Any, image: Any) -> Any:
    """By the orientation that the camera wrote (Exif 2.3, tag 0x0112); none when it cannot be read,
    as other programs show it."""
    from PIL import Image

    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return small
    return small.transpose(getattr(Image.Transpose, turn)) if turn else small

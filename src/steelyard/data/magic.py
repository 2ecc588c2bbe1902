"""What a file is by its first bytes, when it is not the text it was taken for. Knows no columns.

Example: `kind_of(Path("sales.csv"), b"PK\\x03\\x04...").name == "an Excel workbook"`
"""

from __future__ import annotations

import shlex
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path

from steelyard.encodings import decoded, escaped_as, to_utf8
from steelyard.letters import coherent, paired

_UNPACK = "unpack it and name the file inside"
_SHEET = "open it and save the sheet as 'CSV UTF-8'"
_PICTURE = "put pictures into a folder and say reader: folder"
_PICTURE_TO_BE = "save pictures as PNG or JPEG into a folder and say reader: folder"
_MAGIC = (
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook of before 2007, or another Office document",
        _SHEET,
    ),
    (b"PAR1", "a Parquet file", "say reader: parquet"),
    (b"BZh", "a bzip2 file", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd file", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x1f\x9d", "a compress (.Z) file", _UNPACK),
    (b"\x1f\x8b", "a gzip file inside a gzip file", "unpack it once"),
    (b"%PDF", "a PDF", "export its text as UTF-8"),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"ARROW1", "an Arrow file", "write it as Parquet and say reader: parquet"),
    (b"ORC", "an ORC file", "write it as Parquet and say reader: parquet"),
    (b"Obj\x01", "an Avro file", "write it as Parquet and say reader: parquet"),
    (b"\x89HDF", "an HDF5 file", "write it as Parquet and say reader: parquet"),
    (b"\x89PNG", "a PNG picture", _PICTURE),
    (b"\xff\xd8\xff", "a JPEG picture", _PICTURE),
    (b"GIF8", "a GIF picture", _PICTURE),
    (b"II*\x00", "a TIFF picture", _PICTURE_TO_BE),
    (b"MM\x00*", "a TIFF picture", _PICTURE_TO_BE),
    (b"RIFF", "a sound, film or WebP file", _PICTURE),
)
_ZIPPED = (
    ("xl/", "an Excel workbook", _SHEET),
    ("word/", "a Word document", "save its text as UTF-8"),
    ("content.xml", "an OpenDocument file", _SHEET),
)
_CONTROL_MAX = 0.05  # of the bytes of a text; NUL and its like are no letters
_HALF = 0.4  # of the bytes of a text of ASCII in UTF-16 are NUL, and of no other text
_COHERENT = 0.3  # of the characters of a text are common ones; of bytes paired by chance, few
_TAR = slice(257, 262)
_PLAUSIBLE = 0.95  # of the characters, letters and signs a text is made of
_WIDE = (
    ("utf-32-le", "UTF-32LE"),
    ("utf-32-be", "UTF-32BE"),
    ("utf-16-le", "UTF-16LE"),
    ("utf-16-be", "UTF-16BE"),
)
_MARKS = (  # UTF-32LE begins like UTF-16LE, so it is asked first
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


@dataclass(frozen=True)
class Kind:
    """What the file is, and what makes a text of it."""

    name: str
    repair: str


def kind_of(path: Path, head: bytes) -> Kind | None:
    """None for what may be UTF-8 or a legacy encoding; `head` is some 64 KB, unpacked."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Kind(f"{name} by its first bytes", to_utf8(path, name))
    wide = _wide(head)
    if wide is not None:
        return Kind(f"{wide} without a byte order mark", to_utf8(path, wide))
    switched = escaped_as(head)
    if switched is not None:
        return Kind(f"{switched} by its escape codes", to_utf8(path, switched))
    if head[_TAR] == b"ustar":
        return Kind("a tar archive", _UNPACK)
    control = sum(head.count(c) for c in _CONTROLS)
    if not control and _is_utf8(head):
        return None  # a text may begin with the letters of a magic number
    return _binary(path, head, control)


def _binary(path: Path, head: bytes, control: int) -> Kind | None:
    """By magic numbers, and by how many bytes are no letters."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(path)
    for magic, name, repair in _MAGIC:
        # letters alone are no magic number: a column may be called ORCID
        if head.startswith(magic) and (control or not magic.isalnum()):
            return Kind(name, repair)
    if control <= _CONTROL_MAX * len(head):
        return None
    if head.count(0) == control and _is_utf8(head):
        name = shlex.quote(path.name)
        repair = f"take them out: tr -d '\\000' < {name} > {shlex.quote(f'clean-{path.name}')}"
        return Kind(f"NUL bytes in a text, the first at {_place_of(head, 0)}", repair)
    return Kind("binary data", "name a text file in UTF-8")


def _place_of(head: bytes, byte: int) -> str:
    lines = head[: head.index(byte)].split(b"\n")
    return f"line {len(lines):,}, byte {len(lines[-1]) + 1:,}"


_CONTROLS = [bytes([c]) for c in range(32) if c not in b"\t\n\x0b\x0c\r\x1b"]


_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")


def is_picture(body: bytes) -> bool:
    """Whether the bytes begin as a picture that is read; a file's name may have lost its ending."""
    webp = body.startswith(b"RIFF") and body[8:12] == b"WEBP"
    return webp or body.startswith(_PICTURES) or (body[:2] == b"BM" and body[6:10] == bytes(4))


def _zipped(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        inside = []
    for beginning, name, repair in _ZIPPED:
        if any(member.startswith(beginning) for member in inside):
            return Kind(name, repair)
    return Kind("a zip archive", _UNPACK)


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 by the NUL bytes of its ASCII characters, line ends at least, and by what it
    says: any bytes make pairs, but few of the pairs are common letters."""
    nul = head.count(0)
    if not nul or len(head) < 4 or (_is_utf8(head) and nul < _HALF * len(head)):
        return None
    for codec, told in _WIDE:
        text = decoded(head[: len(head) // 4 * 4] if "32" in codec else head, codec)
        if not text or "\x00" in text or _plausible(text) < _PLAUSIBLE:
            continue
        if coherent(text) >= _COHERENT and paired(text):
            return told
    return None


def _plausible(text: str) -> float:
    """Share of characters that people write: no private, unassigned or control ones."""
    odd = sum(
        c == "\ufffd" or (unicodedata.category(c) in ("Cc", "Cn", "Co", "Cs") and c not in "\t\r\n")
        for c in text
    )
    return 1 - odd / max(1, len(text))


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True

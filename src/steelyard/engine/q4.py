"""Read the packaged 4-bit encoder (`E5S1` files) into float32 arrays. Knows no torch.

The file is a header, a unigram vocabulary, a normalization table and a directory of named tensors;
matrices are stored in Q4_0 blocks. Example: `sizes, tensors = read_q4("e5-small-q4.bin")`
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import Damaged

BLOCK = 32
_BLOCK_DTYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", (BLOCK // 2,))])
_HEADER = struct.Struct("<4sI7ifi")
_SIZES = ("hidden", "layers", "heads", "intermediate", "vocab", "positions", "types")


def dequantize(blocks: NDArray[Any]) -> NDArray[np.float32]:
    """Q4_0 blocks `[n]` -> weights `[n * 32]`: low nibbles are the first half of a block,
    high nibbles the second; weight = (nibble - 8) * scale (the GGML block format)."""
    nibbles = blocks["nibbles"]
    halves = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32)
    weights = (halves - 8.0) * blocks["scale"].astype(np.float32)[:, None]
    return np.asarray(weights.reshape(-1), dtype=np.float32)


def read_q4(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    """Sizes of the encoder and its flat float32 tensors by name; Damaged when it is not one."""
    try:
        return _read(memoryview(path.read_bytes()))
    except (struct.error, ValueError, IndexError) as error:
        raise Damaged(
            str(path), "an E5S1 file of 4-bit tensors", str(error), "install the package again"
        ) from error


def _read(raw: memoryview) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    magic, _version, *numbers = _HEADER.unpack(bytes(raw[: _HEADER.size]))
    if magic != b"E5S1":
        raise ValueError(f"magic {magic!r}")
    *counts, eps, _block = numbers
    sizes = dict(zip(_SIZES, counts, strict=True)) | {"eps": eps}
    at = _skip_tokenizer(raw, _HEADER.size)
    (tensors,) = struct.unpack_from("<i", raw, at)
    at += 4
    weights: dict[str, NDArray[np.float32]] = {}
    for _ in range(tensors):
        (length,) = struct.unpack_from("<H", raw, at)
        name = bytes(raw[at + 2 : at + 2 + length]).decode("ascii")
        _dtype, count, offset, size = struct.unpack_from("<BIQQ", raw, at + 2 + length)
        at += 2 + length + 21
        weights[name] = _tensor(raw[offset : offset + size], count)
    return sizes, weights


def _tensor(body: memoryview, count: int) -> NDArray[np.float32]:
    # Plain tensors take four bytes a number and blocks take 18 bytes for 32 of them.
    if body.nbytes == count * 4:
        return np.frombuffer(body, dtype="<f4").astype(np.float32)
    weights = dequantize(np.frombuffer(body, dtype=_BLOCK_DTYPE))
    if weights.size != count:
        raise ValueError(f"a tensor of {body.nbytes} bytes for {count} numbers")
    return weights


def _skip_tokenizer(raw: memoryview, at: int) -> int:
    pieces = struct.unpack_from("<i", raw, at)[0]
    (blob,) = struct.unpack_from("<Q", raw, at + 20)
    at += 28 + (pieces + 1) * 4 + pieces * 4 + blob
    (table,) = struct.unpack_from("<I", raw, at + 4)
    return int(at + 8 + table)

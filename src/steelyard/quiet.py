"""A library's warnings held back while it works, and only so long. Knows no library.

Example: `with quiet("nncf"): nncf.quantize(...)`; `quiet("")` is the root logger
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """Errors alone from the logger `name` until the context ends."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)

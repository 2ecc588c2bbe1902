"""Functions of a database that are the same on every one. Knows no table.

Example: `sa.select(sha256_of_text(t.c.said))` is the hash that `hashlib` makes of the text in UTF-8
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class sha256_of_text(sa.sql.functions.GenericFunction[str]):
    """SHA-256 of a text in UTF-8, in hexadecimal digits."""

    type = sa.String(64)
    inherit_cache = True
    _register = False


@compiles(sha256_of_text, "sqlite")
def _sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"sha256_of_text({compiler.process(element.clauses, **how)})"


@compiles(sha256_of_text, "postgresql")
def _postgresql(element: Any, compiler: Any, **how: Any) -> str:
    return f"encode(sha256(convert_to({compiler.process(element.clauses, **how)}, 'UTF8')), 'hex')"


class whole_of(sa.sql.functions.GenericFunction[int]):
    """A number of zero or more without what stands behind its point."""

    type = sa.Integer()
    inherit_cache = True
    _register = False


@compiles(whole_of)
def _floor(element: Any, compiler: Any, **how: Any) -> str:
    return f"CAST(floor({compiler.process(element.clauses, **how)}) AS INTEGER)"


@compiles(whole_of, "sqlite")
def _cut(element: Any, compiler: Any, **how: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **how)} AS INTEGER)"


def lend(connection: sqlite3.Connection) -> None:
    """Give a connection of SQLite what that database lacks."""
    connection.create_function("sha256_of_text", 1, sha256_hex, deterministic=True)


def sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""Types of columns, the same on every database. Knows no table.

Example: `sa.Column("value", Json, nullable=False)` holds `"好评"`, `5` or `[{"start": 0}]`
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

BROKEN = object()  # stands for JSON that is none


class Json(sa.types.TypeDecorator[Any]):
    """Any JSON value, kept as text; None is SQL's null.

    A column that a database knows as JSON is no text everywhere: SQLite would read `5` as a number,
    and round a long one.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        said = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if _encodes(said):
            return said
        return json.dumps(value, allow_nan=False, separators=(",", ":"))  # half a surrogate pair

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else read_json(value)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_json(text: Any) -> Any:
    """JSON of a column; what is none is told with its row instead of in a traceback."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return BROKEN

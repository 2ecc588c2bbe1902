"""A kind of content of its own: fields by name."""

import json

from steelyard.tasks import ContentKind


def _line(row):
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


FIELD_ROW = ContentKind(
    "field_row",
    schema={"type": "object", "minProperties": 1, "description": "fields by name"},
    keep=lambda row: _line(row).encode(),
    load=json.loads,
    shown=lambda row: ", ".join(f"{name}: {value}" for name, value in row.items()),
    size=lambda row: len(_line(row)),
    at_once=200,
    beside=2_000,
)

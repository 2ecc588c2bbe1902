"""The nouns as tables: one row is one fact, appended and not rewritten. Knows no SQL dialect.

Money is a whole number of nano-units; time is UTC ISO 8601 text; JSON columns hold plain JSON.
A column that came later than its table stands last, and is in a row's hash only where it is filled:
so the hashes of older rows hold.
Example: `select(entry.c.account, func.sum(entry.c.nano)).group_by(entry.c.account)`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from steelyard.store.columns import Json

metadata = sa.MetaData()
_Names = tuple[tuple[str, bool], ...]
Time = sa.String(32)
Id = sa.String(64)


def _hash() -> sa.Column[Any]:
    """Of the row itself, see `row_sha256`; ledger lines have a chain instead."""
    return sa.Column("sha256", Id)


def _later(name: str, kind: Any, *more: Any) -> sa.Column[Any]:
    """A column that rows of before do not have."""
    return sa.Column(name, kind, *more, info={"later": True})


turn = sa.Table(
    "turn",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("product", Id, nullable=False),
    sa.Column("spec_sha256", Id, nullable=False),
    sa.Column("started", Time, nullable=False),
    sa.Column("ended", Time),  # the one column set later: a turn without it is continued
    _hash(),
)
turn_file = sa.Table(
    "turn_file",
    metadata,
    sa.Column("turn", sa.Integer, sa.ForeignKey("turn.id"), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),  # the product file as it was, without passwords
    sa.Column("created", Time, nullable=False),
    _hash(),
)
step = sa.Table(
    "step",
    metadata,
    sa.Column("key", Id, primary_key=True),  # a step is done once, whichever turn asks
    sa.Column("name", Id, nullable=False),
    sa.Column("turn", sa.Integer, sa.ForeignKey("turn.id"), nullable=False),
    sa.Column("done", Time, nullable=False),
    sa.Column("cpu_s", sa.Float, nullable=False),
    sa.Column("output", sa.JSON, nullable=False),
    _hash(),
)
turn_step = sa.Table(
    "turn_step",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("turn", sa.Integer, sa.ForeignKey("turn.id"), nullable=False),
    sa.Column("name", Id, nullable=False),
    sa.Column("key", Id, nullable=False),  # of the step, which may be another turn's
    sa.Column("how", sa.String(8), nullable=False),  # ran, or reused
    sa.Column("cpu_s", sa.Float, nullable=False),  # spent in this turn
    sa.Column("nano", sa.BigInteger, nullable=False),  # money of its lines in this turn
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("created", Time, nullable=False),
    _hash(),
    sa.Index("turn_step_by_turn", "turn"),
)
dataset = sa.Table(
    "dataset",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("product", Id, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the Lance dataset
    sa.Column("tag", Id, nullable=False),
    sa.Column("parent", Id),
    sa.Column("sources", sa.JSON, nullable=False),  # place, licence, sha256
    sa.Column("recipe", sa.JSON, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),  # in and out of every operator
    sa.Column("created", Time, nullable=False),
    _hash(),
)
variant = sa.Table(
    "variant",
    metadata,
    sa.Column("id", Id, primary_key=True),  # hash of the artifact folder
    sa.Column("name", Id, nullable=False),  # baseline, torch_bf16, openvino_int8 ...
    sa.Column("task", Id, nullable=False),
    sa.Column("parent", Id),
    sa.Column("dataset", Id, sa.ForeignKey("dataset.id"), nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("card", sa.JSON, nullable=False),
    sa.Column("created", Time, nullable=False),
    _hash(),
)
measure = sa.Table(
    "measure",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("subject", Id, nullable=False),  # a variant, an experiment or a dataset
    sa.Column("name", Id, nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("low", sa.Float),
    sa.Column("high", sa.Float),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("on", sa.String(200), nullable=False),  # holdout, length histogram, canary ...
    sa.Column("detail", sa.JSON),
    sa.Column("created", Time, nullable=False),
    _hash(),
)
release = sa.Table(
    "release",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("product", Id, nullable=False),
    sa.Column("variant", Id, sa.ForeignKey("variant.id"), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # canary, live, retired, pinned, unpinned
    sa.Column("share", sa.Float, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("who", Id, nullable=False),
    sa.Column("created", Time, nullable=False),
    _hash(),
    sa.Index("release_by_time", "product", "created"),
)
answer = sa.Table(
    "answer",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("product", Id, nullable=False),
    sa.Column("variant", Id, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # of the release that answered
    sa.Column("user", Id, nullable=False),  # salted hash, never the user's own id
    sa.Column("request", Id, nullable=False),
    sa.Column("value", Json, nullable=False),  # what was answered, as the task has it
    sa.Column("score", sa.Float),  # how sure, 0 to 1; null where the task has no such number
    sa.Column("detail", sa.JSON, nullable=False),  # the rest of it, so that a retry gets it too
    sa.Column("cpu_s", sa.Float, nullable=False),
    sa.Column("latency_ms", sa.Float, nullable=False),
    sa.Column("created", Time, nullable=False),
    # user; replay: a record of the past that was sent again, which is evidence and no income; or
    # demo: a visitor of the launch page, whose answer is neither
    sa.Column("origin", sa.String(16), nullable=False, server_default="user"),
    _later("release", sa.Integer),  # the row by which its variant was in service
    # the pair of variants that shared the users then, and the side of it that answered
    _later("experiment", Id),
    _later("arm", sa.String(16)),
    _hash(),
    sa.Index("answer_by_request", "request"),
    # who got how many in a period is read from it alone; it grows at its end, which costs a write little
    sa.Index("answer_by_time", "product", "created", "origin", "user", "variant"),
    sa.Index(
        # what a readout asks of each answer stands in it, in the order they come in
        "answer_by_arm",
        *("experiment", "origin", "arm", "created", "product", "latency_ms"),
        sqlite_where=sa.text("experiment IS NOT NULL"),
        postgresql_where=sa.text("experiment IS NOT NULL"),
    ),
)
feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("answer", Id, sa.ForeignKey("answer.id"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # outcome, correction, preference, rating
    sa.Column("value", Json, nullable=False),
    sa.Column("created", Time, nullable=False),
    _later("at", Time),  # the time it speaks of; null: when it came
    _later("utility", sa.Float),  # what the answer was worth by it, 0 to 1; of outcomes alone
    _hash(),
    sa.Index("feedback_by_answer", "answer"),
)
experiment = sa.Table(
    "experiment",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("product", Id, nullable=False),
    sa.Column("arms", sa.JSON, nullable=False),  # state -> variant
    sa.Column("unit", Id, nullable=False),
    sa.Column("metric", Id, nullable=False),
    sa.Column("rule", sa.JSON, nullable=False),  # confidence, guardrails
    sa.Column("readout", sa.JSON, nullable=False),
    sa.Column("created", Time, nullable=False),
    _hash(),
)
entry = sa.Table(
    "entry",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 ... no gaps
    sa.Column("time", Time, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("account", Id, nullable=False),  # label, cpu.train, cpu.serve, value.correct ...
    sa.Column("quantity", sa.String(40), nullable=False),  # decimal text: never rounded
    sa.Column("unit", Id, nullable=False),
    sa.Column("nano", sa.BigInteger, nullable=False),  # below zero: spent; above: earned
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("evidence", sa.String(300), nullable=False),  # what it was for, by id
    sa.Column("previous", Id, nullable=False),
    sa.Column("hash", Id, nullable=False, unique=True),
    sa.Column("product", Id),  # null in lines of schema 0001, which know it by their turn
    sa.Column(
        "basis", sa.String(8)
    ),  # cash or imputed; null before 0005, where the account says it
    sa.Column("about", Json),  # {"variant": ...}: whom or what it was for
)
# What exports of other systems say of the market, and what the server was told: one row is one of theirs. A
# correction is a later revision of the row that has the same key.
event = sa.Table(
    "event",
    metadata,
    sa.Column("id", Id, primary_key=True),  # hash of its key, its revision and what it says
    sa.Column("product", Id, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # spend, sales, customers, visits ...
    sa.Column("key", Id, nullable=False),  # hash of what names it: its id, or day and channel
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("day", sa.String(10), nullable=False),  # where the books are kept
    sa.Column("at", Time),  # where the export says a time
    sa.Column("channel", sa.String(200)),
    sa.Column("customer", Id),  # salted hash, as users of requests
    sa.Column("nano", sa.BigInteger),  # of the row's own amount, below zero where it was paid
    sa.Column("currency", sa.String(3)),
    sa.Column("body", Json, nullable=False),  # its other fields
    sa.Column("file", Id, nullable=False),  # SHA-256 of the export; "server" for what it was told
    sa.Column("row", sa.Integer, nullable=False),  # in it
    sa.Column("created", Time, nullable=False),
    _hash(),
    sa.Index("event_by_key", "key", "revision", unique=True),
    sa.Index("event_by_day", "product", "kind", "day"),
    sa.Index(
        "event_by_customer",
        *("customer", "kind", "at"),
        sqlite_where=sa.text("customer IS NOT NULL"),
        postgresql_where=sa.text("customer IS NOT NULL"),
    ),
)
# Sums of whole blocks of lines, so that money is read without reading every line.
subtotal = sa.Table(
    "subtotal",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("first", sa.Integer, nullable=False),  # lines of its block
    sa.Column("last", sa.Integer, nullable=False),
    sa.Column("head", Id, nullable=False),  # hash of the last one
    sa.Column("rows", sa.Integer, nullable=False),  # subtotals of the block, this one among them
    sa.Column("product", Id, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("account", Id, nullable=False),
    sa.Column("unit", Id, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("basis", sa.String(8), nullable=False),
    sa.Column("lines", sa.Integer, nullable=False),
    sa.Column("quantity", sa.String(80), nullable=False),
    sa.Column("nano", sa.String(40), nullable=False),  # decimal text: the sum may be a large one
    _later("day", sa.String(10)),  # it speaks of; null before 0007
    _later("variant", Id),
    _later("channel", sa.String(200)),
    _hash(),
    sa.Index("subtotal_by_block", "last"),
)
# What outcomes of real users in an experiment were worth, added up while they are written.
tally = sa.Table(
    "tally",
    metadata,
    sa.Column("product", Id, primary_key=True),
    sa.Column("experiment", Id, primary_key=True),
    sa.Column("arm", sa.String(16), primary_key=True),
    sa.Column("user", Id, primary_key=True),
    # created of the newest release that is not newer than the answer
    sa.Column("since", Time, primary_key=True),
    # hash of what was said and what was right; empty for outcomes that came with a utility
    sa.Column("pair", Id, primary_key=True),
    sa.Column("said", sa.Text),
    sa.Column("truth", sa.Text),
    sa.Column("n", sa.Integer, nullable=False),  # outcomes
    sa.Column("total", sa.Float, nullable=False),  # of their utilities
    sqlite_with_rowid=False,  # read in the order of its key
)
# What the answers to real users in an experiment took, by slices of latency, so that the slice of a
# percentile is known before an answer is read.
pace = sa.Table(
    "pace",
    metadata,
    sa.Column("product", Id, primary_key=True),
    sa.Column("experiment", Id, primary_key=True),
    sa.Column("arm", sa.String(16), primary_key=True),
    sa.Column("since", Time, primary_key=True),  # as above
    sa.Column("slice", sa.Integer, primary_key=True, autoincrement=False),  # see `slices`
    sa.Column("n", sa.Integer, nullable=False),  # answers
    sa.Column("total", sa.Float, nullable=False),  # of their CPU seconds
    sqlite_with_rowid=False,
)
# How many answers each real user in an experiment got: who told of them is a share of these.
asked = sa.Table(
    "asked",
    metadata,
    sa.Column("product", Id, primary_key=True),
    sa.Column("experiment", Id, primary_key=True),
    sa.Column("arm", sa.String(16), primary_key=True),
    sa.Column("user", Id, primary_key=True),
    sa.Column("since", Time, primary_key=True),  # as above
    sa.Column("n", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
# How many answers a variant gave on a day of UTC, added up while they are written.
daily_answers = sa.Table(
    "daily_answers",
    metadata,
    sa.Column("product", Id, primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("variant", Id, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
# What outcomes of real users were worth that came with a utility, by the day of their answer.
daily_outcomes = sa.Table(
    "daily_outcomes",
    metadata,
    sa.Column("product", Id, primary_key=True),
    # users before days: each user's are added up in the order of the key, without sorting
    sa.Column("user", Id, primary_key=True),
    sa.Column("variant", Id, primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("total", sa.Float, nullable=False),  # of their utilities
    sqlite_with_rowid=False,
)
# Known to every server of the ledger and to nobody else.
secret = sa.Table(
    "secret",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("value", sa.String(200), nullable=False),
    sa.Column("created", Time, nullable=False),
    _hash(),
)
plan = sa.Table(
    "plan",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("turn", sa.Integer, sa.ForeignKey("turn.id"), nullable=False),
    sa.Column("product", Id, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("created", Time, nullable=False),
    _hash(),
)


def of(noun: str) -> sa.Table:
    """The table of a noun; KeyError for a word that is none."""
    return metadata.tables[noun]


def row_sha256(table: sa.Table, row: Mapping[str, Any]) -> str:
    """Hash of a row's values in the order of its columns, without what is set later."""
    get = row.get
    always, later = _hashed(table)
    values = [_float(get(name)) if real else get(name) for name, real in always]
    for name, real in later:
        value = get(name)
        if value is not None:
            values.append([name, _float(value) if real else value])
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def hashed_tables() -> list[sa.Table]:
    """Tables whose rows carry their hash."""
    return [table for table in metadata.sorted_tables if "sha256" in table.c]


@cache
def _hashed(table: sa.Table) -> tuple[_Names, _Names]:
    """Name of each column, and whether it holds numbers with a point; those that came later apart.
    Looked up once: a request of many inputs hashes a row for each."""
    columns = [c for c in table.columns if c.name != "sha256" and c is not turn.c.ended]
    named = [(c.info.get("later"), (c.name, isinstance(c.type, sa.Float))) for c in columns]
    return tuple(n for later, n in named if not later), tuple(n for later, n in named if later)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)

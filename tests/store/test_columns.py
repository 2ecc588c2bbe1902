"""Values of columns, rows' hashes, slices and folds: exact on every database, whatever is in them."""

import json
import math
import re

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from steelyard.store import tables
from steelyard.store.columns import BROKEN, Json, read_json
from steelyard.store.functions import sha256_hex
from steelyard.store.releases import experiment_of, standing
from steelyard.store.slices import bounds, slice_of
from steelyard.store.tables import row_sha256

# with halves of surrogate pairs, but no two that JSON reads as one character
texts = st.text(st.characters(exclude_categories=()), max_size=8).filter(
    lambda text: re.search("[\ud800-\udbff][\udc00-\udfff]", text) is None
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def written(value):
    return Json().process_bind_param(value, sqlite.dialect())


@given(json_values)
def test_any_json_comes_back_as_it_was_put(value):
    text = written(value)
    assert Json().process_result_value(text, sqlite.dialect()) == value
    assert text is None or text.encode()  # every database takes it


@pytest.mark.parametrize("value", [math.nan, math.inf, {"x": [-math.inf]}, {1, 2}, b"x"])
def test_what_is_no_json_is_refused_when_it_is_put(value):
    with pytest.raises((ValueError, TypeError)):
        written(value)


@pytest.mark.parametrize("text", ["", "{", "[1", "好评", "\ufeff1", b"\xff\xfe", "[" * 100_000, 5])
def test_a_column_that_holds_no_json_is_told_and_is_no_traceback(text):
    assert read_json(text) is BROKEN


def test_half_of_a_surrogate_pair_is_kept():
    assert read_json(written(["\ud83d", "好"])) == ["\ud83d", "好"]


def test_chinese_stands_in_a_column_as_it_is_read():
    assert written({"词": "好评"}) == '{"词":"好评"}'


ROW = {
    "id": "a",
    "product": "评论",
    "variant": "v",
    "state": "live",
    "user": "u",
    "request": "",
    "value": ["x", {"y": 1}],
    "score": 1,
    "detail": {"b": 1, "a": None},
    "cpu_s": 0.1,
    "latency_ms": 2.5,
    "created": "2026",
    "origin": "user",
}
OTHERS = {"value": ["x"], "score": None, "detail": {}, "cpu_s": 0.2, "latency_ms": 2.25}


@pytest.mark.parametrize("name", ROW)
def test_the_hash_of_a_row_covers_each_of_its_columns(name):
    changed = ROW | {name: OTHERS.get(name, f"{ROW[name]}+")}
    assert row_sha256(tables.answer, changed) != row_sha256(tables.answer, ROW)


@pytest.mark.parametrize(("name", "value"), [("release", 1), ("experiment", "e"), ("arm", "live")])
def test_a_column_that_came_later_is_in_the_hash_only_where_it_is_filled(name, value):
    plain = row_sha256(tables.answer, ROW)
    assert row_sha256(tables.answer, ROW | {name: None}) == plain
    assert row_sha256(tables.answer, ROW | {name: value}) != plain


def test_values_of_two_later_columns_are_not_taken_for_each_other():
    of = [row_sha256(tables.answer, ROW | {name: "live"}) for name in ("experiment", "arm")]
    assert of[0] != of[1]


def test_a_whole_number_in_a_column_of_numbers_is_hashed_as_the_database_gives_it_back():
    assert row_sha256(tables.answer, ROW | {"score": 1.0}) == row_sha256(tables.answer, ROW)


def test_the_end_of_a_turn_is_set_later_and_not_hashed():
    row = {"id": 1, "product": "p", "spec_sha256": "s", "started": "2026", "ended": None}
    assert row_sha256(tables.turn, row) == row_sha256(tables.turn, row | {"ended": "2027"})


@pytest.mark.parametrize("last", [-1, 0, 5, 1024 * 16 - 1, 1024 * 16, 1024 * 16 + 9])
def test_no_latency_lies_between_two_slices(last):
    assert bounds(last)[1] == bounds(last + 1)[0]
    assert bounds(last)[0] < bounds(last)[1]


@settings(max_examples=60)
@given(st.floats(-10, 1e7))
def test_a_latency_lies_within_its_slice(latency_ms):
    with sa.create_engine("sqlite://").connect() as connection:
        made = connection.execute(sa.select(slice_of(sa.literal(latency_ms, sa.Float)))).scalar()
    low, high = bounds(made)
    assert low <= latency_ms < high


def test_a_slice_is_asked_of_postgresql_with_its_own_words():
    said = str(slice_of(sa.column("x", sa.Float)).compile(dialect=postgresql.dialect()))
    assert "floor(x)" in said


def test_a_hash_of_a_text_is_of_its_utf_8():
    assert sha256_hex("好评") == sha256_hex("好评".encode().decode()) != sha256_hex("好评 ")


variants = st.sampled_from(["", "a", "b", "变体", "a\tb", "b\ta"])


@given(variants, variants, st.sampled_from(["", "1", "2"]), variants, variants)
def test_a_comparison_is_named_by_its_two_arms_and_its_scale(live, canary, scale, other, third):
    name = experiment_of(live, canary, scale=scale)
    assert name == experiment_of(live, canary, scale=scale) and len(name) == 16
    if live != canary:
        assert name != experiment_of(canary, live, scale=scale)
    assert name != experiment_of(live, canary, scale=f"{scale}3")
    if "\t" not in live + canary + other + third and (other, third) != (live, canary):
        assert name != experiment_of(other, third, scale=scale)


def test_a_variant_that_comes_back_is_no_longer_pinned():
    rows = [
        {"variant": "v", "state": state, "who": "li"}
        for state in ("pinned", "live", "pinned", "live")
    ]
    assert standing(rows)[0]["pinned"] is None
    assert standing(rows[:3])[0]["pinned"]["who"] == "li"


def test_a_pin_that_was_taken_off_holds_no_longer():
    rows = [{"variant": "v", "state": state} for state in ("live", "pinned", "unpinned")]
    assert standing(rows[:2])[0]["pinned"] and standing(rows)[0]["pinned"] is None


def test_rows_that_are_read_are_not_changed_by_the_fold():
    rows = [{"variant": "v", "state": "live"}, {"variant": "v", "state": "pinned"}]
    before = json.dumps(rows)
    standing(rows)
    assert json.dumps(rows) == before and standing([]) == []

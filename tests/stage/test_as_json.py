"""A frozen value as JSON, and back."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.as_json import BESIDE, names, of_json, others, to_json, written_as
from steelyard.interval import Interval
from steelyard.reason import Reason
from steelyard.taken import names_of, take


@dataclass(frozen=True)
class Counted:
    n: int
    of: int | None = None


@dataclass(frozen=True, kw_only=True)
class Whole:
    taken: str = field(metadata=written_as("in"))
    interval: Interval | None
    rows: tuple[Counted, ...] = ()
    by_name: dict[str, Counted] = field(default_factory=dict)
    counted: Counted | None = field(default=None, metadata=BESIDE)
    why: Reason | None = None
    rest: dict[str, Any] = field(default_factory=dict, metadata=others("history"))


@dataclass(frozen=True)
class Wanted:
    dataset: Annotated[str, "data.dataset"]
    counted: Annotated[Counted, "count.*"]


COUNTED = st.builds(Counted, st.integers(), st.none() | st.integers())
NUMBER = st.floats(allow_nan=False)
WHOLE = st.builds(
    Whole,
    taken=st.text(),
    interval=st.none() | st.builds(Interval, NUMBER, NUMBER, NUMBER, st.integers()),
    rows=st.lists(COUNTED).map(tuple),
    by_name=st.dictionaries(st.text(), COUNTED),
    counted=st.none() | COUNTED,
    why=st.none() | st.builds(Reason, st.just("release.taken_back"), st.just({"why": "x"})),
    rest=st.dictionaries(st.sampled_from(["history", "else"]), st.integers()),
)


@given(WHOLE)
def test_any_value_comes_back_from_json_as_it_was(value):
    assert of_json(Whole, json.loads(json.dumps(to_json(value)))) == value


def test_what_stands_beside_is_written_beside_and_a_default_of_none_is_left_out():
    body = to_json(Whole(taken="a", interval=None, counted=Counted(3), rest={"history": [1]}))
    assert body == {"in": "a", "interval": None, "rows": [], "by_name": {}, "n": 3, "history": [1]}


def test_a_reason_is_written_as_its_sentences_its_code_and_its_numbers():
    body = to_json(Whole(taken="a", interval=None, why=Reason("release.live_already")))
    assert body["why"] == "the chosen variant is live already" and body["why_numbers"] == {}
    assert (body["why_zh"], body["why_code"]) == ("选中的版本已在线上", "release.live_already")


def test_a_field_that_is_not_there_is_its_default_or_none_and_one_too_many_is_left_alone():
    assert of_json(Counted, {"more": 1}) == Counted(None)
    assert of_json(Whole, {}) == Whole(taken=None, interval=None)


def test_the_names_of_a_value_are_those_of_its_json():
    assert names(Whole) == (
        *("in", "interval", "rows", "by_name", "n", "of"),
        *("why", "why_zh", "why_code", "why_numbers", "history"),
    )


def test_what_is_taken_is_named_by_the_fields_and_filled_by_name():
    left = {"data.dataset": "d", "count.n": 2, "count.of": None}
    assert names_of(Wanted) == tuple(left)
    assert take(Wanted, left.__getitem__) == Wanted("d", Counted(2))


def test_a_field_that_does_not_say_whose_it_is_is_a_fault_that_is_named():
    @dataclass(frozen=True)
    class Unsaid:
        dataset: str

    with pytest.raises(TypeError, match=r"Unsaid\.dataset: expected Annotated"):
        names_of(Unsaid)

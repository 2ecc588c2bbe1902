"""One budget for all values of a request, spent before the work is done."""

import pytest

from steelyard.tasks import BadInput, image_classification, open_task
from steelyard.tasks.limits import (
    CHARACTERS_MAX,
    REQUEST_CHARACTERS_MAX,
    Budget,
    length_of,
    within,
)


def test_a_budget_may_be_spent_to_the_last_and_no_further():
    budget = Budget(6, "characters")
    assert list(within(budget, ["ab", "cd", "ef"], len)) == ["ab", "cd", "ef"]
    with pytest.raises(BadInput, match="at most 6 characters in one request, found 7") as refused:
        list(within(budget, ["ab", "cd", "efg"], len))
    assert refused.value.index == 2


def test_nothing_behind_the_value_that_goes_too_far_is_touched():
    seen = []
    values = (seen.append(v) or v for v in ("a" * 4, "b" * 4, "c"))
    with pytest.raises(BadInput):
        list(within(Budget(5, "characters"), values, length_of))
    assert len(seen) == 2


def test_what_is_no_text_costs_nothing_and_is_refused_where_it_is_read():
    assert [length_of(v) for v in (None, 7, [], {"a": 1}, "ab", b"abc")] == [0, 0, 0, 0, 2, 3]


def test_the_largest_text_passes_twice_in_a_request_and_not_three_times():
    task = open_task("text_classification", {"labels": ("a", "b")})
    text = "很" * CHARACTERS_MAX
    assert len(task.decode_all([text] * (REQUEST_CHARACTERS_MAX // CHARACTERS_MAX))) == 2
    with pytest.raises(BadInput) as refused:
        task.decode_all([text] * 3)
    assert refused.value.index == 2


def test_the_bytes_of_all_pictures_are_bounded_before_one_is_decoded_from_base64(monkeypatch):
    task = open_task("image_classification", {"labels": ("a", "b")})
    value = task.contract_examples()[0][0]
    monkeypatch.setattr(image_classification, "BYTES", Budget(3 * len(value), "bytes"))
    monkeypatch.setattr(image_classification, "open_picture", pytest.fail)
    with pytest.raises(BadInput, match="bytes in one request") as refused:
        task.decode_all([value] * 4)
    assert refused.value.index == 3

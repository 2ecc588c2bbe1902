"""Tables as they come from a shop: unsorted, doubled, with refunds and dates that are not over yet."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.stats.lifetime import Summary, summarize

UNTIL = "1997-09-30"


def of(*rows, until=UNTIL):
    return summarize(*map(list, zip(*rows, strict=True)), until=until)


def test_the_first_purchase_is_no_repeat_and_a_week_has_seven_days():
    found = of(("a", "1997-01-01", 9.0), ("a", "1997-01-15", 12.0), ("a", "1997-02-05", 20.0))
    assert (found.frequency[0], found.recency_weeks[0]) == (2, 5.0)
    assert found.age_weeks[0] == 272 / 7 and found.mean_value[0] == 16.0


def test_purchases_of_one_day_are_one_and_their_money_is_added():
    found = of(("a", "1997-01-01", 9.0), ("a", "1997-01-15", 12.0), ("a", "1997-01-15", 12.0))
    assert found.frequency[0] == 1 and found.mean_value[0] == 24.0


def test_a_customer_with_one_purchase_has_no_recency_and_no_value():
    found = of(("a", "1997-01-01", 9.0))
    assert (found.frequency[0], found.recency_weeks[0], found.mean_value[0]) == (0, 0.0, 0.0)
    assert found.repeaters == 0 and len(found) == 1


def test_what_comes_after_the_end_is_counted_and_not_looked_at():
    found = of(("a", "1997-01-01", 9.0), ("a", "2031-01-01", 5.0), ("b", "1998-01-01", 5.0))
    assert list(found.customers) == ["a"] and found.later_rows == 2 and found.frequency[0] == 0


def test_a_refund_is_taken_from_the_purchase_before_it_and_is_no_purchase():
    found = of(("a", "1997-01-01", 9.0), ("a", "1997-02-01", 30.0), ("a", "1997-02-03", -10.0))
    assert found.frequency[0] == 1 and found.mean_value[0] == 20.0 and found.returned == 0


def test_a_purchase_that_was_given_back_in_full_was_none():
    found = of(
        ("a", "1997-01-01", 9.0),
        ("a", "1997-02-01", 0.3),
        ("a", "1997-02-03", -0.1),
        ("a", "1997-02-04", -0.2),
    )
    assert found.frequency[0] == 0 and found.returned == 1


def test_refunds_larger_than_all_sales_leave_no_customer_and_say_what_they_were():
    found = of(("a", "1997-01-01", 9.0), ("a", "1997-02-01", -50.0), ("b", "1997-02-01", 5.0))
    assert list(found.customers) == ["b"] and found.unmatched_refunds == 41.0


def test_a_refund_before_any_purchase_takes_nothing():
    found = of(("a", "1997-01-01", -9.0), ("a", "1997-02-01", 5.0))
    assert found.unmatched_refunds == 9.0 and len(found) == 1


def test_a_purchase_for_nothing_is_a_purchase_that_a_refund_does_not_take():
    found = of(("a", "1997-01-01", 9.0), ("a", "1997-02-01", 0.0), ("a", "1997-02-02", -9.0))
    assert found.returned == 1 and found.frequency[0] == 0 and len(found) == 1


def test_no_rows_are_no_customers():
    assert len(summarize([], [], [], until=UNTIL)) == 0


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ((["a"], ["1997-01-01", "1997-01-02"], [1.0]), "in each row"),
        ((["a"], ["NaT"], [1.0]), "a day"),
        ((["a"], ["1997-01-01"], [float("nan")]), "finite amount"),
        ((["a"], ["soon"], [1.0]), "soon"),
    ],
)
def test_a_table_that_cannot_be_read_is_told(columns, told):
    with pytest.raises(ValueError, match=told):
        summarize(*columns, until=UNTIL)


@pytest.mark.parametrize(
    "changed",
    [
        {"frequency": np.array([-1])},
        {"recency_weeks": np.array([50.0])},
        {"recency_weeks": np.array([0.0])},
        {"age_weeks": np.array([np.inf])},
        {"mean_value": np.array([1.0, 2.0])},
    ],
)
def test_a_summary_that_contradicts_itself_is_none(changed):
    columns = {
        "customers": np.array([1]),
        "frequency": np.array([2]),
        "recency_weeks": np.array([3.0]),
        "age_weeks": np.array([30.0]),
        "mean_value": np.array([9.0]),
    }
    assert len(Summary(**columns)) == 1
    with pytest.raises(ValueError, match="expected"):
        Summary(**columns | changed)


rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(-500, 900)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_money_is_kept(table, random):
    day = np.datetime64("1997-01-01")
    table = [(who, day + after, cents / 100) for who, after, cents in table]
    found = of(*table, until="1997-12-31")
    kept = [row for row in table if row[2] < 0]
    random.shuffle(shuffled := list(table))
    again = of(*shuffled, until="1997-12-31")
    assert list(again.customers) == list(found.customers)
    assert list(again.frequency) == list(found.frequency)
    assert again.mean_value == pytest.approx(found.mean_value, abs=1e-6)
    assert found.unmatched_refunds <= -sum(row[2] for row in kept) + 1e-6
    assert np.all(found.recency_weeks <= found.age_weeks)

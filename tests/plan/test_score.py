"""Past plans are scored against what happened since: each forecast at what it spoke of, and no more than that."""

from dataclasses import replace

import pytest
from tests.plan.test_plan import FACTS

from steelyard.plan.advice import advice
from steelyard.plan.answer import told
from steelyard.plan.brought import Brought
from steelyard.plan.outlook import Outlook
from steelyard.plan.score import Past, calibration_of, scored
from steelyard.plan.weigh import weigh

SURE = replace(FACTS, caution=0.0)
POINTS = [
    {"labels": n, "quality": q, "low": q - 0.01, "high": q + 0.01}
    for n, q in ((200, 0.80), (400, 0.82), (800, 0.84))
]
WEIGHED = weigh(Outlook.of(SURE))
PLAN = {"split": told(WEIGHED), "currency": "CNY", **advice(WEIGHED)}


def nobody(first, last):
    return 0


def past(
    turn,
    bought,
    *,
    quality=0.80,
    served=(),
    plan=PLAN,
    first="2026-01-03",
    last="2026-01-02",
    **more,
):
    metrics = {
        "utility": {"value": quality, "low": quality - 0.002, "high": quality + 0.002, "n": 9}
    }
    outputs = {
        "label": {"bought": bought},
        "train": {"metrics": metrics, "method": "fine_tune"},
        "plan": {"plan": plan, "forecast": POINTS, "curve": [], "served": list(served)},
    }
    return Past(turn, outputs, first, last, **more)


def rows(*turns, what, **more):
    return [
        row
        for row in scored(turns, answers=more.pop("answers", nobody), **more)
        if row.what == what
    ]


def test_quality_is_scored_once_more_labels_were_bought_than_the_plan_had():
    assert rows(past(1, 200), past(2, 200), what="quality") == []
    one, other = rows(past(1, 200), past(2, 200), past(3, 400, quality=0.821), what="quality")
    assert (one.turn, other.turn) == (1, 2) and one.text.numbers == {"labels": 400, "turn": 3}
    value, low, high = one.said
    assert value == pytest.approx(0.82) and one.seen == 0.821 and one.held
    # the plan kept 90 %: narrowed to 80 %, and widened by what is not known of the figure seen
    assert 0.01 * 1.2816 / 1.6449 < value - low < 0.01
    assert high - value == pytest.approx(value - low)


def test_quality_far_from_the_forecast_did_not_hold_and_beyond_the_forecast_is_not_scored():
    (row,) = rows(past(1, 200), past(2, 400, quality=0.9), what="quality")
    assert row.held is False
    assert rows(past(1, 200), past(2, 900), what="quality") == []


def test_a_forecast_between_two_points_is_read_between_them():
    (row,) = rows(past(1, 200), past(2, 566), what="quality")
    assert row.said[0] == pytest.approx(0.83, abs=1e-3)  # in the logarithm of labels


def served(cost, p95, n, *, name="small"):
    return {
        "variant": "v",
        "name": name,
        "n": n,
        "predicted_cost_per_1000": 0.01,
        "served_cost_per_1000": cost,
        "predicted_p95_ms": 20.0,
        "served_p95_ms": p95,
    }


def test_a_variant_is_scored_once_by_its_newest_figures_at_the_turn_that_first_promised_it():
    turns = (
        past(1, 200, served=[served(0.02, 30.0, 50)]),
        past(2, 200, served=[served(0.0105, 25.0, 500)]),
    )
    (cost,) = rows(*turns, what="cost_per_1000")
    (p95,) = rows(*turns, what="p95_ms")
    assert (cost.turn, cost.seen, cost.held) == (1, 0.0105, True)
    assert cost.text.numbers["n"] == 500 and cost.said[1] < 0.01 < cost.said[2]
    assert (p95.seen, p95.held, p95.said) == (25.0, None, (20.0, None, None))
    assert p95.to_json()["counted"] is False


def test_a_cost_that_doubled_did_not_hold_and_one_that_nobody_predicted_is_no_row():
    (cost,) = rows(past(1, 200, served=[served(0.02, None, 50)]), what="cost_per_1000")
    assert cost.held is False
    free = served(0.02, None, 50) | {"predicted_cost_per_1000": 0.0, "predicted_p95_ms": None}
    assert scored([past(1, 200, served=[free])], answers=nobody) == []


def test_requests_are_counted_on_whole_days_between_turns_alone():
    asked = []

    def answers(first, last):
        asked.append((first, last))
        return 4500

    same_day = past(1, 200, requests=30_000)
    (row,) = rows(
        same_day,
        past(2, 200, first="2026-01-03", last="2026-01-07", requests=30_000),
        what="requests",
        answers=answers,
    )
    assert asked == [("2026-01-03", "2026-01-07")]
    assert row.said[0] == 5000 and row.seen == 4500 and row.held is None
    assert row.text.numbers == {"days": 5, "times": 0.9}


def brought(since, before, said=(10.0, 5.0, 15.0)):
    return Brought(1, "search", 300.0, "CNY", 30.0, said, since, before)


def test_customers_are_what_came_beyond_as_many_days_before():
    (row,) = rows(past(1, 200), what="customers", brought=[brought(31, 20)])
    assert row.seen == 11 and row.held and row.text.numbers["since"] == 31
    assert row.said[1] < 5.0 and row.said[2] > 15.0  # counts vary by themselves
    (none,) = rows(past(1, 200), what="customers", brought=[brought(2, 40)])
    assert none.held is False and none.seen == -38


def test_money_of_sales_is_scored_where_that_was_promised():
    sold = Brought(
        1, "search", 300.0, "CNY", 30.0, (90.0, 40.0, 140.0), 260.0, 180.0, "sales", 30.0
    )
    (row,) = rows(past(1, 200), what="sales", brought=[sold])
    assert row.seen == 80.0 and row.held and row.counted and row.text.code == "score.sales"
    assert row.said[1] < 40.0 and row.said[2] > 140.0  # sums of few sales vary by themselves
    (none,) = rows(past(1, 200), what="sales", brought=[replace(sold, since=20.0)])
    assert none.held is False


def test_a_split_is_worth_what_is_believed_now_and_the_newest_is_not_scored():
    now = {}

    def weigh_now(budget):
        return now.setdefault(budget, weigh(Outlook.of(SURE), budget=budget))

    assert rows(past(1, 200), what="split", now=weigh_now) == []
    (same,) = rows(past(1, 200), past(2, 200), what="split", now=weigh_now)
    assert same.said[0] == pytest.approx(same.seen) and same.held is None and not same.counted
    assert same.text.numbers["lost"] == (0.0, 0.0, 0.0)
    # the money that was kept then, though labels are worth it by now
    kept = PLAN | {
        "split": PLAN["split"] | {"parts": [p | {"spend": 0.0} for p in PLAN["split"]["parts"]]}
    }
    (regret,) = rows(past(1, 200, plan=kept), past(2, 200), what="split", now=weigh_now)
    assert regret.seen == 0.0 and regret.text.numbers["lost"][0] == pytest.approx(same.seen)
    assert list(now) == [SURE.unit]  # one amount is weighed once


def test_a_split_over_a_place_that_is_offered_no_more_is_no_row():
    gone = PLAN["split"] | {"parts": [{"name": "radio", "spend": 10.0}]}
    turns = past(1, 200, plan=PLAN | {"split": gone}), past(2, 200)
    assert rows(*turns, what="split", now=lambda budget: WEIGHED) == []


def test_a_cost_is_judged_once_enough_was_served():
    few, enough = (
        [row.what for row in scored([past(1, 200, served=[served(0.02, None, n)])], answers=nobody)]
        for n in (49, 50)
    )
    assert "cost_per_1000" not in few and "cost_per_1000" in enough


def test_one_training_is_one_outcome_however_many_plans_said_the_same_of_it():
    turns = [past(i, 200) for i in range(1, 10)] + [past(10, 400, quality=0.9)]
    rows = [r.to_json() for r in scored(turns, answers=nobody) if r.what == "quality"]
    assert len(rows) == 9 and calibration_of(rows)["n"] == 1


def test_the_calibration_counts_intervals_that_were_seen_with_a_wilson_interval():
    made = [{"held": held, "counted": True} for held in (True, True, True, False)]
    made += [{"held": True, "counted": False}, {"held": None, "counted": False}]
    told_ = calibration_of(made)
    assert (told_["n"], told_["held"], told_["share"]) == (4, 3, 0.75)
    assert told_["low"] == pytest.approx(0.3006, abs=1e-3) and told_["high"] == pytest.approx(
        0.9544, abs=1e-3
    )
    assert calibration_of([]) == {
        "n": 0,
        "held": 0,
        "promised": 0.8,
        "share": None,
        "low": None,
        "high": None,
    }


def test_rows_come_by_turn_with_a_text_in_both_languages():
    turns = past(1, 200, served=[served(0.01, 20.0, 90)]), past(2, 400, quality=0.82)
    made = [row.to_json() for row in scored(turns, answers=nobody, brought=[brought(3, 2)])]
    assert {row["what"] for row in made} == {"quality", "cost_per_1000", "p95_ms", "customers"}
    for row in made:
        assert row.keys() >= {"turn", "what", "said", "seen", "held", "text", "text_zh"}
        assert len(row["said"]) == 3 and row["text"] != row["text_zh"]

"""What cannot be planned on is named, and the rest is planned all the same."""

from contextlib import closing
from dataclasses import replace

import pytest
from tests.plan.test_channels import ADS, MARKET, SOLD, with_channels
from tests.plan.test_plan import FACTS, planned
from tests.planned import a_product, turned

from steelyard.api.approving import approve, proposed
from steelyard.api.planning import plan, score
from steelyard.errors import Damaged, SpecError
from steelyard.plan.market import Figure
from steelyard.spec import load
from steelyard.stats.pooling import pooled
from steelyard.store import Store


def test_a_budget_of_zero_says_that_there_is_nothing_to_place_and_still_what_to_measure():
    told, _ = planned(replace(SOLD, unit=0.0))
    assert "there is no money to place" in told["because"] and told["recommendation"]["spend"] == {}
    assert told["split"]["looks"] and told["split"]["solved"]


def test_cash_that_runs_out_whatever_is_done_is_said_and_nothing_is_placed():
    """A hundred a day go out for ads, and customers of 5 bring less than that."""
    poor = replace(MARKET, worth=Figure(5.0, "measured", 9, 4.0, 6.0))
    told, _ = planned(replace(SOLD, cash=10.0, market=poor))
    assert "falls below zero" in told["because"] and "plan.cash" in told["because"]
    assert told["recommendation"]["spend"] == {} and not told["split"]["solved"]


def test_more_is_never_placed_than_there_is_cash():
    told, weighed = planned(replace(SOLD, unit=1000.0, cash=400.0))
    assert weighed.question.budget == 400.0
    assert sum(told["recommendation"]["spend"].values()) <= 400.0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("unit: -5", r"plan\.unit"),
        ("unit: 30, caution: 2", r"plan\.caution"),
        ("unit: 30, horizon: 0", r"plan\.horizon"),
        ("unit: 30, ruin: 1.5", r"plan\.ruin"),
        ("unit: 30, cash: -1", r"plan\.cash"),
    ],
)
def test_constraints_that_nothing_can_keep_are_refused_by_line(tmp_path, text, named):
    file = a_product(tmp_path)
    written = file.path.read_text(encoding="utf-8")
    file.path.write_text(written.replace("unit: 30, caution: 0", text), encoding="utf-8")
    with pytest.raises(SpecError, match=named):
        load(file.path)


def test_levers_without_price_or_evidence_are_told_each_by_its_name():
    told, _ = planned(replace(FACTS, curve=None, market=replace(MARKET, worth=None)))
    said = " ".join(one["because"] for one in told["split"]["unknown"])
    assert "ads" in said and "curve" in said
    assert told["recommendation"]["spend"] == {} and told["recommendation"]["option"] == "nothing"


def test_two_experiments_of_opposite_sign_leave_an_interval_about_zero():
    found = pooled(
        [1.0, 1.0], [0.1, 0.1], [0.05, -0.05], [0.01, 0.01], prior=[(0.0, 0.02)], between=0.05
    ).slopes[0]
    assert found.low < 0 < found.high and abs(found.value) < 0.01
    both = replace(
        SOLD,
        answer=0.0,
        market=replace(
            MARKET,
            elasticity={
                "conversion": {"quality": Figure(found.value, "measured", 2, found.low, found.high)}
            },
        ),
    )
    _, weighed = planned(both)
    assert weighed.split.spend.get("labels", 0.0) == 0.0


def test_a_curve_that_is_not_identified_says_that_it_is_assumed():
    told, _ = planned(with_channels(replace(ADS, evidence="assumed")))
    (part,) = [one for one in told["split"]["parts"] if one["name"] == "ads"]
    assert part["evidence"] == "assumed"


def test_a_rotten_ledger_is_named_by_whatever_reads_it(tmp_path):
    file = a_product(tmp_path)
    turned(file)
    approve(proposed(file, who="li"))
    with closing(Store.open(file)) as store, store.database.write() as connection:
        connection.exec_driver_sql("UPDATE event SET body = replace(body, '299', '999')")
    file = load(file.path)
    for ask in (plan, score, lambda f: proposed(f, who="wang")):
        with pytest.raises(
            Damaged, match=r"ledger table event row \w+: expected the values it was written with"
        ):
            ask(file)

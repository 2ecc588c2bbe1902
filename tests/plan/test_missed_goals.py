"""A variant that misses a goal is a free step only where the live one misses it by more, and none that breaks the p95 is."""

from contextlib import closing
from dataclasses import replace

import pytest
from tests.plan.test_plan import FACTS, planned
from tests.planned import a_product, outputs_of

from steelyard.plan.facts import Priced, Served
from steelyard.plan.goals import by_goals_alone, missed_by_less
from steelyard.plan.menu import offer
from steelyard.plan.now import plan_of
from steelyard.plan.outlook import Outlook
from steelyard.plan.run import facts_of
from steelyard.plan.variants import own
from steelyard.reason import Reason, together
from steelyard.spec.model import Goals
from steelyard.store import Store
from steelyard.tasks import task_of
from steelyard.tasks.valuation import valuation_of
from steelyard.words import spoken

GOALS = Goals(quality={"macro_f1": 0.85}, p95_ms=60)
SMALL = Priced("b", "small", 0.86, 0.855, 0.865, 0.005)


def seen(f1, p95):
    return {"macro_f1": {"value": f1}, "p95_ms": {"value": p95}}


@pytest.mark.parametrize(
    ("other", "live", "codes"),
    [
        (seen(0.83, 20), seen(0.80, 20), ["goal.below"]),
        (seen(0.83, 20), seen(0.83, 20), []),  # no better there
        (seen(0.83, 20), seen(0.84, 20), []),
        (seen(0.83, 20), seen(0.90, 20), []),  # the live one meets it
        (seen(0.90, 65), seen(0.90, 92), ["goal.above"]),
        (seen(0.90, 95), seen(0.90, 92), []),
        (seen(0.83, 65), seen(0.80, 92), ["goal.below", "goal.above"]),
        (seen(0.83, 65), seen(0.80, 50), []),  # better answers that break the p95
        (seen(0.83, 65), {"macro_f1": {"value": 0.8}}, []),  # nobody timed the live one
        (seen(0.90, 20), seen(0.80, 20), []),  # it misses none
    ],
)
def test_it_is_better_at_every_goal_that_it_misses(other, live, codes):
    assert [one.code for one in missed_by_less(other, live, GOALS)] == codes


def test_what_is_out_for_another_reason_stays_out():
    goal = Reason("goal.below", {"goal": "macro_f1", "value": 0.8, "limit": 0.85})
    near = Reason("goal.near", {"missed": goal, "chance": 0.4})
    busy = Reason("variant.timed_busy", {"why": together([goal, near]), "wall_s": 1.4})
    lost = Reason("variant.lost_quality", {"quality": 0.8})
    assert all(map(by_goals_alone, (goal, near, busy)))
    assert not any(
        map(
            by_goals_alone,
            (lost, together([goal, lost]), Reason("variant.baseline"), together([lost, near])),
        )
    )


def of_a_turn(tmp_path, *, f1, live_f1, why, p95=10.0):
    """Alternatives of a turn whose live variant is v1 and whose other, v2, does not meet the goals."""
    file = a_product(tmp_path)
    goals = file.spec.goals.model_copy(update={"quality": {"macro_f1": 0.85}, "p95_ms": 60})
    file = replace(file, spec=file.spec.model_copy(update={"goals": goals}))
    outputs = outputs_of()
    row = outputs["compress"]["table"][0]
    other = row | {"variant": "v2", "name": "onnx_int8", "meets": False} | spoken("why", why)
    outputs["compress"]["table"] = [row, other | {"p95_ms": p95, "cost_per_1000": 0.004}]
    outputs["compress"]["utility"]["onnx_int8"] = outputs["compress"]["utility"]["torch_fp32"]
    with closing(Store.open(file)) as store:
        turn = store.begin_turn(file.sha256, text=file.text)

        def work(step):
            for variant, value, took in (("v1", live_f1, 10.0), ("v2", f1, p95)):
                step.measure(variant, "macro_f1", value, n=100, on="here")
                step.measure(variant, "p95_ms", took, n=100, on="here")
            return {}

        store.step(turn, "compress", "measured", work, cpu_price=0)
        valuation = valuation_of(task_of(file), file.spec.money)
        of = plan_of(outputs | {"market": {}})
        return facts_of(store, file, of, valuation=valuation).alternatives


BELOW = Reason("goal.below", {"goal": "macro_f1", "value": 0.8, "limit": 0.85})


def test_a_turn_offers_what_misses_by_less_than_the_live_one(tmp_path):
    found = of_a_turn(tmp_path, f1=0.83, live_f1=0.80, why=BELOW)
    assert [(one.name, [m.code for m in one.misses]) for one in found] == [
        ("torch_fp32", []),
        ("onnx_int8", ["goal.below"]),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"f1": 0.80, "live_f1": 0.83, "why": BELOW},
        {"f1": 0.83, "live_f1": 0.80, "why": BELOW, "p95": 70.0},
        {"f1": 0.83, "live_f1": 0.80, "why": Reason("variant.baseline")},
    ],
)
def test_a_turn_offers_nothing_that_misses_otherwise(tmp_path, given):
    assert [one.name for one in of_a_turn(tmp_path, **given)] == ["torch_fp32"]


def test_what_misses_a_goal_is_promoted_by_a_person_and_says_what_it_misses():
    facts = replace(FACTS, alternatives=[replace(SMALL, misses=(BELOW,))])
    plan, weighed = planned(facts)
    assert weighed.taken and not own(facts, facts.alternatives[0])
    assert "steelyard release promote product.yaml small" in plan["do"]
    assert "it misses a goal, by less than live does: macro" in plan["because"]


@pytest.mark.parametrize(
    ("own_p95", "own_served", "live_p95", "live_served", "taken"),
    [
        (40.0, None, 50.0, None, True),
        (70.0, None, 50.0, None, False),
        (70.0, None, None, None, False),
        (70.0, None, 90.0, None, True),  # slower than the goal, and faster than what is live
        (40.0, 80.0, 50.0, 55.0, False),  # as it was served
        (40.0, 80.0, 50.0, 95.0, True),
    ],
)
def test_no_split_takes_a_step_that_breaks_the_p95(
    own_p95, own_served, live_p95, live_served, taken
):
    def with_p95(one, p95, served):
        seen = None if served is None else Served(one.cost_per_1000, served, 500)
        return replace(one, p95_ms=p95, served=seen)

    facts = replace(
        FACTS,
        p95_goal_ms=60.0,
        live=with_p95(FACTS.live, live_p95, live_served),
        alternatives=[with_p95(SMALL, own_p95, own_served)],
    )
    assert bool(offer(Outlook.of(facts)).menu) == taken
    assert bool(planned(facts)[1].taken) == taken

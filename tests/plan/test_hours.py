"""An hour on the model brings what past trainings gained beyond their labels, with the errors of both ends."""

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_plan import FACTS, STEEP, planned

from steelyard.plan.around import Around, Trained
from steelyard.plan.hours import BEYOND, LEVER, offer, rate
from steelyard.plan.moved import Doing
from steelyard.plan.outlook import Outlook

AN_HOUR = 0.002


def history(rng, *, n=8, error=0.003, slope=AN_HOUR, run=0.0):
    """Trainings whose hours were worth `slope`, measured with an error of the hold-out and of the run."""
    quality, made = 0.8, []
    for turn in range(1, n + 1):
        hours = float(rng.integers(0, 20)) if turn > 1 else 0.0
        quality += slope * hours
        seen = quality + error * rng.normal() + run * rng.normal()
        made.append(Trained(turn, 2000, seen, error, hours))
    return made


def with_history(trained, **more):
    return replace(FACTS, around=Around(hour_price=50.0, trained=trained, **more))


def test_the_interval_of_the_slope_holds_the_truth_about_as_often_as_it_says():
    run = float(STEEP.beliefs.deviation.mean())
    t, told = (
        1.440,
        [],
    )  # Student's with the six degrees that seven gains leave: one in ten on either side
    for seed in range(300):
        found = rate(history(np.random.default_rng(seed), run=run), STEEP)
        if found is not None:
            told.append(abs(found.value - AN_HOUR) <= t * found.error)
    assert len(told) > 290 and 0.78 <= np.mean(told) <= 0.93


def test_what_labels_explain_is_no_merit_of_hours():
    more = [
        Trained(t, n, float(STEEP.draws(n).mean()), 1e-3, 10.0)
        for t, n in enumerate((500, 1000, 2000, 4000))
    ]
    found = rate(more, STEEP)
    assert found.value == pytest.approx(0.0, abs=1e-9)
    flat = rate([replace(one, labels=2000) for one in more], STEEP)
    assert flat.value > 1e-3  # the same gains without labels to explain them


def test_hours_that_paid_are_a_place_with_room_and_delay():
    facts = with_history(history(np.random.default_rng(1), n=12, error=1e-4), hours=6.0)
    [one] = offer(Outlook.of(facts)).places
    assert one.place.most == 6.0 * 50.0 and one.place.arm == "technology"
    gain, slope = one.place.moves[0].gain(100.0)
    assert gain == pytest.approx(100.0 * slope) and float(gain.mean()) == pytest.approx(
        2 * AN_HOUR, rel=0.5
    )
    assert one.place.moves[0].ramp[0] < 0.1  # they work from the next turn on
    free = replace(facts, around=replace(facts.around, hours=None))
    most = max(t.hours for t in facts.around.trained)
    assert offer(Outlook.of(free)).places[0].place.most == pytest.approx(BEYOND * most * 50)


def test_a_plan_says_how_many_hours_and_where_they_are_booked():
    facts = replace(with_history(history(np.random.default_rng(1), n=12, error=1e-4)), curve=STEEP)
    plan, _ = planned(facts, [LEVER])
    assert plan["recommendation"]["spend"] == {"hours": 1000.0}
    assert "work 20 h more on the model" in plan["do"] and "--as usage" in plan["do"]
    assert plan["split"]["chain"][0]["rows"] == {"account": "people.hours"}
    assert Doing.of(plan).steps == ("hours",)  # which a person does: it may be approved


def test_too_few_trainings_say_what_books_them_and_no_price_is_said_on_request_alone():
    few = history(np.random.default_rng(0), n=3)
    [said] = offer(Outlook.of(with_history(few))).unknown
    assert said.code == "hours.too_few" and said.numbers["n"] <= 2
    assert rate(history(np.random.default_rng(0)), None) is None
    quiet = offer(Outlook.of(replace(FACTS, around=Around(trained=few))))
    assert (quiet.unknown, [one.code for one in quiet.on_request]) == ((), ["hours.no_price"])
    none = with_history(few, hours=0.0)
    assert [one.code for one in offer(Outlook.of(none)).on_request] == ["hours.no_time"]
    table = replace(with_history(few), measure="worth")
    assert [one.code for one in offer(Outlook.of(table)).on_request] == ["hours.by_table"]

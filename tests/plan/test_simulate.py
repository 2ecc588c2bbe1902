"""Companies whose truth is known: beliefs that hold it, months that add up, managers that learn."""

import numpy as np
import pytest

from steelyard.plan.simulate import KINDS, SETTINGS, Simulated, State
from steelyard.plan.simulate.play import (
    all_in,
    equal_parts,
    knows_the_truth,
    measuring,
    planner,
    played,
)
from steelyard.plan.simulate.trials import found, looks
from steelyard.plan.split import Question, split


def test_the_same_seed_is_the_same_company_and_another_is_another():
    one, again, other = (Simulated.of("recommender", seed) for seed in (1, 1, 2))
    assert one.truth == again.truth and one.truth != other.truth
    assert one.evidence("full") == again.evidence("full")
    assert one.budget() == again.budget() != other.budget()


@pytest.mark.parametrize("level", ["cold", "full"])
def test_beliefs_hold_the_truth_as_often_as_they_say(level):
    """Ranks of the truth among 64 draws, over 40 companies and all parameters."""
    ranks = []
    for seed in range(40):
        sim = Simulated.of(KINDS[seed % 3], seed)
        p = sim.believed(sim.evidence(level), n=64)
        ranks += [float((draws < sim.truth[name]).mean()) for name, draws in p.items()]
    inside = np.mean([0.1 <= rank <= 0.9 for rank in ranks])
    assert 0.77 <= inside <= 0.83
    assert abs(np.mean(ranks) - 0.5) < 0.03


def test_more_evidence_is_believed_more_narrowly():
    sim = Simulated.of("opinion_monitor", 5)
    wide, narrow = (sim.believed(sim.evidence(level)) for level in ("cold", "full"))
    for name in ("reach_0", "spend_0", "to_price", "exponent"):
        assert np.log(np.abs(narrow[name])).std() < 0.8 * np.log(np.abs(wide[name])).std()


def test_a_lost_fifth_of_exposures_is_in_the_rows_and_not_in_the_truth():
    plain, lost = (
        Simulated.of("recommender", 3, shape=shape) for shape in ("as_believed", "lost_exposures")
    )
    rows = [
        [row.value for row in sim.evidence("full") if row.of == "channel_0"]
        for sim in (plain, lost)
    ]
    assert np.mean(rows[1]) < 0.9 * np.mean(rows[0])
    assert plain.profit({"channel_0": 3000.0}) == lost.profit({"channel_0": 3000.0})


@pytest.mark.parametrize("shape", ["hill", "drift", "shock"])
def test_a_misspecified_truth_earns_something_else(shape):
    plain, other = (Simulated.of("recommender", 3, shape=s) for s in ("as_believed", shape))
    assert plain.profit({"channel_0": 3000.0}) != other.profit({"channel_0": 3000.0})


def test_months_add_up_to_the_year_that_was_planned():
    """What is planned with the truth known is what the months bring, less the discount and what works a month
    earlier or later."""
    sim = Simulated.of("recommender", 4)
    w = sim.world()
    made = split(w.company, w.places, w.menus, Question(sim.budget(), 0.0))
    months = played(sim, knows_the_truth)
    assert sum(months.profit) == pytest.approx(float(made.profit[0]), rel=0.08)
    assert sum(sum(s.values()) for s in months.spent) <= sim.budget() * (1 + 1e-6)


def test_what_was_done_stays_done():
    sim = Simulated.of("service_desk", 2)
    before, after = sim.world(), sim.world(state=State(month=3, labels=2.0, hours=900.0, page=True))
    assert after.company.gained[0] > before.company.gained[0]
    assert [step.name for step in after.menus[1]] == ["page"] and after.menus[1][0].cost == 0


def test_a_planner_that_plans_again_beats_equal_parts_and_one_side():
    totals = {"plan": 0.0, "equal": 0.0, "market": 0.0, "technology": 0.0, "truth": 0.0}
    managers = {
        "plan": planner(),
        "equal": equal_parts,
        "market": all_in("market"),
        "technology": all_in("technology"),
        "truth": knows_the_truth,
    }
    for seed in (11, 12, 13):
        sim = Simulated.of(KINDS[seed % 3], seed)
        for name, manager in managers.items():
            totals[name] += sum(played(sim, manager, months=4).profit) / SETTINGS[sim.kind].budget
    assert (
        totals["truth"]
        > totals["plan"]
        > max(totals[name] for name in ("equal", "market", "technology"))
    )


def test_a_manager_that_measures_pays_for_its_tests_and_reads_them():
    sim = Simulated.of("recommender", 2)
    made = played(sim, measuring(), months=3)
    tests = [name for spend in made.spent for name in spend if name.startswith("test ")]
    assert tests
    plain = [row for row in played(sim, planner(), months=3).rows if row.of == "to_price"]
    assert len([row for row in made.rows if row.of == "to_price"]) > len(plain)


def test_a_test_finds_the_truth_within_its_error():
    sim = Simulated.of("recommender", 6)
    p = sim.believed(sim.evidence("cold"))
    for look in looks(sim, p):
        rows = [found(sim, look.name, np.random.default_rng(s)) for s in range(200)]
        values = np.array([row.value for row in rows])
        assert values.std() == pytest.approx(rows[0].error, rel=0.25)


def test_nothing_that_works_later_is_bought_in_the_last_month():
    sim = Simulated.of("service_desk", 2)
    for made in (played(sim, knows_the_truth), played(sim, planner(), months=2)):
        last = made.spent[-1]
        assert max(last.get(name, 0.0) for name in ("labels", "hours", "page")) < 1.0


def test_a_page_waits_for_its_test():
    for seed in range(1, 5):
        first = played(Simulated.of("recommender", seed), measuring(), months=2).spent[0]
        assert not ("test page" in first and first.get("page", 0.0) > 0)

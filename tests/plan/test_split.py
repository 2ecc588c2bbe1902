"""The best split: beside the grid, within its budget, with cash, and what tests are worth before it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from steelyard.plan.company import Profits
from steelyard.plan.looks import Look, divisions, ranked
from steelyard.plan.simulate import KINDS, Simulated
from steelyard.plan.simulate.trials import looks
from steelyard.plan.simulate.worlds import only
from steelyard.plan.split import COMBINATIONS_MAX, Question, split


def world(kind="recommender", seed=1, level="some", n=128):
    sim = Simulated.of(kind, seed)
    return sim, sim.world(sim.believed(sim.evidence(level), n=n))


@pytest.mark.parametrize("kind", KINDS)
def test_no_division_of_a_grid_is_better(kind):
    sim, w = world(kind)
    question = Question(sim.budget())
    made = split(w.company, w.places, w.menus, question)
    assert made.solved.solved
    assert sum(made.spend.values()) <= question.budget * (1 + 1e-9)
    shares = [s for s in itertools.product((0, 0.2, 0.4, 0.6), repeat=5) if sum(s) <= 1]
    left = question.budget - sum(step.cost for step in made.steps)
    risk_free = Question(question.budget, caution=0.0)
    plain = split(w.company, w.places, w.menus, risk_free)
    best = max(
        float(Profits.of(w.company, w.places, np.array(s) * left, made.steps).profit.mean())
        for s in shares
    )
    assert plain.profit.mean() >= best * (1 - 1e-9)


def test_caution_lifts_the_worst_draws():
    sim, w = world("service_desk", 3, "cold")
    made = [
        split(w.company, w.places, w.menus, Question(sim.budget(), caution=c)) for c in (0.0, 1.0)
    ]
    tails = [float(np.sort(m.profit)[:13].mean()) for m in made]
    assert tails[1] > tails[0] and made[0].profit.mean() > made[1].profit.mean()


def test_cash_that_would_run_out_holds_the_money_back():
    sim, w = world("opinion_monitor", 4)
    question = Question(sim.budget())
    free = split(w.company, w.places, w.menus, question)
    poor = replace(w.company, cash=3000.0, fixed=1000.0, arrives=np.linspace(0.05, 0.6, 12))
    held = split(poor, w.places, w.menus, question)
    spent = [sum(m.spend.values()) for m in (free, held)]
    assert spent[1] < 0.9 * spent[0]
    cash = Profits.of(poor, held.places, held.amounts, held.steps, with_cash=True).cash
    assert held.solved.solved and 0 < (cash < 0).mean() <= question.ruin + 0.01
    assert held.solved.limits["cash"] > 0


def test_a_budget_of_nothing_leaves_what_is_free():
    _sim, w = world()
    made = split(w.company, w.places, w.menus, Question(0.0))
    assert sum(made.spend.values()) == 0
    assert any(step.moves for step in made.steps)  # another variant or price costs nothing


def test_too_many_combinations_are_refused():
    _, w = world()
    menus = [w.menus[0]] * 9
    assert COMBINATIONS_MAX < 3**9
    with pytest.raises(ValueError, match="combinations"):
        split(w.company, w.places, menus, Question(100.0))


def test_sides_alone_are_worse_and_sides_add_up():
    sim, w = world("service_desk", 7)
    question = Question(sim.budget())
    both = split(w.company, w.places, w.menus, question)
    total = both.of_arm("technology") + both.of_arm("market")
    assert total == pytest.approx(sum(both.spend.values()))
    for arm in ("technology", "market"):
        one = only(w, arm)
        alone = split(one.company, one.places, one.menus, question)
        assert alone.value <= both.value * (1 + 1e-9)
        assert alone.of_arm("market" if arm == "technology" else "technology") == 0


def test_a_look_at_what_decides_is_worth_more_than_one_at_what_does_not():
    sim, w = world("recommender", 2, "cold", n=512)
    question = Question(sim.budget())
    made = split(w.company, w.places, w.menus, question)
    profit = divisions(w.company, w.menus, made, question)
    assert profit.shape[0] == 512 and profit.shape[1] > 20
    noise = np.random.default_rng(0).normal(size=512)
    p = sim.believed(sim.evidence("cold"))
    asked = [Look("noise", "market", noise, 0.1, 0.0, 0.0), *looks(sim, p)]
    found = {w.look.name: w for w in ranked(asked, profit, periods=12)}
    assert found["to_price"].gross > 10 * found["noise"].gross
    dear = {w.look.name: w for w in ranked(asked, profit, periods=12, shadow=3.0)}
    assert dear["to_price"].net == pytest.approx(
        found["to_price"].net - 3 * found["to_price"].look.cost
    )
    slow = replace(found["to_price"].look, periods=6.0)
    assert ranked([slow], profit, periods=12)[0].net < found["to_price"].net


def test_cash_that_runs_out_whatever_is_done_is_not_called_solved():
    sim, w = world("opinion_monitor", 4)
    poor = replace(w.company, cash=3000.0, fixed=2500.0, arrives=np.linspace(0.05, 0.6, 12))
    assert not split(poor, w.places, w.menus, Question(sim.budget())).solved.solved


def test_a_company_without_a_place_pays_its_fixed_costs_every_period():
    _, w = world()
    idle = replace(w.company, visits=np.zeros(12), requests=np.zeros(12), cash=100.0, fixed=500.0)
    assert Profits.of(idle, [], [], with_cash=True).cash[0] == pytest.approx(100.0 - 12 * 500.0)


@pytest.mark.parametrize(
    "wrong", [{"budget": -1.0}, {"budget": np.nan}, {"budget": 1.0, "ruin": 2.0}]
)
def test_a_question_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Question(**wrong)


def test_menus_that_cannot_be_chosen_from_are_refused():
    _, w = world()
    dear = [(replace(w.menus[1][1], cost=500.0),)]
    for menus, said in (
        ([()], "a step in each menu"),
        (dear, "budget can pay"),
        (w.menus[:1] * 2, "twice"),
    ):
        with pytest.raises(ValueError, match=said):
            split(w.company, w.places, menus, Question(100.0))


def test_no_look_is_bought_for_a_step_that_the_budget_cannot_pay():
    sim, w = world("service_desk", 3, "cold", n=256)
    question = Question(0.7 * sim.setting.page)
    made = split(w.company, w.places, w.menus, question)
    p = sim.believed(sim.evidence("cold"), n=256)
    profit = divisions(w.company, w.menus, made, question)
    page = next(x for x in ranked(looks(sim, p), profit, periods=12) if x.look.name == "page")
    price = next(x for x in ranked(looks(sim, p), profit, periods=12) if x.look.name == "to_price")
    assert page.gross < 0.05 * price.gross

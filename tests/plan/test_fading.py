"""What new labels gain fades by halves where the owner says so, and lasts, as is said, where he does not."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from tests.plan.test_plan import FACTS, planned

from steelyard.plan.company import Profits
from steelyard.plan.explain import explain
from steelyard.plan.facts import Priced
from steelyard.plan.labels import DAYS, offer
from steelyard.plan.menu import offer as variants
from steelyard.plan.outlook import MONTH, Outlook
from steelyard.plan.weigh import weigh

OTHER = Priced("b", "small", 0.86, 0.85, 0.87, 0.01)


@pytest.mark.parametrize("half", [0.5, 3.0, 24.0])
@pytest.mark.parametrize("days", [0.0, 7.0, 45.0])
def test_each_month_has_the_mean_of_what_is_left_in_it(half, days):
    outlook = Outlook.of(replace(FACTS, fading=half))
    begins = days / MONTH
    by_hand = [
        quad(lambda t: 0.5 ** ((t - begins) / half), max(month, begins), month + 1)[0]
        if month + 1 > begins
        else 0.0
        for month in range(outlook.months)
    ]
    assert outlook.ramp(days, fades=True) == pytest.approx(by_hand)
    whole = half / math.log(2) * (1 - 0.5 ** ((outlook.months - begins) / half))
    assert outlook.ramp(days, fades=True).sum() == pytest.approx(whole)
    assert np.array_equal(outlook.ramp(days), Outlook.of(FACTS).ramp(days))


def test_labels_are_worth_the_closed_form_of_their_gain():
    facts = replace(FACTS, fading=4.0, horizon=18, discount=0.0)
    outlook = Outlook.of(facts)
    (place,) = (one.place for one in offer(outlook).places)
    made = Profits.of(outlook.company, [place], [600.0]).profit
    nothing = Profits.of(outlook.company, (), []).profit
    months = 4 / math.log(2) * (1 - 0.5 ** ((18 - DAYS / MONTH) / 4))
    gain = np.minimum(place.moves[0].gain(600.0)[0], 1 - outlook.company.quality)
    a_month = facts.requests / facts.days * MONTH * facts.answer
    assert made - nothing == pytest.approx(gain * a_month * months - 600.0)


def test_the_faster_it_fades_the_fewer_labels_are_bought():
    bought = [
        weigh(Outlook.of(replace(FACTS, answer=0.01, unit=2400.0, fading=half))).split.spend.get(
            "labels", 0.0
        )
        for half in (None, 6.0, 0.5)
    ]
    assert bought[0] > bought[1] > bought[2]


def test_a_gain_that_hardly_fades_is_as_one_that_lasts():
    last, hardly = (weigh(Outlook.of(replace(FACTS, fading=h))) for h in (None, 600.0))
    assert hardly.gain.mean() == pytest.approx(last.gain.mean(), rel=0.02)


@pytest.mark.parametrize(
    ("half", "said"),
    [
        (
            None,
            "what new labels gain is taken to last: nothing says how fast it fades (`plan.fading`",
        ),
        (9.0, "half of what new labels gain is left after as many months as `plan.fading: 9` says"),
        (
            1.5,
            "half of what new labels gain is left after as many months as `plan.fading: 1.5` says",
        ),
    ],
)
def test_the_plan_and_its_explanation_say_whether_it_fades(half, said):
    plan, weighed = planned(replace(FACTS, fading=half))
    for links in (plan["split"]["chain"], explain(weighed, "labels")["chain"]):
        (link,) = (one for one in links if one["because"].startswith(said))
        assert link["evidence"] == "assumed"


def test_another_variant_does_not_fade():
    steady, fading = (
        variants(Outlook.of(replace(FACTS, alternatives=[OTHER], fading=half))).menu[0].step
        for half in (None, 1.0)
    )
    for one, other in zip(steady.moves, fading.moves, strict=True):
        assert np.array_equal(one.ramp, other.ramp)

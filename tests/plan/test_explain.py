"""One place, step or look of a plan is told with what it rests on; what is none is refused, with why where that is known."""

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.test_channels import ADS, SOLD
from tests.plan.test_plan import FACTS, POOR

from steelyard.errors import UserError
from steelyard.plan.company import Move
from steelyard.plan.explain import _delay, commands, explain, names
from steelyard.plan.facts import Priced
from steelyard.plan.market import Figure, Market, OfChannel
from steelyard.plan.outlook import Outlook
from steelyard.plan.weigh import weigh
from steelyard.words import both

WORTH = Figure(500.0, "measured", 90, 450.0, 550.0, events={"sales": 90})
COST = Figure(
    100.0,
    "measured",
    30,
    80.0,
    130.0,
    lines={"account": "ads.spend", "channel": "search", "from": "2026-01-01", "to": "2026-03-31"},
    events={"customers": 30},
)
MARKET = Market(
    "2026-03-31",
    "CNY",
    customers=Figure(0.5, "measured", 45, events={"customers": 45}),
    worth=WORTH,
    arrives=(1.0,),
    channels=(OfChannel("search", 40.0, 30, COST), OfChannel("radio", 10.0, 0)),
)
OTHER = Priced("b", "small", 0.85, 0.84, 0.86, 0.005)
SURE = replace(
    FACTS,
    caution=0.0,
    market=MARKET,
    alternatives=[OTHER],
    paired={"a": (0.0, 0.0), "b": (0.0, 0.001)},
)


@pytest.fixture(scope="module")
def weighed():
    return weigh(Outlook.of(SURE))


def test_a_place_is_told_at_amounts_from_none_to_double_the_unit(weighed):
    told = explain(weighed, "search")
    assert [one["money"] for one in told["amounts"]] == [0.0, 500.0, told["most"]]
    assert told["amounts"][0]["profit"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    nexts = [one["next"]["value"] for one in told["amounts"]]
    assert nexts == sorted(nexts, reverse=True)  # what more brings falls
    assert told["evidence"] == "assumed" and told["most"] == pytest.approx(0.5 * 40 * 30)
    assert told["delay"] == 0.0


def test_a_place_says_from_which_share_of_the_belief_on_it_pays(weighed):
    told = explain(weighed, "search")
    at = next(i for i, one in enumerate(weighed.places) if one.place.name == "search")
    place = weighed.places[at].place
    paid = place.paid @ weighed.outlook.company.discounts
    assert told["pays_from"] == pytest.approx(paid / (weighed.next[:, at].mean() + paid))


def test_the_chain_cites_rows_and_the_command_that_shows_them(weighed):
    told = explain(weighed, "search")
    first = told["chain"][0]
    assert first["rows"]["account"] == "ads.spend" and first["commands"] == [
        "steelyard ledger lines --account ads.spend --channel search --from 2026-01-01 --to 2026-03-31",
        "steelyard market show",
    ]
    assert not any("label" in row["because"] for row in told["chain"])  # of this place alone
    assert commands({}) == [] and commands({"points of the curve": 4}) == ["steelyard report"]
    assert commands({"experiments": 2}) == ["steelyard release status"]


def test_labels_are_told_with_the_training_that_they_need(weighed):
    told = explain(weighed, "labels")
    assert told["once"]["name"] == "training" and 0 < told["delay"] < 1
    assert told["amounts"][2]["moves"]["quality"]["value"] > 0
    assert told["amounts"][0]["profit"]["value"] == 0.0


def test_a_step_and_a_look_are_told_by_any_of_their_names(weighed):
    step = explain(weighed, "small")
    assert step["kind"] == "step" and step["cost"] == 0.0 and "serving" in step["moves"]
    assert step["profit"]["value"] > 0 and step["taken"]  # it costs less, and answers as well
    look = explain(weighed, "batch of labels")
    assert look["kind"] == "look" and look == explain(weighed, "a batch of labels")
    assert look == explain(weighed, "一批标注") and look["net"] < look["gross"]


def test_a_place_is_found_by_what_either_language_calls_it(weighed):
    for name in ("labels", "more labels", "更多标注"):
        assert explain(weighed, name)["name"] == "labels"
    (look, *_) = [one for one, _ in weighed.looks]
    assert explain(weighed, both(look.named)["zh"])["kind"] == "look"


def test_a_unit_more_of_labels_is_told_as_the_plan_tells_it():
    """Their training is not paid: the slope there is one thing, the mean with the training another."""
    poor = weigh(Outlook.of(POOR))
    told = explain(poor, "labels")
    assert told["unit_more"]["value"] == pytest.approx(float(poor.next[:, 0].mean()))
    assert told["unit_more"]["value"] != told["amounts"][0]["next"]["value"]
    assert "unit_more" not in explain(weigh(Outlook.of(FACTS)), "labels")  # they are bought


def test_a_channel_that_is_called_labels_is_another_place_with_draws_of_its_own():
    ads = replace(ADS, channel="labels")
    facts = replace(SOLD, market=replace(SOLD.market, channels=(ads,)))
    found = weigh(Outlook.of(facts))
    assert {one.place.name for one in found.places} == {"labels", "labels (labels)"}
    channel, labels = explain(found, "labels"), explain(found, "更多标注")
    assert (channel["arm"], labels["arm"]) == ("market", "technology")
    moved = {one.place.arm: one.place.moves[0].gain(300.0)[0] for one in found.places}
    apart = np.corrcoef(moved["market"], moved["technology"])[0, 1]
    assert abs(apart) < 0.15


def test_a_name_that_stands_for_nothing_is_refused_with_those_that_do(weighed):
    with pytest.raises(UserError, match="found 'serch'; did you mean 'search'"):
        explain(weighed, "serch")
    with pytest.raises(UserError) as refused:
        explain(weighed, "zebra")
    assert all(name in str(refused.value) for name in names(weighed))


def test_what_could_not_be_offered_says_why(weighed):
    with pytest.raises(UserError, match=r"radio.*nothing to offer: .*no customer is booked"):
        explain(weighed, "radio")
    without = weigh(Outlook.of(replace(FACTS, curve=None)))
    with pytest.raises(UserError, match=r"plan explain labels.*nothing to offer"):
        explain(without, "labels")


def test_a_delay_is_what_is_lost_until_it_works_at_its_height():
    def ramp(*shares):
        return Move("quality", lambda _: (np.zeros(1), np.zeros(1)), np.array(shares))

    assert _delay(ramp(0.75, 1.0, 1.0)) == pytest.approx(0.25)
    assert _delay(ramp(1.0, 0.0, 0.0)) == 0.0  # a spend that ends is not late
    assert _delay(ramp(0.0, 0.0, 0.5, 1.0)) == pytest.approx(2.5)
    assert _delay(ramp(0.0, 0.0)) == 0.0

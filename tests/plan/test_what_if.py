"""A plan is asked with other figures: by short names or whole paths, and what is none is refused by name."""

from dataclasses import replace

import pytest
from tests.conftest import PRODUCT
from tests.plan.test_plan import FACTS

from steelyard.errors import UserError
from steelyard.plan.outlook import Outlook
from steelyard.plan.weigh import weigh
from steelyard.plan.what_if import KEYS, asked, changed, summary
from steelyard.spec import Product
from steelyard.spec.load import as_it_was

SURE = replace(FACTS, caution=0.0)


@pytest.fixture(scope="module")
def spec(tmp_path_factory) -> Product:
    return as_it_was(PRODUCT.format(encoder="x/y"), tmp_path_factory.mktemp("p") / "p.yaml").spec


def test_a_short_name_and_its_path_are_the_same_field(spec):
    assert asked(spec, ["budget=20000", "horizon=6"]) == asked(
        spec, ["plan.unit=20000", " plan.horizon = 6 "]
    )
    assert {key.path.split(".")[0] for key in KEYS.values()} == {"plan", "money"}


@pytest.mark.parametrize("name", sorted(KEYS))
def test_every_key_changes_its_fact_and_no_other(spec, name):
    value = {"caution": "0.5", "discount": "0.5", "ruin": "0.5", "change": "0.5"}.get(name, "7")
    new = changed(SURE, asked(spec, [f"{name}={value}"]))
    assert getattr(new, KEYS[name].fact) == float(value)
    assert replace(new, **{KEYS[name].fact: getattr(SURE, KEYS[name].fact)}) == SURE


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("budgt=3", "one of budget, caution.*found 'budgt'; did you mean 'budget'"),
        ("plan.unti=3", "did you mean 'plan.unit'"),
        ("plan.curve=3", "one of budget"),
        ("budget", "KEY=VALUE, as budget=20000, found 'budget'"),
        ("budget=", "budget: expected a number, found ''"),
        ("budget=much", "a number, found 'much'"),
        ("budget=nan", "a finite number, found nan"),
        ("budget=1e999", "a finite number"),
        ("caution=3", "less than or equal to 1, found 3"),
        ("budget=-1", "greater than or equal to 0, found -1"),
        ("days=0", "greater than 0, found 0"),
        ("horizon=1.5", "integer.*found 1.5"),
        ("horizon=61", "less than or equal to 60"),
        ("label=-0.1", "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(spec, pair, said):
    with pytest.raises(UserError, match=said):
        asked(spec, [pair])


def test_one_field_cannot_have_two_values(spec):
    with pytest.raises(UserError, match=r"one value, found plan\.unit twice"):
        asked(spec, ["budget=1", "plan.unit=2"])


def test_a_table_of_values_has_no_single_worth(tmp_path):
    text = PRODUCT.format(encoder="x/y").replace(
        "correct_answer: 0.01", "correct_answer: 0.01\n  values: {no_answer: -0.5}"
    )
    spec = as_it_was(text, tmp_path / "p.yaml").spec
    with pytest.raises(UserError, match=r"money\.values"):
        asked(spec, ["answer=1"])


def test_no_budget_spends_nothing_and_a_larger_one_no_less(spec):
    said = {
        budget: summary(weigh(Outlook.of(changed(SURE, asked(spec, [f"budget={budget}"])))))
        for budget in (0, 100, 1000)
    }
    spent = [sum(one["spend"].values()) for one in said.values()]
    assert spent[0] == 0.0 and said[0]["profit"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert spent == sorted(spent) and spent[2] > 0
    assert said[1000]["better"] == "technology" and said[1000]["sure"] > 0.5
    assert said[1000]["kept"] == pytest.approx(1000 - spent[2], abs=0.2)  # and a training of 0.10


def test_worthless_answers_buy_no_labels(spec):
    nothing = summary(weigh(Outlook.of(changed(SURE, asked(spec, ["answer=0"])))))
    assert nothing["spend"] == {} and nothing["kept"] == nothing["budget"]

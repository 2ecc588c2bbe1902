"""What goes live first, what becomes canary, and what never meets a user."""

import pytest
from tests.conftest import flip
from tests.release.common import canary_of, edit, published_records, replayed, task
from tests.serving import publish, release

from steelyard.as_json import to_json
from steelyard.engine.examples import holdout
from steelyard.engine.kept import keep
from steelyard.errors import Damaged
from steelyard.release import walk
from steelyard.release.by_hand import change
from steelyard.release.gate import QUALITY, Check, inferior
from steelyard.release.goals import misses
from steelyard.spec import load
from steelyard.spec.model import Goals
from steelyard.stats import Interval
from steelyard.store import tables
from steelyard.tasks import Answer, task_of
from steelyard.words import say


def released(store, product_file, chosen, baseline):
    product = load(product_file)
    if "d" not in store.datasets.tags("records"):
        published_records(store, holdout=100)
    output, _ = store.step(
        store.begin_turn("r"),
        "release",
        f"{chosen}{len(store.database.rows(tables.step.select()))}",
        lambda step: to_json(
            walk.run(
                store,
                product,
                step,
                task=task_of(product),
                dataset="d",
                chosen=chosen,
                baseline=baseline,
            )
        ),
        cpu_price=0,
    )
    return output


def measured(store, variant, **figures):
    def work(step):
        for name, value in figures.items():
            step.measure(variant, name, value, n=100, on="holdout of d")
        return {}

    store.step(store.begin_turn("m"), "measure", f"m{variant}", work, cpu_price=0)


def states(store):
    return {row["state"]: row["variant"] for row in store.releases.current()}


def test_the_baseline_goes_live_first_and_the_chosen_one_becomes_canary(store, product_file):
    baseline, chosen = publish(store), publish(store, seed=4, name="new")
    output = released(store, product_file, chosen, baseline)
    assert (output["live"], output["canary"]) == (baseline, chosen)
    assert states(store) == {"live": baseline, "canary": chosen}


def test_a_canary_that_is_undecided_stays_without_another_row(store, product_file):
    baseline, chosen = publish(store), publish(store, seed=4, name="new")
    released(store, product_file, chosen, baseline)
    rows = len(store.database.rows(tables.release.select()))
    assert released(store, product_file, chosen, baseline)["canary"] == chosen
    assert len(store.database.rows(tables.release.select())) == rows


def test_a_canary_that_was_rolled_back_is_not_tried_again(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    assert (
        replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")["decision"]
        == "rolled back"
    )
    for _ in range(2):  # the next turn, and the one after it
        output = released(store, product_file, pair["canary"], pair["live"])
        assert output["canary"] is None and "rolled back before" in output["why"]
        assert "差于容许值" in output["why_zh"] and output["why_code"] == "release.taken_back"
        assert output["why_numbers"]["why"]["code"] == "readout.worse"
        assert states(store) == {"live": pair["live"]}


@pytest.mark.parametrize("chosen", [None, "live"])
def test_a_canary_that_is_not_chosen_any_more_is_retired(store, product_file, chosen):
    live, canary = publish(store), publish(store, seed=4, name="new")
    released(store, product_file, canary, live)
    output = released(store, product_file, live if chosen else None, live)
    assert output["canary"] is None and states(store) == {"live": live}


def test_a_share_that_is_changed_in_the_file_waits_for_the_next_experiment(store, product_file):
    live, canary, other = (publish(store, seed=s, name=f"v{s}") for s in (0, 4, 5))
    released(store, product_file, canary, live)
    edit(product_file, ("canary_share: 0.5", "canary_share: 0.1"))
    released(store, product_file, canary, live)
    assert {r["state"]: r["share"] for r in store.releases.current()} == {
        "live": 1.0,
        "canary": 0.5,
    }
    release(store, other, "live")  # a person's: the canary is compared with another one now
    release(store, live, "retired", 0.0)
    released(store, product_file, canary, live)
    assert {r["state"]: r["share"] for r in store.releases.current()} == {
        "live": 1.0,
        "canary": 0.1,
    }


def test_without_a_variant_that_meets_the_goals_there_is_no_canary(store, product_file):
    output = released(store, product_file, None, publish(store))
    assert output["canary"] is None and "no variant meets the goals" in output["why"]


def test_a_variant_that_is_live_is_not_tested_against_itself(store, product_file):
    live = publish(store)
    release(store, live, "live")
    output = released(store, product_file, live, live)
    assert output["canary"] is None and "live already" in output["why"]


def test_a_variant_far_below_the_live_one_never_meets_a_user(store, product_file):
    """No goals are set; the canary answers the contrary of the truth."""
    edit(
        product_file,
        ("goals: {quality: {macro_f1: 0.5}, memory_mb: 5000}\n", ""),
        ("outcome_loss_max: 0.5", "outcome_loss_max: 0.02"),
    )
    live, bad = publish(store), publish(store, seed=3, name="bad", flip=True)
    output = released(store, product_file, bad, live)
    assert output["canary"] is None and states(store) == {"live": live}
    assert (
        "worse than the live variant on the hold-out" in output["why"]
        and "留出集" in output["why_zh"]
    )
    assert output["holdout_check"]["outcome"]["value"] < -0.8
    rows = len(store.database.rows(tables.measure.select()))
    assert released(store, product_file, bad, live)["canary"] is None
    assert len(store.database.rows(tables.measure.select())) == rows  # measured once


@pytest.mark.parametrize("harm", [None, "gone", "flipped"])
def test_answers_of_an_evaluation_are_not_asked_again_unless_they_are_damaged(
    store, product_file, harm
):
    """What was kept of the canary says that it is always wrong; asked, it is right."""
    edit(product_file, ("outcome_loss_max: 0.5", "outcome_loss_max: 0.02"))
    live, canary = publish(store), publish(store, seed=4, name="new")
    published_records(store, holdout=100)
    truths = holdout(store, task=task(), dataset="d").truths
    other = {"negative": "positive", "positive": "negative"}
    keep(store, live, dataset="d", answers=[Answer(t, 1.0) for t in truths])
    keep(store, canary, dataset="d", answers=[Answer(other[t], 1.0) for t in truths])
    for data in sorted((store.root / "datasets/answers.lance/data").iterdir()) if harm else ():
        data.unlink() if harm == "gone" else flip(data, 17)
    output = released(store, product_file, canary, live)
    assert output["canary"] == (canary if harm else None)
    if harm is None:
        assert output["holdout_check"]["outcome"]["value"] == -1.0


@pytest.mark.parametrize(
    ("outcome", "quality", "refused"),
    [
        ((-0.08, -0.17, 0.01), (0, 0, 0), True),  # the best guess is more than users should bear
        ((-0.01, -0.10, 0.08), (0, 0, 0), False),  # that is what a canary is for
        ((0.0, -0.01, 0.01), (-0.4, -0.5, -0.3), True),  # a rare label was forgotten
        ((0.0, -0.01, 0.01), (-0.1, -0.3, 0.1), False),  # a few records of a rare label
    ],
)
def test_the_hold_out_refuses_what_is_far_below_and_lets_the_uncertain_be_tried(
    outcome, quality, refused
):
    check = Check(Interval(*outcome, 100), Interval(*quality, 100))
    assert bool(inferior(check, metric="macro_f1", loss_max=0.02)) is refused


def test_the_task_s_own_metric_is_measured_beside_the_outcome(store, product_file):
    live, canary = publish(store), publish(store, seed=4, name="new")
    released(store, product_file, canary, live)
    assert store.measures.of(canary)[QUALITY]["n"] == 100


def test_a_baseline_below_its_goals_goes_live_and_it_is_said(store, product_file):
    baseline = publish(store)
    measured(store, baseline, macro_f1=0.41, memory_mb=6000.0)
    output = released(store, product_file, None, baseline)
    assert [miss["code"] for miss in output["live_misses"]] == ["goal.below", "goal.above"]
    assert output["live_misses"][0]["en"] == "macro_f1 0.41 is below the goal 0.5"
    assert output["live_misses"][1]["zh"] == "内存 6000 MB 高于目标 5000"
    assert "misses a goal" in store.releases.current()[0]["reason"]


def test_a_file_that_refuses_has_nothing_live_until_something_meets_the_goals(store, product_file):
    edit(product_file, ("release: {", "release: {below_goals: refuse, "))
    baseline, chosen = publish(store), publish(store, seed=4, name="new")
    measured(store, baseline, macro_f1=0.41)
    output = released(store, product_file, None, baseline)
    assert output["live"] is None and output["live_misses"] == [] and states(store) == {}
    output = released(store, product_file, chosen, baseline)
    assert states(store) == {"live": chosen} and output["canary"] is None
    assert "the baseline misses a goal" in store.releases.current()[0]["reason"]


def test_labels_that_the_file_renamed_are_no_reason_to_promote(store, product_file):
    live, canary = publish(store), publish(store, seed=4, name="new")
    release(store, live, "live")
    edit(product_file, ("labels: [negative, positive]", "labels: [差评, positive]"))
    output = released(store, product_file, canary, live)
    assert output["canary"] is None and "not compared" in output["why"]
    assert "data.sources.names" in output["why"] and "不作比较" in output["why_zh"]


def test_a_pinned_release_is_left_alone_until_it_is_unpinned(store, product_file):
    live, canary = publish(store), publish(store, seed=4, name="new")
    released(store, product_file, canary, live)
    change(store, "pin", None, who="li", why="the fair")
    assert states(store) == {"live": live}
    output = released(store, product_file, canary, live)
    assert output["canary"] is None and "pinned by li: the fair" in output["why"]
    change(store, "unpin", None, who="li", why="it is over")
    assert released(store, product_file, canary, live)["canary"] == canary


def test_a_canary_that_a_person_took_back_is_not_tried_again(store, product_file):
    live, canary = publish(store), publish(store, seed=4, name="new")
    released(store, product_file, canary, live)
    change(store, "rollback", None, who="li", why="users complain")
    output = released(store, product_file, canary, live)
    assert output["canary"] is None and "li: users complain" in output["why"]


def test_a_live_variant_that_a_person_took_back_does_not_return_as_canary(store, product_file):
    first, second = publish(store), publish(store, seed=4, name="new")
    release(store, first, "live")
    change(store, "promote", second, who="li", why="try it")
    change(store, "rollback", None, who="li", why="worse")
    assert states(store) == {"live": first}
    assert "li: worse" in released(store, product_file, second, first)["why"]


def test_a_damaged_live_variant_is_named_before_a_canary_is_compared_with_it(store, product_file):
    live, canary = publish(store), publish(store, seed=4, name="new")
    release(store, live, "live")
    (store.artifacts.peek(live) / "model.safetensors").write_bytes(b"x")
    with pytest.raises(Damaged, match=r"the live variant.*steelyard release promote"):
        released(store, product_file, canary, live)
    assert states(store) == {"live": live}


def test_a_value_is_never_shown_as_the_limit_it_is_above():
    (miss,) = misses({"p95_ms": {"value": 20.00004}}, Goals(p95_ms=20))
    assert say(miss, "en") == "p95 20.00004 ms is above the goal 20"
    assert misses({"p95_ms": {"value": 20.0}}, Goals(p95_ms=20)) == []
    assert misses({}, Goals(p95_ms=20)) == []  # never measured: not judged

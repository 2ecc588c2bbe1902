"""What a look at the release shows, from nothing in service to a pinned variant and a long history."""

import pytest
from tests.release.common import edit, pair_in_service
from tests.serving import publish, release

from steelyard.release.by_hand import change
from steelyard.release.status import HISTORY, status_of
from steelyard.spec import load

SAID = {"who": "李雷", "why": "用户更满意"}


def test_before_the_first_release_it_says_how_one_is_made(store, product_file):
    facts = status_of(store, load(product_file))
    assert (facts["live"], facts["canary"], facts["readout"]) == (None, None, None)
    assert "steelyard turn" in facts["note"] and facts["history"] == []


def test_a_variant_alone_has_no_readout_and_no_note(store, product_file):
    live = publish(store)
    release(store, live, "live")
    facts = status_of(store, load(product_file))
    assert (facts["live"]["variant"], facts["live"]["name"]) == (live, "baseline")
    assert (facts["canary"], facts["readout"], facts["note"]) == (None, None, None)
    assert facts["live"]["pinned"] is None and facts["live"]["misses"] == []


def test_a_canary_alone_is_shown_and_that_nothing_is_live(store, product_file):
    release(store, publish(store), "canary", 0.1)
    facts = status_of(store, load(product_file))
    assert facts["canary"]["share"] == 0.1 and facts["live"] is None
    assert "nothing is live" in facts["note"] and facts["readout"] is None


def test_who_pinned_it_and_why_is_shown_until_it_is_taken_off(store, product_file):
    pair = pair_in_service(store)
    change(store, "pin", None, **SAID)
    pinned = status_of(store, load(product_file))["live"]["pinned"]
    assert (pinned["who"], pinned["reason"]) == ("李雷", "用户更满意")
    change(store, "unpin", None, **SAID)
    facts = status_of(store, load(product_file))
    assert facts["live"]["variant"] == pair["live"] and facts["live"]["pinned"] is None
    assert [row["state"] for row in facts["history"][:2]] == ["unpinned", "pinned"]


def test_of_a_long_history_the_newest_rows_are_shown_with_their_names(store, product_file):
    live = publish(store)
    for i in range(HISTORY + 3):
        release(store, live, "live", share=1.0 - i / 1000)
    history = status_of(store, load(product_file))["history"]
    assert len(history) == HISTORY and {row["name"] for row in history} == {"baseline"}
    assert [row["id"] for row in history] == sorted((r["id"] for r in history), reverse=True)


def test_a_goal_that_the_live_variant_misses_is_shown_in_both_languages(store, product_file):
    live = publish(store)
    release(store, live, "live")

    def work(step):
        step.measure(live, "macro_f1", 0.41, n=100, on="holdout")
        return {}

    store.step(store.begin_turn("t"), "measure", "m", work, cpu_price=0)
    (miss,) = status_of(store, load(product_file))["live"]["misses"]
    assert (miss["code"], miss["value"], miss["limit"]) == ("goal.below", 0.41, 0.5)
    assert miss["en"] != miss["zh"]


def test_goals_are_those_of_the_file_as_it_is_now(store, product_file):
    live = publish(store)
    release(store, live, "live")

    def work(step):
        step.measure(live, "macro_f1", 0.41, n=100, on="holdout")
        return {}

    store.step(store.begin_turn("t"), "measure", "m", work, cpu_price=0)
    edit(product_file, ("macro_f1: 0.5", "macro_f1: 0.4"))
    assert status_of(store, load(product_file))["live"]["misses"] == []


@pytest.mark.parametrize("look", [1, 3])
def test_a_look_changes_nothing(store, product_file, look):
    pair_in_service(store)
    before = store.releases.history(), store.turns.newest(), store.ledger.verify()
    for _ in range(look):
        status_of(store, load(product_file))
    assert (store.releases.history(), store.turns.newest(), store.ledger.verify()) == before

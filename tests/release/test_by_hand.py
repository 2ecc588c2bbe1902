"""A person changes the release: with name and reason, whole variants only, nothing by halves."""

import json
import subprocess
import sys
import time

import pytest
from tests.release.common import pair_in_service
from tests.serving import call, publish, release

from steelyard.errors import Damaged, UserError
from steelyard.release import by_hand
from steelyard.release.by_hand import change, find
from steelyard.release.status import status_of
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import tables

SAID = {"who": "li.lei", "why": "users are as content"}


def rows(store):
    return store.database.rows(tables.release.select().order_by(tables.release.c.id))


def states(store):
    return {row["state"]: row["variant"] for row in store.releases.current()}


def test_promote_puts_the_canary_live_and_keeps_who_and_why(store):
    pair = pair_in_service(store)
    change(store, "promote", None, **SAID)
    assert states(store) == {"live": pair["canary"]}
    assert {(r["who"], r["reason"]) for r in rows(store)[-2:]} == {("li.lei", SAID["why"])}
    assert len(rows(store)) == 4  # appended; what was there is as it was


def test_rollback_takes_the_canary_back_and_then_what_was_live_before(store):
    first, second = publish(store), publish(store, seed=4, name="new")
    release(store, first, "live")
    change(store, "promote", second, **SAID)
    third = publish(store, seed=5, name="newer")
    release(store, third, "canary", 0.5)
    change(store, "rollback", None, **SAID)
    assert states(store) == {"live": second}
    change(store, "rollback", None, **SAID)
    assert states(store) == {"live": first}


def test_a_damaged_canary_can_be_rolled_back(store):
    pair = pair_in_service(store)
    (store.artifacts.peek(pair["canary"]) / "model.safetensors").write_bytes(b"x")
    change(store, "rollback", None, **SAID)
    assert states(store) == {"live": pair["live"]}


@pytest.mark.parametrize("verb", ["promote", "rollback", "pin"])
def test_what_is_damaged_never_goes_live_and_nothing_is_changed(store, verb):
    first, second = publish(store), publish(store, seed=4, name="new")
    release(store, first, "live")
    change(store, "promote", second, **SAID)
    before = rows(store)
    (store.artifacts.peek(first) / "model.safetensors").write_bytes(b"x")
    with pytest.raises(Damaged, match=r"model\.safetensors"):
        change(store, verb, first, **SAID)
    assert rows(store) == before


@pytest.mark.parametrize(
    ("verb", "named", "said"),
    [
        ("promote", "nothing-like-it", "VARIANT"),
        ("promote", "baselin", "did you mean 'baseline'"),
        ("promote", "baseline", "which is live"),
        ("rollback", "other", "was live before"),
        ("unpin", None, "a pinned release"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_changes(store, verb, named, said):
    release(store, publish(store), "live")
    publish(store, seed=4, name="other")
    before = rows(store)
    with pytest.raises(UserError, match=said):
        change(store, verb, named, **SAID)
    assert rows(store) == before


@pytest.mark.parametrize(
    ("who", "why"),
    [("", "why"), ("li", "  "), ("li", "two\nlines"), ("x" * 65, "why"), ("steelyard", "why")],
)
def test_a_change_without_a_person_or_a_reason_is_refused(store, who, why):
    pair_in_service(store)
    before = rows(store)
    with pytest.raises(UserError, match="--wh"):
        change(store, "promote", None, who=who, why=why)
    assert rows(store) == before


def test_a_name_that_two_variants_bear_asks_for_an_id(store):
    one, two = publish(store, name="new"), publish(store, seed=4, name="new")
    assert find(store, one[:8]) == one
    with pytest.raises(UserError, match=f"2 that 'new' may mean.*{one[:12]}.*{two[:12]}"):
        find(store, "new")


def test_a_pin_stays_through_promote_and_rollback_until_it_is_taken_off(store):
    pair = pair_in_service(store)
    change(store, "pin", None, **SAID)
    assert states(store) == {"live": pair["live"]}
    for verb, named in (("promote", pair["canary"]), ("rollback", None), ("pin", None)):
        with pytest.raises(UserError, match="pinned"):
            change(store, verb, named, **SAID)
    change(store, "unpin", None, **SAID)
    change(store, "promote", pair["canary"], **SAID)
    assert states(store) == {"live": pair["canary"]}


def test_unpin_of_another_variant_says_which_one_is_pinned(store):
    pair = pair_in_service(store)
    change(store, "pin", None, **SAID)
    before, pinned = rows(store), pair["live"][:12]
    with pytest.raises(UserError) as error:
        change(store, "unpin", pair["canary"], **SAID)
    assert f"{pinned} is pinned by li.lei: {SAID['why']}" in error.value.found
    assert f"release unpin product.yaml {pinned}" in error.value.repair
    assert rows(store) == before
    change(store, "unpin", pair["live"], **SAID)


def test_pin_may_name_another_variant_which_then_answers_everybody(store):
    pair = pair_in_service(store)
    change(store, "pin", pair["canary"], **SAID)
    (only,) = store.releases.current()
    assert (only["variant"], only["state"], only["pinned"]["who"]) == (
        pair["canary"],
        "live",
        "li.lei",
    )


def meanwhile(monkeypatch, do):
    """Somebody else is quicker: `do` comes between the look at the release and its change."""
    whole, looked = by_hand.check_whole, []

    def check_whole(store, variant):
        whole(store, variant)
        looked.append(variant)
        if len(looked) == 1:
            do()

    monkeypatch.setattr(by_hand, "check_whole", check_whole)
    return looked


def test_a_pin_that_comes_while_files_are_read_holds(store, monkeypatch):
    pair = pair_in_service(store)
    meanwhile(monkeypatch, lambda: release(store, pair["live"], "pinned"))
    before = len(rows(store))
    with pytest.raises(UserError, match="pinned"):
        change(store, "promote", None, **SAID)
    assert len(rows(store)) == before + 1 and states(store)["live"] == pair["live"]


def test_a_canary_that_changed_while_files_are_read_does_not_go_live_unread(store, monkeypatch):
    pair = pair_in_service(store)
    other = publish(store, seed=9, name="other")

    def another_canary():
        release(store, pair["canary"], "retired", 0.0)
        release(store, other, "canary", 0.5)

    looked = meanwhile(monkeypatch, another_canary)
    with pytest.raises(UserError, match="changed meanwhile"):
        change(store, "promote", None, **SAID)
    assert looked == [pair["canary"]] and states(store)["live"] == pair["live"]
    change(store, "promote", None, **SAID)
    assert looked[1:] == [other] and states(store)["live"] == other


def test_a_running_server_follows_a_change_by_hand(store, product_file):
    pair = pair_in_service(store)
    with Server(store, load(product_file)) as url:
        change(store, "promote", None, **SAID)
        deadline = time.monotonic() + 60
        while call(url, "GET", "/readyz")[1]["releases"] != {"live": pair["canary"]}:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_status_says_what_is_live_what_it_lacks_and_what_is_damaged(store, product_file):
    pair = pair_in_service(store)
    (store.artifacts.peek(pair["canary"]) / "model.safetensors").write_bytes(b"x")
    facts = status_of(store, load(product_file))
    assert facts["live"]["variant"] == pair["live"] and facts["live"]["damaged"] is None
    assert "model.safetensors" in facts["canary"]["damaged"]
    assert facts["readout"]["decision"] == "keep" and facts["readout"]["difference"]["n"] == 0
    assert [r["state"] for r in facts["history"]] == ["canary", "live"]


def command(*arguments, cwd):
    run = [sys.executable, "-m", "steelyard", *arguments]
    return subprocess.run(run, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_line_shows_and_changes_the_release(store, product_file):
    pair, cwd = pair_in_service(store), product_file.parent
    shown = json.loads(command("release", "status", "product.yaml", "--json", cwd=cwd).stdout)
    assert shown["canary"]["variant"] == pair["canary"]
    refused = command("release", "promote", "product.yaml", cwd=cwd)
    assert refused.returncode == 2 and "--who" in refused.stderr
    done = command(
        "release", "promote", "product.yaml", "--who", "li", "--why", "good", "--json", cwd=cwd
    )
    facts = json.loads(done.stdout)
    assert facts["live"]["variant"] == pair["canary"] and facts["changed"][0]["state"] == "live"
    assert states(store) == {"live": pair["canary"]}
    again = command("release", "promote", "product.yaml", "--who", "li", "--why", "good", cwd=cwd)
    assert again.returncode == 2 and "Traceback" not in again.stderr
    typed = command("release", "statsu", "product.yaml", cwd=cwd)
    assert typed.returncode == 2 and "did you mean 'status'?" in typed.stderr
    assert "li" in command("release", "status", cwd=cwd).stdout


@pytest.mark.parametrize(
    "arguments", [["release"], ["release", "product.yaml"], ["release", "run"]]
)
def test_release_without_a_verb_is_the_step_of_a_turn_as_before(tmp_path, arguments):
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and "steelyard init" in done.stderr

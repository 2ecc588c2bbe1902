"""A plan is approved once: the fact stands in the ledger, the product file is written last, and one number of it is another."""

import os
import stat
from contextlib import closing

import pytest
from tests.planned import FLAT, LABELS, a_product, outputs_of, turned

from steelyard.api import approving
from steelyard.api.approving import approve, proposed
from steelyard.errors import Damaged, InBoth, Missing, UserError
from steelyard.market.approved import Approved, approvals
from steelyard.market.approved import approve as keep
from steelyard.plan.moved import Doing, moved
from steelyard.reason import Reason, together
from steelyard.spec import load
from steelyard.store import Store
from steelyard.words import both, spoken


@pytest.fixture
def file(tmp_path):
    made = a_product(tmp_path)
    turned(made)
    return made


def approved(file):
    with closing(Store.open(file)) as store:
        store.ledger.verify()
        return approvals(store), store.ledger.lines(account="plan.approved")


def test_one_number_of_the_file_is_set_and_the_ledger_holds_who_and_what(file):
    before = file.path.read_text(encoding="utf-8")
    file.path.chmod(0o640)
    proposal = proposed(file, who=" li.lei ")
    assert approved(file) == ([], []) and file.path.read_text(encoding="utf-8") == before
    assert [
        line for line in proposal.diff if line[0] in "+-" and line[:3] not in ("+++", "---")
    ] == [
        f"-{LABELS}",
        f"+{LABELS.replace('200', '299')}",
    ]
    told = approve(proposal)
    assert file.path.read_text(encoding="utf-8") == before.replace("start: 200", "start: 299")
    assert load(file.path).spec.label.start == 299
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o640
    (fact,), (line,) = approved(file)
    assert (fact.turn, fact.who, fact.labels, fact.channels) == (1, "li.lei", 299, {})
    assert line["nano"] == 0 and line["unit"] == "approval"
    assert told["labels"] == 299 and "label.start: 299" in told["do"]


def test_a_plan_is_approved_once_and_the_next_one_again(file):
    approve(proposed(file, who="li"))
    again = load(file.path)
    with pytest.raises(UserError, match=r"that of turn 1, approved by li on .*steelyard turn"):
        proposed(again, who="wang")
    turned(again, outputs_of(bought=299))
    assert proposed(load(file.path), who="wang").fact.turn == 2


def test_whoever_reads_chinese_is_refused_in_chinese(file):
    approve(proposed(file, who="li"))
    again = load(file.path)
    with pytest.raises(InBoth) as found:
        proposed(again, who="wang")
    assert found.value.zh.startswith("plan approve：第 1 轮的规划已由 li 于 ")
    assert "标注随下一轮而来" in found.value.zh and "steelyard turn product.yaml" in found.value.zh


def test_a_plan_without_labels_says_nothing_of_labels(file):
    with closing(Store.open(file)) as store:
        keep(store, Approved(1, "li", "2026-01-02", None, {"ads": 30.0}, (), {}, 30.0, "CNY"))
    file.path.write_text(
        file.path.read_text(encoding="utf-8").replace("start: 200", "start: 299"), encoding="utf-8"
    )
    with pytest.raises(InBoth, match="approved by li on 2026-01-02; the next turn plans anew"):
        proposed(load(file.path), who="wang")


def test_the_files_that_other_people_approve_meanwhile_are_not_overwritten(file):
    proposal = proposed(file, who="li")
    approve(proposed(file, who="wang"))
    with pytest.raises(UserError, match="the file as it was shown"):
        approve(proposal)
    assert [one.who for one in approved(file)[0]] == ["wang"]


def test_a_turn_that_was_planned_meanwhile_makes_it_an_older_plan(file):
    proposal = proposed(file, who="li")
    turned(file)
    with pytest.raises(UserError, match="the plan of turn 1, found a newer turn"):
        approve(proposal)
    assert approved(file) == ([], [])


def test_where_the_file_cannot_be_written_the_same_command_writes_it_later(file, monkeypatch):
    before = file.path.read_text(encoding="utf-8")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(approving, "write", full)
    with pytest.raises(UserError, match="the approval is in the ledger, the file is as it was"):
        approve(proposed(file, who="li"))
    assert file.path.read_text(encoding="utf-8") == before and len(approved(file)[0]) == 1
    monkeypatch.undo()
    proposal = proposed(file, who="wang")
    assert proposal.known and proposal.fact.who == "li"
    approve(proposal)
    assert load(file.path).spec.label.start == 299 and len(approved(file)[0]) == 1


def test_where_the_fact_cannot_be_kept_the_file_is_as_it_was(file, monkeypatch):
    before = file.path.read_text(encoding="utf-8")

    def refuse(*_, **__):
        raise UserError("ledger", "room")

    monkeypatch.setattr(approving, "keep", refuse)
    with pytest.raises(UserError, match="room"):
        approve(proposed(file, who="li"))
    assert file.path.read_text(encoding="utf-8") == before and approved(file) == ([], [])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_kept(file):
    proposal = proposed(file, who="li")
    file.folder.chmod(0o500)
    try:
        with pytest.raises(UserError, match="nothing was approved"):
            approve(proposal)
    finally:
        file.folder.chmod(0o700)
    assert approved(file) == ([], [])


def test_evidence_that_moved_the_plan_is_named_and_may_be_approved_anyway(file, monkeypatch):
    then = approving.plan(file)
    parts = [part | {"spend": 0.0} for part in then["split"]["parts"]]
    now = then | {"split": then["split"] | {"parts": parts}}
    monkeypatch.setattr(approving, "plan", lambda file: now)
    with pytest.raises(
        UserError,
        match=r"more labels: 30\.00 CNY in the plan, 0\.00 now; run: steelyard turn product\.yaml, or .*--anyway",
    ):
        proposed(file, who="li")
    assert proposed(file, who="li", anyway=True).fact.labels == 299


def test_another_product_file_makes_it_an_older_plan(file):
    text = file.path.read_text(encoding="utf-8")
    file.path.write_text(text.replace("unit: 30", "unit: 60"), encoding="utf-8")
    with pytest.raises(
        UserError,
        match="the product file that the plan of turn 1 was made with, found another plan",
    ):
        proposed(load(file.path), who="li", anyway=True)
    file.path.write_text(text + "serve: {port: 9}\n", encoding="utf-8")
    assert (
        proposed(load(file.path), who="li").fact.turn == 1
    )  # of what the plan reads nothing changed


def test_a_file_that_asks_for_more_labels_than_the_plan_is_never_lowered(file):
    text = file.path.read_text(encoding="utf-8")
    file.path.write_text(text.replace("start: 200", "start: 500"), encoding="utf-8")
    with pytest.raises(
        UserError, match=r"label\.start: expected at most the 299 labels of the plan, found 500"
    ):
        proposed(load(file.path), who="li")


def test_a_plan_that_keeps_the_money_and_no_plan_are_refused(tmp_path):
    file = a_product(tmp_path, answer="0.0001")
    with pytest.raises(Missing, match="a turn that was planned"):
        proposed(file, who="li")
    turned(file, outputs_of(curve=FLAT))
    with pytest.raises(
        UserError, match="a plan that does something, found that of turn 1: keep the"
    ):
        proposed(file, who="li")


@pytest.mark.parametrize("who", ["", "  ", "li\nlei", "x" * 65])
def test_who_is_a_name(file, who):
    with pytest.raises(UserError, match="--who: expected a name"):
        proposed(file, who=who)


def test_an_approval_that_was_changed_afterwards_is_found_out(file):
    approve(proposed(file, who="li"))
    with closing(Store.open(file)) as store, store.database.write() as connection:
        connection.exec_driver_sql("UPDATE event SET body = replace(body, '299', '999')")
    with pytest.raises(Damaged):
        approved(file)


SPEND = {"channel": "search", "money": 600.0, "currency": "CNY", "a_day": 20.0, "now": 10.0}
BRINGS = {
    "channel": "search",
    "money": 600.0,
    "currency": "CNY",
    "customers": (6.0, 3.0, 9.0),
    "worth": 500.0,
}


def a_plan(**more):
    do = Reason("do.spend_more", SPEND)
    because = Reason("plan.do", {"do": do, "why": Reason("channels.brings", BRINGS)})
    plan = {"recommendation": {"steps": ["small"], "look": None}, "currency": "CNY"}
    plan |= {"split": {"budget": 1000.0, "parts": [{"name": "search", "spend": 600.0}]}}
    return plan | spoken("do", together([do])) | spoken("because", because) | more


def test_what_is_done_is_read_of_what_a_person_read():
    doing = Doing.of(a_plan())
    assert doing == Doing(None, {"search": 600.0}, {"search": (6.0, 3.0, 9.0)}, ("small",))
    look = {"steps": [], "look": ["a test of search", "对 search 的试验"]}
    lift = spoken("do", Reason("do.lift_test", {"channel": "search", "weeks": 8}))
    first = Doing.of(a_plan(recommendation=look) | lift)
    assert first == Doing(None, {}, {}, ("a test of search",)) and not first.nothing


def test_money_that_is_taken_away_is_approved_below_zero_with_the_customers_that_will_be_fewer(
    file,
):
    less = {name: SPEND[name] for name in ("channel", "money", "currency", "a_day", "now")}
    fewer = {name: BRINGS[name] for name in ("channel", "money", "currency", "customers")}
    do = Reason("do.spend_less", less)
    why = Reason("channels.fewer", fewer | {"returns": (0.7, 0.5, 0.9)})
    plan = a_plan(
        **spoken("do", do), **spoken("because", Reason("plan.do", {"do": do, "why": why}))
    )
    doing = Doing.of(plan)
    assert doing.channels == {"search": -600.0} and not doing.nothing
    assert doing.customers == {"search": (-6.0, -9.0, -3.0)}
    with closing(Store.open(file)) as store:
        keep(
            store,
            Approved(7, "li", "2026-01-02", None, doing.channels, (), doing.customers, 30.0, "CNY"),
        )
        (kept,) = approvals(store)
        store.ledger.verify()
    assert kept.channels == doing.channels and kept.customers == doing.customers


def test_amounts_are_compared_with_all_money_that_is_moved():
    split = {"budget": 0.0, "freed": 1000.0}
    then, near, far = (
        a_plan(split=split | {"parts": [{"name": "search", "spend": x}]})
        for x in (-1000.0, -960.0, -900.0)
    )
    assert moved(then, near) == [] and [one.code for one in moved(then, far)] == ["approve.moved"]


def test_what_should_be_left_of_sales_is_read_as_well():
    sells = {n: v for n, v in BRINGS.items() if n not in ("customers", "worth")}
    why = Reason("channels.sells", sells | {"left": (900.0, 500.0, 1400.0)})
    do = Reason("do.spend_more", SPEND)
    plan = a_plan() | spoken("because", Reason("plan.do", {"do": do, "why": why}))
    doing = Doing.of(plan)
    assert doing.sales == {"search": (900.0, 500.0, 1400.0)} and doing.customers == {}


def test_what_moved_is_told_by_amounts_steps_and_looks():
    then = a_plan()
    near = a_plan(split={"budget": 1000.0, "parts": [{"name": "search", "spend": 640.0}]})
    assert moved(then, near) == []
    far = a_plan(
        split={"budget": 1000.0, "parts": [{"name": "labels", "spend": 400.0}]},
        recommendation={"steps": ["other"], "look": ["a", "甲"]},
    )
    codes = [one.code for one in moved(then, far)]
    assert codes == [
        "approve.moved",
        "approve.moved",
        "approve.dropped",
        "approve.taken",
        "approve.look",
    ]
    assert all(both(one)["zh"] for one in moved(then, far))


def test_money_of_channels_is_kept_with_the_customers_that_it_should_bring(file):
    with closing(Store.open(file)) as store:
        one = Approved(
            7,
            "li",
            "2026-01-02",
            None,
            {"search": 600.0},
            (),
            {"search": (6.0, 3.0, 9.0)},
            30.0,
            "CNY",
        )
        keep(store, one)
        keep(store, one)  # the same again changes nothing
        (kept,) = approvals(store)
        assert kept.channels == {"search": 600.0} and kept.customers == {"search": (6.0, 3.0, 9.0)}
        assert len(store.ledger.lines(account="plan.approved")) == 1

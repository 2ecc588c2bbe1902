"""The plan of now: of the newest turn, today's books and today's file, with nothing run and nothing written."""

import hashlib
from contextlib import closing
from datetime import date, timedelta

import pytest
from tests.market.companies import At
from tests.planned import FLAT, a_product, outputs_of, turned

from steelyard.api.market import import_file
from steelyard.api.planning import explain, is_planned, plan, score, what_if
from steelyard.api.turns import reported
from steelyard.errors import Missing, UserError
from steelyard.loop import NO_VARIANT
from steelyard.scoring import scores
from steelyard.spec import load
from steelyard.store import Store


@pytest.fixture
def file(tmp_path):
    return a_product(tmp_path)


def kept(file):
    """Everything of the store, by its bytes."""
    return {
        path.relative_to(file.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in file.folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_before_a_turn_there_is_none(file):
    assert not is_planned(file) and not (file.folder / ".steelyard").exists()
    for ask in (plan, score, lambda f: what_if(f, ["budget=1"]), lambda f: explain(f, "labels")):
        with pytest.raises(Missing, match=r"none yet; run: steelyard turn product\.yaml"):
            ask(file)


def test_the_plan_of_now_is_that_of_the_turn_while_nothing_changed_and_writes_nothing(file):
    turned(file)
    with closing(Store.open(file)) as store:
        then = store.plans.all()[-1]["body"]
    before = kept(file)
    now = plan(file)
    assert is_planned(file) and now["turn"] == 1 and now["changed"] == [] and now["refused"] is None
    assert {k: now[k] for k in ("do", "do_zh", "recommendation")} == {
        k: then[k] for k in ("do", "do_zh", "recommendation")
    }
    assert now["split"]["parts"] == then["split"]["parts"]
    assert "label.start: 299" in now["do"]
    for ask in (score, lambda f: what_if(f, ["budget=1"]), lambda f: explain(f, "labels")):
        ask(file)
    assert kept(file) == before
    with closing(Store.open(file)) as store:
        assert store.turns.newest() == 1


def test_todays_file_is_read_and_what_changed_since_is_named(file):
    turned(file)
    text = file.path.read_text(encoding="utf-8")
    file.path.write_text(text.replace("unit: 30", "unit: 60"), encoding="utf-8")
    now = plan(load(file.path))
    assert now["split"]["budget"] == 60 and now["changed"] == ["plan"]


def test_a_turn_that_was_interrupted_before_its_plan_is_passed_over(file):
    turned(file)
    with closing(Store.open(file)) as store:
        store.begin_turn("another", text=file.text)
    assert plan(file)["turn"] == 1


def test_a_turn_in_which_no_variant_meets_the_goals_says_so(file):
    outputs = outputs_of()
    outputs["compress"] = outputs["compress"] | {"chosen": None}
    turned(file, outputs)
    assert plan(file)["refused"] == NO_VARIANT


def test_a_what_if_stands_beside_the_plan_of_now(file):
    turned(file)
    told = what_if(file, ["budget=60", "money.correct_answer=0"])
    assert told["asked"] == {"plan.unit": 60.0, "money.correct_answer": 0.0}
    assert told["before"]["budget"] == 30 and told["before"]["spend"].keys() == {"labels"}
    assert told["after"]["budget"] == 60 and told["after"]["spend"] == {}
    with pytest.raises(UserError, match="did you mean 'budget'"):
        what_if(file, ["budgte=1"])


def test_a_lever_is_explained_with_the_turn_and_the_currency(file):
    turned(file)
    told = explain(file, "labels")
    assert (told["turn"], told["currency"], told["kind"]) == (1, "CNY", "place")
    with pytest.raises(UserError, match="one of labels"):
        explain(file, "radio")


def test_nothing_is_scored_before_something_happened_and_it_is_said_what_will_be(file):
    turned(file)
    told = score(file)
    assert told["rows"] == [] and told["calibration"]["n"] == 0
    assert "nothing is scored yet" in told["none"] and "评分" in told["none_zh"]


def test_a_later_turn_scores_the_plans_before_it_and_its_report_is_handed_the_rows(file):
    turned(file)
    turned(file, outputs_of(bought=299, accuracy=0.86))
    rows = score(file)["rows"]
    assert {(row["turn"], row["what"]) for row in rows} == {(1, "quality"), (1, "split")}
    quality = next(row for row in rows if row["what"] == "quality")
    assert quality["seen"] == 0.86 and quality["text_numbers"] == {"labels": 299, "turn": 2}
    with closing(Store.open(file)) as store:
        outputs = {row["name"]: row["output"] for row in store.turns.steps(2)}
        assert [row["turn"] for row in scores(store, file, outputs)] == [1, 1]
        assert scores(store, file, outputs, until=1) == []  # as things stood then


def test_the_report_of_a_past_turn_is_handed_its_scores(file, monkeypatch):
    import steelyard.report as report

    handed = []

    def gather(*arguments, scores=(), **more):
        handed.append(list(scores))
        raise UserError("report", "as far as this")

    monkeypatch.setattr(report, "gather", gather)
    turned(file)
    turned(file, outputs_of(bought=299, accuracy=0.86))
    for turn in (1, 2):
        with pytest.raises(UserError, match="as far as this"):
            reported(file, turn)
    assert handed[0] == [] and {row["what"] for row in handed[1]} == {"quality", "split"}


def test_requests_are_scored_after_whole_days(file):
    turned(file, clock=At(date(2026, 1, 1)))
    turned(file, clock=At(date(2026, 1, 11)))
    row = next(row for row in score(file)["rows"] if row["what"] == "requests" and row["turn"] == 1)
    assert row["seen"] == 0.0 and row["said"][0] == pytest.approx(100_000 / 30 * 9)
    assert row["held"] is None and "9 whole days" in row["text"]


def test_what_is_booked_after_the_turn_counts(tmp_path):
    file = a_product(tmp_path, more="market: {time_zone: UTC}\n")
    turned(file, outputs_of(curve=FLAT))
    assert "chain.no_market" in {row["because_code"] for row in plan(file)["split"]["chain"]}
    today = date.today()
    days = [today - timedelta(days=n) for n in range(60, 0, -1)]
    spend = "".join(f"{day},search,10\n" for day in days)
    sales = "".join(f"{day},s{n},200,c{n},search\n" for n, day in enumerate(days))
    for name, head, body in (
        ("spend", "day,channel,amount\n", spend),
        ("sales", "day,id,amount,customer,channel\n", sales),
    ):
        path = tmp_path / f"{name}.csv"
        path.write_text(head + body, encoding="utf-8")
        import_file(file, path, preset=f"plain_{name}")
    before = kept(file)
    now = plan(file)
    assert "search" in {part["name"] for part in now["split"]["parts"]}
    assert explain(file, "search")["arm"] == "market"
    assert kept(file) == before  # a fit that was made for it is not kept

"""A test of a channel: drawn before its weeks, on a calendar, read out on the design that was written down."""

import json
import sqlite3
from contextlib import closing
from datetime import date, timedelta

import numpy as np
import pytest
from tests.market.companies import At, book, made, under
from typer.testing import CliRunner

from steelyard.api.market import import_file, imported
from steelyard.api.measuring import channel_tests, design_test, read_test
from steelyard.cli.commands import app
from steelyard.errors import Damaged, UserError
from steelyard.market.calendar import calendar
from steelyard.market.keeping import TEST, kept
from steelyard.market.lifts import _notes
from steelyard.market.testing import of_fact
from steelyard.store import Store

BEFORE = 40  # weeks of history
TODAY = date(2023, 1, 2) + timedelta(weeks=BEFORE, days=-1)
MONDAY = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def same_draw(monkeypatch):
    """What is drawn hangs on the store's secret, which is another one in each store."""
    monkeypatch.setattr(Store, "salt", lambda store: b"of a test")


@pytest.fixture(scope="module")
def tv():
    return made(seed=5, periods=90, noise=0.02, memory=0.0)


@pytest.fixture
def company(shop, tv, tmp_path):
    book(shop, tmp_path, tv.series, weeks=slice(0, BEFORE))
    return shop


def designed(shop, **how):
    how = {"lift": 0.1, "start": MONDAY.isoformat(), "form": "switchback", "block": 1} | how
    return design_test(shop, "tv", clock=At(TODAY), **how)


def lived(shop, tv, folder, facts, *, weeks=None, spend=None):
    """The weeks of a design come to pass, and are imported."""
    on = [block["on"] for block in facts["blocks"]]
    series = under(tv, "tv", on, BEFORE)
    if spend is not None:
        series.spend["tv"].flags.writeable = True
        series.spend["tv"][BEFORE + spend] = 7.5
    end = BEFORE + (weeks or len(on))
    book(shop, folder, series, weeks=slice(BEFORE, end), name=f"b{end}")
    y, on = series.array("outcome")[BEFORE : BEFORE + len(on)], np.array(on)
    return series, y[on].mean() / y[~on].mean() - 1


def test_a_design_says_what_it_detects_and_costs_and_its_weeks_are_drawn(company):
    facts = designed(company)
    assert facts["smallest_lift"] <= 0.1 and facts["weeks"] == len(facts["blocks"]) >= 12
    assert facts["lost_outcome"] > 0 and facts["spend_saved"] > 0
    pairs = [(a["on"], b["on"]) for a, b in zip(*[iter(facts["blocks"])] * 2, strict=True)]
    assert all(a != b for a, b in pairs)
    assert [b["first"] for b in facts["blocks"]] == [
        (MONDAY + timedelta(weeks=i)).isoformat() for i in range(facts["weeks"])
    ]


def test_blocks_are_two_weeks_of_which_one_is_left_out_unless_history_is_short(company):
    facts = designed(company, block=None, lift=0.3, dry=True)
    assert facts["blocks"][0]["last"] == (MONDAY + timedelta(days=13)).isoformat()
    with pytest.raises(UserError, match="--washout"):
        designed(company, block=2, washout=2, dry=True)


def test_a_larger_wanted_lift_needs_no_more_weeks(company):
    assert (
        designed(company, lift=0.4, dry=True)["weeks"]
        <= designed(company, lift=0.05, dry=True)["weeks"]
    )


def test_the_truth_is_inside_the_interval_of_the_readout_and_the_readout_is_booked(
    company, tv, tmp_path
):
    facts = designed(company)
    series, _ = lived(company, tv, tmp_path, facts)
    end = At(date.fromisoformat(facts["last"]) + timedelta(days=1))
    found = read_test(company, "tv", clock=end)
    assert found["state"] == "read"
    off = under(tv, "tv", [False] * facts["weeks"], BEFORE).array("outcome")
    on = np.array([b["on"] for b in facts["blocks"]])
    window = slice(BEFORE, BEFORE + facts["weeks"])
    truth = float((series.array("outcome") - off)[window][on].sum())
    brought = found["readout"]["brought"]
    assert brought[1] < truth < brought[2]
    assert found["readout"]["rows"]["sales"]["count"] == 7 * facts["weeks"]
    assert (
        len(found["readout"]["rows"]["spend"]["ids"]) == found["readout"]["rows"]["spend"]["count"]
    )
    with closing(Store.open(company)) as store:
        assert store.ledger.verify() > 0
        assert len(store.ledger.evidence("market.lift")) == 1


def test_a_readout_is_made_once_whatever_is_imported_later(company, tv, tmp_path):
    facts = designed(company)
    lived(company, tv, tmp_path, facts)
    end = At(date.fromisoformat(facts["last"]) + timedelta(days=1))
    first = read_test(company, "tv", clock=end)["readout"]
    path = tmp_path / "more.csv"
    path.write_text(f"day,id,amount\n{facts['first']},late,9999\n", encoding="utf-8")
    import_file(company, path, preset="plain_sales")
    assert read_test(company, "tv", clock=end)["readout"] == first


def test_before_the_end_it_says_what_is_missing_and_does_not_look(company, tv, tmp_path):
    facts = designed(company)
    lived(company, tv, tmp_path, facts, weeks=6)
    found = read_test(company, "tv", clock=At(MONDAY + timedelta(weeks=6)))
    assert found["readout"] is None and found["state"] == "running"
    assert found["days_left"] == 7 * (facts["weeks"] - 6)
    assert found["notes"][0]["code"] == "test.running"


def test_an_early_look_is_written_down_and_the_last_readout_says_what_it_cost(
    company, tv, tmp_path
):
    facts = designed(company)
    lived(company, tv, tmp_path, facts, weeks=8)
    look = read_test(company, "tv", early=True, clock=At(MONDAY + timedelta(weeks=8)))
    assert look["readout"]["early"] and look["readout"]["assignments"] == 2**4
    assert "10 %" in look["notes"][-1]["text"]
    on = [b["on"] for b in facts["blocks"]]
    series = under(tv, "tv", on, BEFORE)
    book(company, tmp_path, series, weeks=slice(BEFORE + 8, BEFORE + len(on)), name="rest")
    end = At(date.fromisoformat(facts["last"]) + timedelta(days=1))
    found = read_test(company, "tv", clock=end)
    assert found["readout"]["looks"] == 2
    assert [note["code"] for note in found["notes"]] == ["test.allows_carry_over", "test.looked"]


def test_what_is_left_of_an_ad_later_is_in_the_interval_and_the_plain_one_is_said(shop, tmp_path):
    one = made(seed=3, periods=90, noise=0.01, memory=0.6)
    book(shop, tmp_path, one.series, weeks=slice(0, BEFORE))
    facts = designed(shop)
    on = np.array([block["on"] for block in facts["blocks"]])
    series, _ = lived(shop, one, tmp_path, facts)
    end = At(date.fromisoformat(facts["last"]) + timedelta(days=1))
    found = read_test(shop, "tv", clock=end)
    test = slice(BEFORE, BEFORE + len(on))
    sold = series.array("outcome")[test]
    without = under(one, "tv", np.zeros(len(on), bool), BEFORE).array("outcome")[test]
    brought = float((sold - without)[on].sum())
    _, low, high = found["readout"]["brought"]
    plain = found["readout"]["between_weeks"]
    assert low < brought < high
    assert sold[on].sum() * (1 - 1 / (1 + plain[2])) < brought  # the plain one misses it
    assert found["readout"]["lift"][0] == plain[0] and found["readout"]["lift"][2] > plain[2]
    said = found["notes"][0]
    assert "70 %" in said["text"] and f"{100 * plain[1]:.3g} %" in said["text_zh"]


def test_a_readout_of_before_says_that_it_allows_for_nothing_later(company):
    designed(company)
    with closing(Store.open(company)) as store:
        test = of_fact(kept(store, TEST)[0])
    (note,) = _notes({"not_followed": [], "looks": 1}, test)
    assert note.code == "test.carries_over"


def test_a_test_that_is_over_and_not_booked_says_until_when_it_is(company, tv, tmp_path):
    facts = designed(company)
    lived(company, tv, tmp_path, facts, weeks=5)
    end = At(date.fromisoformat(facts["last"]) + timedelta(days=1))
    found = read_test(company, "tv", clock=end)
    assert found["state"] == "ended" and found["notes"][0]["code"] == "test.not_booked"


def test_a_week_of_spend_that_was_to_be_off_is_named(company, tv, tmp_path):
    facts = designed(company)
    off = next(i for i, b in enumerate(facts["blocks"]) if not b["on"])
    lived(company, tv, tmp_path, facts, spend=off)
    end = At(date.fromisoformat(facts["last"]) + timedelta(days=1))
    notes = read_test(company, "tv", clock=end)["notes"]
    assert notes[0]["code"] == "test.spent_while_off"
    assert facts["blocks"][off]["first"] in notes[0]["text"] and "7.50" in notes[0]["text"]


def test_a_channel_that_is_not_booked_is_refused_with_the_one_that_was_meant(company):
    with pytest.raises(UserError, match="did you mean 'search'"):
        design_test(company, "serch", clock=At(TODAY))
    designed(company)
    with pytest.raises(UserError, match="did you mean 'tv'"):
        read_test(company, "tvv", clock=At(TODAY))


def test_a_test_of_a_channel_that_has_none_says_how_to_design_one(company):
    with pytest.raises(UserError, match="steelyard market test tv"):
        read_test(company, "tv", clock=At(TODAY))


def test_two_tests_of_one_channel_never_share_a_week(company):
    facts = designed(company)
    again = (date.fromisoformat(facts["last"]) - timedelta(days=6)).isoformat()
    with pytest.raises(UserError, match="no other test of the channel"):
        designed(company, start=again)
    behind = (date.fromisoformat(facts["last"]) + timedelta(days=1)).isoformat()
    designed(company, start=behind)
    assert designed(company)["id"] == facts["id"], "the same design again is the same one"
    assert [t["state"] for t in channel_tests(company, clock=At(TODAY))] == ["planned"] * 2


@pytest.mark.parametrize(
    "start", [TODAY.isoformat(), (MONDAY + timedelta(days=2)).isoformat(), "soon"]
)
def test_a_test_begins_on_a_monday_to_come(company, start):
    with pytest.raises(UserError, match="--start: expected a"):
        designed(company, start=start)


def test_a_history_that_is_too_short_or_too_noisy_is_refused_in_words(shop, tv, tmp_path):
    book(shop, tmp_path, tv.series, weeks=slice(BEFORE - 6, BEFORE))
    with pytest.raises(UserError, match="a history of 6 periods; a design needs 12"):
        designed(shop)
    book(shop, tmp_path, tv.series, weeks=slice(0, BEFORE - 6), name="more")
    with pytest.raises(UserError, match="the smallest lift"):
        designed(shop, lift=0.0001)


def test_without_sales_the_error_says_what_to_import(shop, tmp_path):
    path = tmp_path / "spend.csv"
    path.write_text("day,channel,amount\n2023-01-02,tv,5\n", encoding="utf-8")
    import_file(shop, path, preset="plain_spend")
    with pytest.raises(UserError, match="import them: steelyard market import FILE --as sales"):
        designed(shop)


def test_a_week_without_sales_is_named(company, tmp_path):
    path = tmp_path / "later.csv"
    path.write_text("day,id,amount\n2023-12-31,x,5\n", encoding="utf-8")
    import_file(company, path, preset="plain_sales")
    with pytest.raises(UserError, match="sales, week of 2023-10-09"):
        design_test(company, "tv", form="switchback", clock=At(date(2024, 1, 1)))


@pytest.mark.parametrize("sealed", [False, True], ids=["row alone", "row and its hashes"])
def test_a_design_that_is_changed_afterwards_is_found_out(company, sealed):
    """Also by one who computes the row's own hash and its id anew: the chain of the ledger has the old one."""
    facts = designed(company)
    with closing(Store.open(company)) as store:
        path = store.root / "ledger.db"
    with closing(sqlite3.connect(path)) as database:
        (body,) = database.execute("select body from event where kind = ?", (TEST,)).fetchone()
        changed = json.loads(body)
        changed["design"]["first_on"] = [not on for on in changed["design"]["first_on"]]
        database.execute("update event set body = ? where kind = ?", (json.dumps(changed), TEST))
        if sealed:
            _seal_row(database)
        database.commit()
    with pytest.raises(Damaged):
        read_test(company, "tv", clock=At(date.fromisoformat(facts["last"])))


def _seal_row(database):
    from steelyard.market.keeping import _id
    from steelyard.store import tables

    database.row_factory = sqlite3.Row
    row = dict(database.execute("select * from event where kind = ?", (TEST,)).fetchone())
    old, row["body"] = row["id"], json.loads(row["body"])
    row["id"] = _id(TEST, row["key"], row["day"], row["channel"], row["body"])
    digest = tables.row_sha256(tables.event, row)
    database.execute("update event set id = ?, sha256 = ? where id = ?", (row["id"], digest, old))


def test_a_design_is_no_row_of_an_export(company):
    before = imported(company)
    designed(company)
    assert imported(company) == before


def test_the_calendar_is_the_design_in_both_languages_and_the_same_bytes(company, tmp_path):
    to = tmp_path / "tv.ics"
    facts = designed(company, to=to)
    raw = to.read_bytes()
    assert raw.startswith(b"BEGIN:VCALENDAR\r\n") and raw.endswith(b"END:VCALENDAR\r\n")
    assert raw.count(b"BEGIN:VEVENT") == len(facts["blocks"])
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    text = raw.replace(b"\r\n ", b"").decode()
    assert "SUMMARY:tv: on / tv：开启" in text and "SUMMARY:tv: off / tv：关闭" in text
    assert (
        f"DTSTART;VALUE=DATE:{MONDAY:%Y%m%d}\r\nDTEND;VALUE=DATE:{MONDAY + timedelta(weeks=1):%Y%m%d}"
        in text
    )
    with closing(Store.open(company)) as store:
        (fact,) = kept(store, TEST)
    assert calendar(of_fact(fact), fact.id, made=fact.created) == raw
    with pytest.raises(UserError, match="no file of that name"):
        designed(company, to=to, start=(MONDAY + timedelta(weeks=60)).isoformat())


def test_a_design_that_is_read_again_is_the_one_that_was_written(company):
    designed(company)
    with closing(Store.open(company)) as store:
        (fact,) = kept(store, TEST)
        test = of_fact(fact)
    facts = channel_tests(company, clock=At(TODAY))[0]
    assert [b.on for b in test.blocks] == [b["on"] for b in facts["blocks"]]
    assert test.design.seed == facts["seed"]


def test_the_commands_say_the_same_as_the_functions(company, tv, tmp_path):
    run = CliRunner()
    path = str(company.path)
    shown = run.invoke(
        app, ["market", "test", "tv", path, "--by", "switchback", "--dry-run", "--json"]
    )
    assert shown.exit_code == 0 and json.loads(shown.stdout)["id"] is None
    facts = designed(company)
    lived(company, tv, tmp_path, facts)
    said = run.invoke(app, ["market", "read", "tv", path], env={"COLUMNS": "200"})
    assert said.exit_code == 0 and "lift +" in said.stdout and "measured" in said.stdout
    listed = json.loads(run.invoke(app, ["market", "tests", path, "--json"]).stdout)
    assert [t["state"] for t in listed] == ["read"]
    both = run.invoke(app, ["market", "show", path], env={"COLUMNS": "200"})
    assert both.exit_code == 0 and "read" in both.stdout

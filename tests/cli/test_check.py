"""`check` opens the data and says what a turn will do; it exits 2 for what cannot work."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import reviews, write_jsonl

from steelyard.api import look
from steelyard.api.estimate import estimate
from steelyard.loop import turn
from steelyard.spec import load


def say(product_file, old, new):
    text = product_file.read_text(encoding="utf-8")
    assert old in text
    product_file.write_text(text.replace(old, new), encoding="utf-8")


def facts(product_file):
    return estimate(load(product_file))


def problem(product_file) -> str:
    (line,) = facts(product_file)["problems"]
    return line


def label_row(product_file):
    return next(row for row in facts(product_file)["steps"] if row["step"] == "label")


def command(*arguments, cwd):
    run = [sys.executable, "-m", "steelyard", *arguments]
    return subprocess.run(run, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_what_cannot_work_exits_2_with_its_repair_and_creates_nothing(product_file):
    say(product_file, "label: label", "label: lable")
    before = sorted(product_file.parent.rglob("*"))
    done = command("check", cwd=product_file.parent)
    assert done.returncode == 2 and "did you mean 'label'?" in done.stderr
    assert "cannot work yet" in done.stdout and "Traceback" not in done.stderr
    done = command("check", "--json", cwd=product_file.parent)
    assert done.returncode == 2 and len(json.loads(done.stdout)["problems"]) == 1
    assert sorted(product_file.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("start: 200", "start: 5000", "label.start: expected at most"),
        ("replay: 60", "replay: 5000", "release.replay: expected at most"),
        ("reader: jsonl", "reader: csv", "say reader: jsonl"),
        (
            "labels: [negative, positive]",
            "labels: [negative, positive, neutral]",
            "none of ['neutral']",
        ),
        ("holdout: 0.2", "holdout: 0.01", "at least 20 labelled records to hold out"),
    ],
)
def test_what_a_turn_would_refuse_is_refused_by_check(product_file, old, new, said):
    from steelyard.errors import DataError

    say(product_file, old, new)
    assert said in problem(product_file)
    with pytest.raises(DataError) as error:
        turn(load(product_file), until="label")
    assert str(error.value) == problem(product_file)


def test_a_file_with_mistakes_is_told_as_json_too(product_file):
    say(product_file, "product:", "produkt:")
    done = command("check", "--json", cwd=product_file.parent)
    assert done.returncode == 2
    assert any("produkt" in problem for problem in json.loads(done.stdout)["problems"])


def test_several_problems_are_told_at_once(product_file):
    say(product_file, "start: 200", "start: 5000")
    say(product_file, "replay: 60", "replay: 5000")
    assert len(facts(product_file)["problems"]) == 2


def test_unknown_labels_are_shown(product_file):
    rows = reviews(600)
    for r in rows[:30]:
        r["label"] += " "
    write_jsonl(product_file.parent / "reviews.jsonl", rows)
    done = command("check", cwd=product_file.parent)
    assert done.returncode == 0 and "rejected 30" in done.stdout
    assert "(near 'positive')" in done.stdout and "reviews.jsonl:1" in done.stdout


CHANGES = {
    "nothing": lambda file: None,
    "more data": lambda file: write_jsonl(
        file.parent / "reviews.jsonl",
        reviews(600) + [r | {"id": "n" + r["id"]} for r in reviews(300, seed=5)],
    ),
    "other texts": lambda file: write_jsonl(file.parent / "reviews.jsonl", reviews(900, seed=7)),
    "more labels": lambda file: say(file, "start: 200", "start: 230"),
    "fewer labels": lambda file: say(file, "start: 200", "start: 100"),
    "no number": lambda file: say(file, "label: {start: 200}", "label: {seed: 0}"),
    "another split": lambda file: say(file, "holdout: 0.2,", "seed: 3, holdout: 0.2,"),
    "another column": lambda file: say(file, ", id: id", ""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_check_says_what_the_label_step_does(product_file, change):
    first = label_row(product_file)
    turn(load(product_file), until="label")
    assert first["quantity"] == 200 and first["money"] == "60.00 CNY"
    CHANGES[change](product_file)
    told = label_row(product_file)
    done = turn(load(product_file), until="label")
    paid = done.outputs["label"]["new"] if "label" in done.ran else 0
    assert told["quantity"] == paid
    again = label_row(product_file)
    assert again["quantity"] == 0 and "done already" in again["because"]


def test_steps_that_are_done_cost_neither_money_nor_minutes(product_file):
    whole = facts(product_file)
    turn(load(product_file), until="baseline")
    left = facts(product_file)
    row = {r["step"]: r for r in left["steps"]}
    assert {row[step]["minutes"] for step in ("data", "label", "baseline")} == {0}
    assert row["train"]["minutes"] > 0 and left["minutes"] < whole["minutes"]
    assert whole["minutes"] == pytest.approx(sum(r["minutes"] for r in whole["steps"]))


def test_looking_is_bounded_and_says_how_far_it_went(product_file, monkeypatch):
    monkeypatch.setattr(look, "MOST", 50)
    say(product_file, "start: 200", "start: 5000")
    found = facts(product_file)
    assert found["data"]["read"] == {"reviews.jsonl": 50} and not found["data"]["whole"]
    assert found["problems"] == []  # what was not read may hold the labels
    assert label_row(product_file)["because"].startswith("about:")


def test_an_empty_store_folder_stays_empty(product_file):
    (product_file.parent / ".steelyard").mkdir()
    facts(product_file)
    assert list((product_file.parent / ".steelyard").iterdir()) == []


def test_a_lost_ledger_is_a_problem(product_file):
    turn(load(product_file), until="data")
    (product_file.parent / ".steelyard" / "ledger.db").unlink()
    done = command("check", cwd=product_file.parent)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "ledger" in done.stderr


UNWRITABLE = {
    "no files there": lambda product_file: "/proc/x",
    "nor deeper": lambda product_file: "/proc/a/b/c",
    "a file as a folder": lambda product_file: product_file.parent / "reviews.jsonl" / "x",
}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux alone has /proc")
@pytest.mark.parametrize("where", UNWRITABLE)
@pytest.mark.parametrize("field", ["store", "ledger"])
def test_a_place_that_cannot_be_written_exits_2_and_nothing_is_made(product_file, field, where):
    place = UNWRITABLE[where](product_file)
    value = f"{place}" if field == "store" else f"sqlite:///{place}.db"
    product_file.write_text(f"{product_file.read_text('utf-8')}{field}: '{value}'\n", "utf-8")
    before = sorted(product_file.parent.rglob("*"))
    done = command("check", cwd=product_file.parent)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert f"correct '{field}' in the product file" in done.stderr
    assert sorted(product_file.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.EROFS, "Read-only file system"), (errno.EACCES, "Permission denied")],
)
def test_a_folder_that_takes_no_file_is_a_problem(product_file, monkeypatch, number, said):
    """As on a read-only disk, or for a user without the right."""
    (product_file.parent / "deep").mkdir()
    whole = os.open

    def refused(path, flags, mode=0o777, **more):
        if str(path) == str(product_file.parent / "deep"):
            raise OSError(number, os.strerror(number), str(path))
        return whole(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", refused)
    assert facts(product_file)["problems"] == []
    say(product_file, "product: tiny", "product: tiny\nstore: deep/er/est")
    assert problem(product_file).startswith(f"{product_file.parent / 'deep'}: expected a folder")
    assert said in problem(product_file)


@pytest.mark.parametrize("right", [True, False])
def test_a_disk_that_knows_no_file_without_a_name_is_asked_for_the_right(
    product_file, monkeypatch, right
):
    whole, access = os.open, os.access

    def unknown(path, flags, mode=0o777, **more):
        if str(path) == str(product_file.parent):
            raise OSError(errno.EOPNOTSUPP, "not supported")
        return whole(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", unknown)
    monkeypatch.setattr(os, "access", lambda path, mode: right and access(path, mode))
    found = facts(product_file)["problems"]
    assert [f"{product_file.parent}: " in line for line in found] == ([] if right else [True])


@pytest.mark.parametrize("name", ["artifacts", "datasets", "reports", "scratch"])
def test_a_file_where_a_turn_needs_a_folder_is_a_problem(product_file, name):
    (product_file.parent / ".steelyard").mkdir()
    (product_file.parent / ".steelyard" / name).write_text("a file")
    assert f"{name}: expected a folder that can be written, found a file" in problem(product_file)


@pytest.mark.parametrize("name", ["turn.lock", "salt", "salt.sha256"])
def test_a_folder_where_a_turn_needs_a_file_is_a_problem(product_file, name):
    (product_file.parent / ".steelyard" / name).mkdir(parents=True)
    assert f"{name}: expected a file that can be written, found a folder" in problem(product_file)

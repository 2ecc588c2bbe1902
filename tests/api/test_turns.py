"""Turns of the past are shown, reported again and compared, from Python and the shell."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from steelyard.api.turns import compared, past, reported
from steelyard.cli.commands import app
from steelyard.errors import Missing, UserError
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.store import Store


@pytest.fixture(scope="module")
def product(tmp_path_factory, encoder):
    """Two turns up to the labels; the second file buys more and names a password."""
    from tests.conftest import PRODUCT, reviews, write_jsonl

    folder = tmp_path_factory.mktemp("turns")
    write_jsonl(folder / "reviews.jsonl", reviews(300))
    path = folder / "product.yaml"
    text = PRODUCT.format(encoder=encoder).replace("start: 200", "start: 40")
    path.write_text(text, encoding="utf-8")
    done(path)
    path.write_text(text.replace("start: 40", "start: 50"), encoding="utf-8")
    done(path)
    return path


def done(path):
    file = load(path)
    made = turn(file, until="label")
    with closing(Store.open(file)) as store:
        store.end_turn(made.id)


def test_a_past_turn_says_what_it_ran_reused_and_paid(product):
    first, second = past(load(product), 1), past(load(product), 2)
    assert [(s["name"], s["how"]) for s in first["steps"]] == [("data", "ran"), ("label", "ran")]
    assert [(s["name"], s["how"]) for s in second["steps"]] == [
        ("data", "reused"),
        ("label", "ran"),
    ]
    assert "start: 40" in first["file"] and "start: 50" in second["file"]
    assert {r["account"]: r["money"] for r in second["money"]}["label"] == "-3.00 CNY"
    with pytest.raises(UserError, match="of which the newest is 2, found 7; see: steelyard show"):
        past(load(product), 7)


def test_two_turns_are_compared_by_file_facts_steps_and_money(product):
    found = compared(load(product), 1, 2)
    assert [line for line in found["file"] if line.startswith(("-l", "+l"))] == [
        "-label: {start: 40}",
        "+label: {start: 50}",
    ]
    assert {"what": "labels bought", "before": 40, "after": 50} in found["facts"]
    assert [row["what"] for row in found["steps"]] == ["data", "label"]
    label = next(row for row in found["money"] if row["what"].startswith("label"))
    assert (label["before"], label["after"]) == ("-12.00 CNY", "-3.00 CNY")
    same = compared(load(product), 1, 1)
    assert not any(same.values())


def test_the_commands_show_what_the_functions_find(product):
    run = CliRunner().invoke
    shown = run(app, ["show", str(product), "--turn", "2"])
    assert "reused" in shown.stdout and "-3.00 CNY" in shown.stdout
    told = run(app, ["diff", "1", "2", str(product)])
    assert "+label: {start: 50}" in told.stdout and "labels bought" in told.stdout
    assert json.loads(run(app, ["diff", "1", "2", str(product), "--json"]).stdout)["facts"]
    listed = run(app, ["show", str(product)])
    assert "Turns" in listed.stdout


def test_a_past_turn_is_reported_again_with_its_own_file_and_money(product):
    pages = [Path(path).read_text(encoding="utf-8") for path in reported(load(product), 1)]
    assert all("-12.00" in page or "12.00" in page for page in pages)
    assert not any("15.00" in page for page in pages)  # what both turns paid
    with closing(Store.open(load(product))) as store, store.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM turn_file WHERE turn = 2")
    with pytest.raises(Missing, match="turn 2"):
        reported(load(product), 2)
    assert compared(load(product), 1, 2)["file"] is None


def test_the_password_of_a_ledger_is_not_kept():
    from steelyard.spec import without_passwords

    for url, kept in (
        ("ledger: postgresql://me:s3cr:et@db/x", "ledger: postgresql://me:***@db/x"),
        (
            "ledger: 'postgresql+psycopg://me:p%40ss@db:5432/x' # a@b",
            "ledger: 'postgresql+psycopg://me:***@db:5432/x' # a@b",
        ),
        ("ledger: postgresql://me:p@ss@db/x # a@b", "ledger: postgresql://me:***@db/x # a@b"),
        (
            "ledger: 'postgresql://db/x?user=me&password=s3&sslmode=on'",
            "ledger: 'postgresql://db/x?user=me&password=***&sslmode=on'",
        ),
        (
            "ledger: postgresql://db:5432/x?sslpassword=s3",
            "ledger: postgresql://db:5432/x?sslpassword=***",
        ),
        (
            "data: {path: a@b.csv}\nledger: sqlite:////data/x.db",
            "data: {path: a@b.csv}\nledger: sqlite:////data/x.db",
        ),
    ):
        assert without_passwords(url) == kept


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show"], ["版本", "轮次", "每千次成本"]),
        (["show", "--turn", "2"], ["步骤", "标注", "沿用"]),
        (["diff", "1", "2"], ["收支", "轮次 1"]),
        (["ledger", "show"], ["账本", "条标注", "标注的 CPU"]),
        (["check"], ["依据", "条标注", "学习曲线"]),
    ],
)
def test_the_tables_of_the_console_are_chinese_where_that_is_asked_for(
    product, monkeypatch, arguments, words
):
    monkeypatch.setenv("STEELYARD_LANGUAGE", "zh")
    shown = CliRunner().invoke(app, [*arguments, str(product)])
    assert shown.exit_code == 0, shown.output
    assert [word for word in words if word not in shown.stdout] == []
    monkeypatch.setenv("STEELYARD_LANGUAGE", "en")
    shown = CliRunner().invoke(app, [*arguments, str(product)])
    assert not [word for word in words if word in shown.stdout]

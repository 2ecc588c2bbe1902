"""The command line as a person meets it."""

import json
import os
import subprocess
import sys

import pytest

from steelyard.cli.doctor import examine
from steelyard.cli.examples import example_names, example_text
from steelyard.cli.progress import Pulse, summary
from steelyard.cli.show import cell


def command(*arguments, cwd=None):
    run = [sys.executable, "-m", "steelyard", *arguments]
    return subprocess.run(run, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_help_lists_every_command():
    said = command("--help").stdout
    for name in [
        "init",
        "check",
        "schema",
        "doctor",
        "turn",
        "data",
        "train",
        "compress",
        "serve",
        "replay",
        "release",
        "plan",
        "show",
        "report",
        "ledger",
    ]:
        assert f" {name} " in said


@pytest.mark.parametrize(
    "arguments", [["check"], ["turn"], ["serve"], ["show"], ["ledger", "verify"]]
)
def test_a_missing_product_file_exits_2_without_a_traceback(tmp_path, arguments):
    done = command(*arguments, cwd=tmp_path)
    assert (
        done.returncode == 2 and "steelyard init" in done.stderr and "Traceback" not in done.stderr
    )


def test_a_mistake_in_the_file_exits_2_with_its_line(tmp_path):
    (tmp_path / "product.yaml").write_text(
        example_text("digits").replace("goals:", "gaols:"), encoding="utf-8"
    )
    done = command("check", cwd=tmp_path)
    assert done.returncode == 2 and "gaols: not a field; did you mean 'goals'?" in done.stderr


def test_init_writes_a_file_that_checks_and_never_overwrites_one(tmp_path):
    for name in example_names():
        folder = tmp_path / name
        folder.mkdir()
        assert command("init", str(folder), "--example", name).returncode == 0
        done = command("check", str(folder / "product.yaml"), "--json")
        assert done.returncode == 0 and "total" in json.loads(done.stdout)
    again = command("init", str(tmp_path / "digits"))
    assert again.returncode == 2 and "edit it, or name another folder" in again.stderr


def test_the_examples_of_init_are_those_of_the_repository():
    from pathlib import Path

    root = Path(__file__).parents[2] / "examples"
    for name in example_names():
        assert (root / name / "product.yaml").read_text(encoding="utf-8") == example_text(name)
        assert f"product: {name}\n" in example_text(name)


def test_schema_is_json_with_every_section():
    schema = json.loads(command("schema").stdout)
    assert {
        "task",
        "goals",
        "money",
        "data",
        "label",
        "train",
        "compress",
        "serve",
        "market",
        "plan",
    } <= set(schema["properties"])


def test_doctor_says_what_is_missing_and_the_line_that_repairs_it(monkeypatch):
    from steelyard.cli import doctor

    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    rows = {row["name"]: row for row in examine()}
    assert (
        rows["nncf"]["found"] is None and rows["nncf"]["repair"] == "pip install 'steelyard[train]'"
    )
    monkeypatch.setattr(doctor, "cuda_packages", lambda: ["nvidia-cublas"])
    assert any("constraints" in row["repair"] for row in examine())


def test_no_cuda_package_is_installed_here():
    assert command("--version").stdout.strip()
    done = subprocess.run(
        [sys.executable, "-m", "steelyard.cli.no_cuda"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_cells_are_short_and_exact():
    assert [cell(v) for v in (None, True, 12345, 0.86123, "x")] == [
        "-",
        "yes",
        "12,345",
        "0.8612",
        "x",
    ]


def test_the_data_line_says_why_records_were_rejected_and_how_many_have_no_label():
    output = {
        "splits": {"train": {"a": 5, "(unlabelled)": 2}, "holdout": {"a": 1, "(unlabelled)": 1}},
        "rejects": {"total": 4, "reasons": {"not JSON": 1, "a label outside task.labels": 3}, "examples": [{"where": "r.csv:2"}]},
    }  # fmt: skip
    said = summary("data", output)
    assert "4 rejected (3 for a label outside task.labels, the first at r.csv:2)" in said
    assert said.endswith("3 without a label")


def test_an_unknown_step_has_no_summary():
    assert summary("nothing", {}) == ""


@pytest.mark.parametrize(
    "arguments", [["ledger", "--json"], ["ledger", "product.yaml"], ["ledger"]]
)
def test_the_ledger_shows_itself_without_another_word(tmp_path, arguments):
    (tmp_path / "product.yaml").write_text(example_text("digits"), encoding="utf-8")
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and "run: steelyard turn" in done.stderr


def test_a_repair_is_shown_whole(capsys):
    from steelyard.cli.show import table

    table("", ["repair"], [["pip install 'steelyard[train]'"]])
    assert "steelyard[train]" in capsys.readouterr().out


def test_check_says_what_a_turn_needs_that_is_not_here(tmp_path, monkeypatch):
    from steelyard.cli.estimate import estimate
    from steelyard.data import sources
    from steelyard.errors import Missing
    from steelyard.loop import turn
    from steelyard.spec import load
    from steelyard.train import model

    (tmp_path / "product.yaml").write_text(example_text("reviews"), encoding="utf-8")
    file = load(tmp_path / "product.yaml")
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    monkeypatch.setattr(model, "find_spec", lambda name: None)
    missing = estimate(file)["missing"]
    assert any("steelyard[zh]" in m for m in missing) and any(
        "steelyard[train]" in m for m in missing
    )
    with pytest.raises(Missing, match="steelyard"):
        turn(file)
    assert not (tmp_path / ".steelyard").exists()  # nothing was paid, nothing was made


def test_the_data_line_names_unknown_labels_and_a_crowd_of_near_duplicates():
    output = {
        "splits": {"train": {"a": 90}, "holdout": {"a": 10}}, "largest_cluster": 60,
        "rejects": {
            "total": 3, "reasons": {"a label outside task.labels": 3},
            "examples": [{"where": "r.csv:2"}], "labels": [{"label": "A ", "n": 3, "nearest": "a"}],
        },
    }  # fmt: skip
    said = summary("data", output)
    assert (
        "3 for a label outside task.labels: 'A ' 3 times (near 'a'), the first at r.csv:2" in said
    )
    assert "60 are near-duplicates of each other (data.near_duplicate)" in said
    assert "near-duplicates" not in summary("data", output | {"largest_cluster": 20})

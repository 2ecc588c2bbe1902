"""The command line as a person meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.serving import publish, release
from typer.testing import CliRunner

from steelyard.cli.commands import app
from steelyard.cli.doctor import examine
from steelyard.cli.examples import example_files, example_names, example_text
from steelyard.cli.progress import Pulse, summary
from steelyard.cli.show import LANGUAGE, cell, language


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
        "statement",
        "market",
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
        done = CliRunner().invoke(app, ["check", str(folder / "product.yaml"), "--json"])
        assert done.exit_code == 0 and "total" in json.loads(done.stdout)
    again = command("init", str(tmp_path / "digits"))
    assert again.returncode == 2 and "edit it, or name another folder" in again.stderr


def test_init_names_every_example_and_the_one_that_was_meant(tmp_path):
    told = CliRunner().invoke(app, ["init", "--help"]).stdout
    assert all(name in told for name in example_names())
    done = command("init", str(tmp_path), "--example", "nmaes")
    assert done.returncode == 2 and "did you mean 'names'?" in done.stderr


def test_the_examples_of_init_are_those_of_the_repository():
    root = Path(__file__).parents[2] / "examples"
    for name in example_names():
        assert f"product: {name}\n" in example_text(name)
        for file, text in example_files(name).items():
            own = (root / name / file).read_text(encoding="utf-8")
            own = own.partition("\n# The market of this example")[0]  # made up for the demo alone
            assert own.rstrip("\n") == text.rstrip("\n")


def test_init_overwrites_no_data_and_then_writes_nothing(tmp_path):
    (tmp_path / "requests.csv").write_text("mine", encoding="utf-8")
    done = command("init", str(tmp_path), "--example", "intents")
    assert done.returncode == 2 and "requests.csv" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["requests.csv"]


def test_the_english_example_reads_its_data_and_takes_its_labels(tmp_path):
    assert command("init", str(tmp_path), "--example", "intents").returncode == 0
    done = command("label", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["headline"][0]["en"] == "Nothing is live."
    outputs = facts["outputs"]
    splits = outputs["data"]["splits"]
    assert outputs["data"]["rejects"]["total"] == 0 and len(splits["train"]) == 12
    assert sum(sum(by.values()) for by in splits.values()) == 480
    assert outputs["label"]["bought"] == 200 and min(outputs["label"]["by_label"].values()) >= 5


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
        "release",
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
        "rejects": {
            "total": 4,
            "reasons": {"not JSON": 1, "a label outside task.labels": 3},
            "examples": [{"where": "r.csv:2"}],
        },
    }
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


@pytest.mark.parametrize(
    ("arguments", "place", "names", "meant"),
    [
        (
            ["release", "show", "product.yaml"],
            "steelyard release",
            "pin, unpin, or a product file",
            "'steelyard show'",
        ),
        (["release", "show"], "steelyard release", "status, promote, rollback", "'steelyard show'"),
        (["release", "promot", "product.yaml"], "steelyard release", "promote", "'promote'"),
        (["release", "un-pin"], "steelyard release", "unpin", "'unpin'"),
        (
            ["ledger", "verfy"],
            "steelyard ledger",
            "show, lines, verify, seal, or a product file",
            "'verify'",
        ),
        (["ledger", "turn"], "steelyard ledger", "show, lines, verify, seal", "'steelyard turn'"),
        (["ledger", "zzz"], "steelyard ledger", "show, lines, verify, seal", "--help"),
        (
            ["shwo", "product.yaml"],
            "steelyard",
            "show, diff, report, statement, economics, sandbox, ledger, market, release",
            "'show'",
        ),
    ],
)
def test_a_word_that_is_no_command_is_told_which_there_are(
    tmp_path, arguments, place, names, meant
):
    (tmp_path / "product.yaml").write_text(example_text("digits"), encoding="utf-8")
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.startswith(f"{place}: expected one of ") and names in done.stderr
    assert meant in done.stderr


@pytest.mark.parametrize(
    "arguments", [["release", "mine.yaml"], ["release", "mine"], ["ledger", "folder/mine"]]
)
def test_a_file_is_no_mistyped_command(tmp_path, arguments):
    (tmp_path / "folder").mkdir()
    for name in ("mine.yaml", "mine", "folder/mine"):
        (tmp_path / name).write_text("product: [", encoding="utf-8")
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and arguments[1] in done.stderr and "one of" not in done.stderr


# what trains, answers, computes or keeps data: longer to import than these commands take to run
HEAVY = (
    "numpy",
    "scipy",
    "pyarrow",
    "lance",
    "onnxruntime",
    "torch",
    "sklearn",
    "PIL",
    "fastapi",
    "uvicorn",
    "alembic",
)


@pytest.mark.parametrize(
    "arguments",
    [["show"], ["ledger"], ["ledger", "show", "--json"], ["release", "status"], ["report"]],
)
def test_a_command_that_reads_the_ledger_loads_nothing_that_computes(
    store, product_file, arguments
):
    release(store, publish(store), "live")
    code = (
        "import sys; from steelyard.cli.commands import app\n"
        f"app({arguments}, standalone_mode=False)\n"
        f"sys.exit(', '.join(sorted(set({HEAVY}) & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=product_file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_a_repair_is_shown_whole(capsys):
    from steelyard.cli.show import table

    table("", ["repair"], [["pip install 'steelyard[train]'"]])
    assert "steelyard[train]" in capsys.readouterr().out


def test_check_says_what_a_turn_needs_that_is_not_here(tmp_path, monkeypatch):
    from steelyard.api.estimate import estimate
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


def test_a_repeat_says_that_nothing_is_charged_again():
    output = {"bought": 1000, "new": 1000, "pool": 9000, "price": "0.30"}
    assert (
        summary("label", output)
        == "1,000 of 9,000 labels of the training pool; 1,000 charged at 0.30"
    )
    assert (
        summary("label", output, ran=False)
        == "1,000 of 9,000 labels of the training pool; nothing charged"
    )


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "STEELYARD_LANGUAGE": "zh"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "STEELYARD_LANGUAGE": "en", "LC_ALL": ""}, "en"),
    ],
)
def test_the_console_speaks_the_language_of_the_environment(monkeypatch, environment, spoken):
    for name in LANGUAGE:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language() == spoken


def test_the_plans_answer_is_in_words():
    plan = {"plan": {"recommendation": "an experiment first: cheaper_variant"}}
    assert summary("plan", plan) == "an experiment first, on another variant"


def test_a_long_quiet_step_says_a_line_now_and_then_in_a_log():
    now = [0.0]
    pulse = Pulse(every_s=30, clock=lambda: now[0])
    pulse.begin("train")
    said = []
    for second in range(100):
        now[0] = float(second)
        if second == 50:
            pulse.advance("steps", 120, 600)
        said.append(pulse.line())
    lines = [line for line in said if line]
    assert len(lines) == 3 and "training the model" in lines[0] and "30 s" in lines[0]
    assert lines[1].endswith("steps 120 / 600")
    pulse.end()
    now[0] = 500.0
    assert pulse.line() is None


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "utf-8", "latin-1"])
def test_json_is_json_and_tables_appear_on_every_console(tmp_path, encoding):
    text = example_text("digits").replace('"0"', "好评😀")
    (tmp_path / "product.yaml").write_text(text, encoding="utf-8")
    told = os.environ | {"PYTHONIOENCODING": encoding}
    *as_json, shown = raw(
        ["check", "--json"], ["doctor", "--json"], ["schema"], ["check"], cwd=tmp_path, env=told
    )
    assert len(as_json) == 3 and all(json.loads(said.decode("utf-8")) for said in as_json)
    assert b"baseline" in shown


def raw(*commands, cwd, env):
    """What each writes, one after another in one process, which imports what they need once."""
    code = (
        "import sys; from steelyard.cli import main\n"
        f"for words in {commands}:\n"
        "    sys.argv = ['steelyard', *words]\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit:\n"
        "        pass\n"
        "    sys.stdout.flush()\n"
        "    sys.stdout.buffer.write(b'\\x1e')\n"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=cwd, capture_output=True, timeout=120, env=env, check=False)
    assert (done.returncode, done.stdout[-1:]) == (0, b"\x1e"), done.stderr
    assert b"Traceback" not in done.stderr
    return done.stdout.split(b"\x1e")[:-1]


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "utf-8"])
def test_what_json_does_not_know_is_null_and_what_the_console_cannot_write_is_escaped(encoding):
    code = (
        "from steelyard.cli.show import never_fail, out, table; never_fail();"
        "import sys; table('t', ['名'], [['好😀é']]) if len(sys.argv) > 1 else "
        "out({'a': float('nan'), 'b': ['好😀é', float('inf')], 3: '\\udcff'})"
    )
    told = os.environ | {"PYTHONIOENCODING": encoding}
    for more in ([], ["table"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *more], capture_output=True, env=told, check=False
        )
        assert done.returncode == 0, done.stderr
        if not more:
            read = json.loads(done.stdout.decode("utf-8"))
            assert read["a"] is None and read["b"] == ["好😀é", None] and "3" in read


def test_the_data_line_names_unknown_labels_and_a_crowd_of_near_duplicates():
    output = {
        "splits": {"train": {"a": 90}, "holdout": {"a": 10}},
        "largest_cluster": 60,
        "rejects": {
            "total": 3,
            "reasons": {"a label outside task.labels": 3},
            "examples": [{"where": "r.csv:2"}],
            "labels": [{"label": "A ", "n": 3, "nearest": "a"}],
        },
    }
    said = summary("data", output)
    assert (
        "3 for a label outside task.labels: 'A ' 3 times (near 'a'), the first at r.csv:2" in said
    )
    assert "60 are near-duplicates of each other (threshold of dedupe)" in said
    assert "near-duplicates" not in summary("data", output | {"largest_cluster": 20})

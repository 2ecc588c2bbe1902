"""Whole turns on tiny data: text and pictures through the same steps, from Python and the shell."""

import json
import os
import subprocess
import sys
from contextlib import closing

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl

import steelyard as sy
from steelyard.errors import Missing, Refused
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.stage import names
from steelyard.store import Store

DIGITS = """\
product: digits
task: {name: image_classification, labels: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]}
goals: {quality: {macro_f1: 0.5}}
money: {currency: CNY, prices: {label: 0.1, cpu_hour: 0.35}, correct_answer: 0.002}
data: {sources: [{reader: digits, licence: BSD}], split: {holdout: 0.2, stream: 0.25}}
label: {start: 500}
train: {epochs: 12, batch: 32, learning_rate: 3.0e-3, patience: 5}
compress: {variants: [onnx_fp32, openvino_int8], quality_loss_max: 0.1, measure_items: 32}
release: {replay: 60, outcome_loss_max: 0.5}
plan: {unit: 50, curve: [0.3, 0.6]}
"""


def command(*arguments, cwd, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "steelyard", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"COLUMNS": "200"} | environment,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def text_product(tmp_path_factory, encoder):
    """A product after one turn from the command line."""
    folder = tmp_path_factory.mktemp("text")
    write_jsonl(folder / "reviews.jsonl", reviews(600))
    (folder / "product.yaml").write_text(PRODUCT.format(encoder=encoder), encoding="utf-8")
    done = command("turn", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Live is ") and "The next 30 CNY: " in done.stdout
    assert "report:" in done.stdout
    return folder


def test_a_turn_leaves_a_report_in_both_languages(text_product):
    found = json.loads(command("report", "--json", cwd=text_product).stdout)
    assert len(found) == 2 and all(path.endswith((".en.html", ".zh.html")) for path in found)


def test_labels_are_paid_exactly_and_the_chain_verifies(text_product):
    rows = {
        r["account"]: r
        for r in json.loads(command("ledger", "show", "--json", cwd=text_product).stdout)
    }
    assert rows["label"]["money"] == "-60.00 CNY" and rows["cpu.train"]["nano"] < 0
    assert (
        json.loads(command("ledger", "verify", "--json", cwd=text_product).stdout)["unbroken"]
        is True
    )


def test_a_bent_ledger_exits_2_and_names_the_line(tmp_path, text_product):
    import shutil
    import sqlite3

    copy = tmp_path / "copy"
    shutil.copytree(text_product, copy)
    with closing(sqlite3.connect(copy / ".steelyard" / "ledger.db")) as connection:
        connection.execute("UPDATE entry SET nano = 0 WHERE id = 2")
        connection.commit()
    done = command("ledger", "verify", cwd=copy)
    assert done.returncode == 2 and "ledger entry 2" in done.stderr


def test_every_variant_is_shown_with_its_measures_and_one_is_released(text_product):
    shown = json.loads(command("show", "--json", cwd=text_product).stdout)
    names = {v["name"] for v in shown["variants"]}
    assert names == {"baseline", "torch_fp32", "onnx_fp32", "onnx_int8"}
    assert all(
        v["memory_mb"] >= 0 and v["cpu_ms"] > 0 and 0 <= v["macro_f1"] <= 1
        for v in shown["variants"]
    )
    assert {r["state"] for r in shown["releases"]} >= {"live", "canary"}


def test_the_same_from_python(text_product):
    product = sy.open(str(text_product / "product.yaml"))
    answer = product.variant("物流很快，很满意")
    assert answer.value in ("negative", "positive")
    again = product.turn()
    assert set(again.ran) <= {"release", "replay", "market", "plan"} and again.report.is_file()


def test_check_tells_the_cost_and_spends_nothing(tmp_path, encoder):
    write_jsonl(tmp_path / "reviews.jsonl", reviews(600))
    (tmp_path / "product.yaml").write_text(PRODUCT.format(encoder=encoder), encoding="utf-8")
    facts = json.loads(command("check", "--json", cwd=tmp_path).stdout)
    assert next(r for r in facts["steps"] if r["step"] == "label")["money"] == "60.00 CNY"
    assert not (tmp_path / ".steelyard").exists()


def test_a_turn_on_pictures_needs_no_other_stage(tmp_path):
    (tmp_path / "product.yaml").write_text(DIGITS, encoding="utf-8")
    done = turn(load(tmp_path / "product.yaml"))
    assert done.ran == list(names())
    assert done.outputs["train"]["metrics"]["accuracy"]["value"] > 0.85
    assert done.outputs["replay"]["lost"] == 0 and done.outputs["replay"]["sent"] == 60


def test_the_same_file_runs_on_postgresql(tmp_path, empty_postgres_url):
    text = DIGITS.replace("epochs: 12", "epochs: 3").replace("macro_f1: 0.5", "macro_f1: 0.01")
    (tmp_path / "product.yaml").write_text(
        text + f"ledger: '{empty_postgres_url}'\n", encoding="utf-8"
    )
    done = turn(load(tmp_path / "product.yaml"))
    assert done.outputs["replay"]["lost"] == 0
    again = turn(load(tmp_path / "product.yaml"))
    assert set(again.ran) <= {"release", "replay", "market", "plan"}
    assert command("ledger", "verify", cwd=tmp_path).returncode == 0


def test_no_stage_asks_which_task_it_is():
    import re
    from pathlib import Path

    import steelyard

    stages = ("data", "label", "train", "compress", "serve", "release", "plan", "report", "engine")
    root = Path(steelyard.__file__).parent
    for stage in stages:
        for path in (root / stage).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(text|image)_classification['\"]", text), path


def test_a_turn_without_a_variant_that_meets_the_goals_is_refused_with_a_report(tmp_path, encoder):
    write_jsonl(tmp_path / "reviews.jsonl", reviews(600))
    text = PRODUCT.format(encoder=encoder).replace("macro_f1: 0.5", "macro_f1: 0.9999")
    (tmp_path / "product.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match="no variant meets the goals"):
        sy.open(str(tmp_path / "product.yaml")).turn()
    assert list((tmp_path / ".steelyard" / "reports").glob("*.html"))
    again = command("turn", cwd=tmp_path)
    assert again.returncode == 3 and "below the goal" in again.stdout  # why, for every variant
    assert command("compress", cwd=tmp_path).returncode == 3
    with closing(Store.open(load(tmp_path / "product.yaml"))) as store:
        assert [r["state"] for r in store.releases.current()] == ["live"]  # the baseline serves


def test_a_file_that_refuses_below_its_goals_has_nothing_live_and_still_a_plan(tmp_path):
    text = DIGITS.replace("epochs: 12", "epochs: 1").replace("macro_f1: 0.5", "macro_f1: 0.9999")
    text = text.replace("release: {", "release: {below_goals: refuse, ")
    (tmp_path / "product.yaml").write_text(text, encoding="utf-8")
    done = turn(load(tmp_path / "product.yaml"))
    assert done.outputs["release"]["live"] is None and done.outputs["replay"]["decision"] == "none"
    assert done.outputs["plan"]["plan"]["do"] and done.report.is_file() and done.refused
    said = command("release", "status", cwd=tmp_path)
    assert said.returncode == 0 and "nothing is live" in said.stdout
    said = command("plan", cwd=tmp_path, STEELYARD_LANGUAGE="zh")  # refused, and told all the same
    assert said.returncode == 3 and "下一笔 50 CNY" in said.stdout


def test_lora_trains_and_publishes_plain_weights(tmp_path, encoder):
    write_jsonl(tmp_path / "reviews.jsonl", reviews(400))
    text = PRODUCT.format(encoder=encoder).replace(
        "train:\n", "train:\n  method: lora\n  vocabulary: trimmed\n"
    )
    text = text.replace("start: 200", "start: 100")
    (tmp_path / "product.yaml").write_text(text, encoding="utf-8")
    done = turn(load(tmp_path / "product.yaml"), until="train")
    folder = tmp_path / ".steelyard" / "artifacts" / done.outputs["train"]["variant"]
    from safetensors import safe_open

    with safe_open(str(folder / "model.safetensors"), framework="np") as file:
        assert not [name for name in file.keys() if "lora" in name]  # noqa: SIM118


def test_more_labels_cost_only_what_is_new(tmp_path, encoder):
    write_jsonl(tmp_path / "reviews.jsonl", reviews(600))
    path = tmp_path / "product.yaml"
    path.write_text(PRODUCT.format(encoder=encoder), encoding="utf-8")
    turn(load(path), until="label")
    path.write_text(
        path.read_text(encoding="utf-8").replace("start: 200", "start: 250"), encoding="utf-8"
    )
    done = turn(load(path), until="label")
    assert done.outputs["label"]["new"] == 50
    rows = {
        r["account"]: r["nano"]
        for r in json.loads(command("ledger", "show", "--json", cwd=tmp_path).stdout)
    }
    assert rows["label"] == -75 * 10**9


def test_more_labels_than_the_pool_holds_is_a_clear_error(tmp_path, encoder):
    write_jsonl(tmp_path / "reviews.jsonl", reviews(600))
    text = PRODUCT.format(encoder=encoder).replace("start: 200", "start: 5000")
    (tmp_path / "product.yaml").write_text(text, encoding="utf-8")
    done = command("label", cwd=tmp_path)
    assert done.returncode == 2 and "label.start" in done.stderr and "found 5000" in done.stderr


def test_a_product_without_a_turn_says_what_to_run(tmp_path, encoder):
    write_jsonl(tmp_path / "reviews.jsonl", reviews(100))
    (tmp_path / "product.yaml").write_text(PRODUCT.format(encoder=encoder), encoding="utf-8")
    with pytest.raises(Missing, match="steelyard turn"):
        sy.open(str(tmp_path / "product.yaml")).variant  # noqa: B018

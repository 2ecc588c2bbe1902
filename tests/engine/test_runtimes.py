"""Shapes come in few steps, and no code of the current folder runs."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.variants import baseline, outputs, saved_text

from steelyard.clock import Clock
from steelyard.engine.measure import measure_variants
from steelyard.engine.model import open_model
from steelyard.engine.processes import command, environment
from steelyard.engine.traffic import Traffic
from steelyard.methods.tokens import WIDTH_STEP, Tokens

TRAPS = ("psutil", "numpy", "scipy", "safetensors", "typer", "rich", "json")


@pytest.fixture(scope="module")
def folders(encoder, tmp_path_factory):
    """An artifact of a module and one that is linear, and contents that the first takes."""
    root = tmp_path_factory.mktemp("variants")
    source = root / "torch"
    source.mkdir()
    _, contents = saved_text(encoder, source)
    linear = root / "linear"
    linear.mkdir()
    baseline(linear)
    return contents, {"torch": source, "linear": linear}


@given(st.integers(1, 200), st.integers(8, 150))
def test_token_widths_come_in_steps_of_eight_and_never_beyond_the_longest_input(tokens, longest):
    reader = Tokens.__new__(Tokens)
    reader.length_max, reader.pad = longest, 1
    feature = [5] * min(tokens, longest)
    arrays = reader.collate([feature, [7]])
    width = arrays["input_ids"].shape[1]
    assert len(feature) <= width <= longest
    assert width % WIDTH_STEP == 0 or width == longest
    assert reader.size(feature) == width and arrays["attention_mask"].sum() == len(feature) + 1


def test_two_hundred_lengths_are_at_most_the_widths_of_their_steps():
    reader = Tokens.__new__(Tokens)
    reader.length_max, reader.pad = 80, 1
    widths = {reader.collate([[5] * n])["input_ids"].shape[1] for n in range(1, 81)}
    assert len(widths) == 80 / WIDTH_STEP


def test_padding_to_a_step_changes_no_answer(folders, monkeypatch):
    contents, found = folders
    predictor = open_model(found["torch"])
    stepped = outputs(predictor, contents)
    monkeypatch.setattr("steelyard.methods.tokens.WIDTH_STEP", 1)
    assert np.allclose(outputs(predictor, contents), stepped, atol=1e-5)


def test_tokens_saved_before_widths_had_steps_still_load(folders):
    _, found = folders
    reader = Tokens.load(found["torch"], {"length_max": 32, "pad": 1})
    assert reader.collate(reader.features(["很好"]))["input_ids"].shape == (1, 8)


def lay_traps(folder):
    for name in TRAPS:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'sprung')!r}, 'a').write({name!r})")


def test_code_beside_the_product_is_not_imported_by_a_measuring_process(
    folders, tmp_path, monkeypatch
):
    _, found = folders
    lay_traps(tmp_path)
    monkeypatch.chdir(tmp_path)
    for named in ("", ".", ":/nowhere"):
        monkeypatch.setenv("PYTHONPATH", named)
        took = measure_variants(
            {"x": found["linear"]}, ["很好"] * 4, traffic=Traffic(1000), threads=1, clock=Clock()
        )
        assert took["x"].n == 4
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("path", [None, "", "."])
def test_code_beside_the_product_is_not_imported_by_the_command(path, tmp_path, monkeypatch):
    for name in ("psutil", "typer", "rich", "numpy", "pydantic"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'sprung')!r}, 'a').write({name!r})"
        )
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if path is not None:
        monkeypatch.setenv("PYTHONPATH", path)
    done = subprocess.run(
        [sys.executable, "-m", "steelyard", "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "sprung").exists()


def test_a_process_of_ours_has_no_folder_on_its_path_that_depends_on_where_it_starts(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ":relative:.:/somewhere")
    assert environment()["PYTHONPATH"] == "/somewhere"
    assert command("a.b", "x")[1:] == ["-P", "-m", "a.b", "x"]

"""A kind of a stranger's changes no line of ours: counted as the bench counts it."""

import sys
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest
from tests.conftest import STRANGER

from steelyard import plugins

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def lines(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    before = set(sys.modules)
    import lines

    yield lines
    for name in {"lines", "common"} - before:
        sys.modules.pop(name, None)


def test_one_of_every_kind_is_shown_and_no_file_of_ours_names_it(lines):
    found = lines.figures()
    assert {key: row["lines_elsewhere"] for key, row in found.items()} == dict.fromkeys(found, 0)
    assert all(row["lines"] > 0 == row["entry_point_lines"] - 1 for row in found.values())
    (package,) = distributions(path=[str(STRANGER)])
    groups = {p.group.removeprefix("steelyard.") for p in package.entry_points}
    ours = {p.group for p in distribution("steelyard").entry_points} - {"console_scripts"}
    assert {key.split()[0] for key in found} == groups
    assert groups == {group.removeprefix("steelyard.") for group in ours}


@pytest.mark.parametrize(
    ("group", "name"), [("stages", "label"), ("methods", "linear"), ("runtimes", "torch")]
)
def test_the_same_count_finds_the_lines_that_name_a_kind_of_ours(lines, group, name):
    point = plugins._points(group)[name]
    found = lines.naming(name, point.module)
    assert any(where.startswith("pyproject.toml:") for where in found)
    assert any(where.startswith("src/") for where in found)


def test_a_file_counts_what_it_imports_of_its_package_but_no_other_kind(lines):
    points = {point.name: point for point in lines.shown()}
    assert [p.name for p in lines.files_of(points["letter_sums"])] == ["stranger_letters.py"]
    (package,) = distributions(path=[str(STRANGER)])
    silent = next(p for p in package.entry_points if p.name == "silent")
    assert {p.name for p in lines.files_of(silent)} == {
        "stranger_spans.py",
        "stranger_methods.py",
    }

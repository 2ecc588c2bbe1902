"""A kind of another package that cannot be used is named when a product needs it; all else works."""

import json
import subprocess
import sys

import pytest
from tests.brought.package import GOOD_METHOD, GOOD_OPERATOR, GOOD_READER
from tests.e2e.strange import replies, written

from steelyard.api.estimate import estimate
from steelyard.cli.doctor import examine
from steelyard.cli.reference import schema
from steelyard.errors import SpecError, Unusable, UserError
from steelyard.loop import turn
from steelyard.plugins import get, left_out, names
from steelyard.promises import PROMISES, broken_by
from steelyard.spec import load

REPLY = "{name: reply, length_max: 60}"


@pytest.mark.parametrize(("group", "name"), [(g, n) for g in PROMISES for n in names(g)])
def test_every_kind_of_the_house_says_what_its_group_promises(group, name):
    assert broken_by(group, name, get(group, name)) is None


@pytest.mark.parametrize("group", PROMISES)
def test_one_whose_import_raises_is_named_with_its_package(install, group):
    install({group: {"theirs": "X"}}, "raise RuntimeError('boom')")
    with pytest.raises(Unusable) as error:
        get(group, "theirs")
    said = str(error.value)
    assert f"{PROMISES[group].called} theirs (theirs_module:X of theirs==1.0)" in said
    assert "found RuntimeError: boom" in said and "remove theirs==1.0" in said


@pytest.mark.parametrize("group", PROMISES)
@pytest.mark.parametrize("thing", ["object()", "42", "None"])
def test_one_that_is_something_else_is_named_with_what_it_is(install, group, thing):
    install({group: {"theirs": "X"}}, f"X = {thing}")
    with pytest.raises(
        Unusable, match=rf"of theirs==1\.0\): .*one of {type(eval(thing)).__name__}"
    ):
        get(group, "theirs")


@pytest.mark.parametrize(
    ("group", "code", "old", "new", "said"),
    [
        ("readers", GOOD_READER, "source, base, *, line_bytes_max, reject", "source", "'batches'"),
        ("readers", GOOD_READER, "brings_data = True", "other = True", "without brings_data"),
        ("methods", GOOD_METHOD, "self, job", "self, job, more", r"'fit' does not take \(job\)"),
        ("methods", GOOD_METHOD, 'variant = "theirs"', 'variant = "other"', "itself 'other'"),
        (
            "methods",
            GOOD_METHOD,
            "name = variant",
            "Settings = name = variant",
            "no pydantic model",
        ),
        ("operators", GOOD_OPERATOR, "self, settings", "self", r"not called with \(settings\)"),
        ("operators", GOOD_OPERATOR, "self, rows", "self, rows, n", r"'apply' does not take"),
        (
            "operators",
            GOOD_OPERATOR,
            "def apply(self, rows): return rows, {}",
            "apply = 1",
            "'apply'",
        ),
    ],
)
def test_what_a_kind_lacks_is_told(install, group, code, old, new, said):
    assert old in code
    thing = {"readers": "READER", "methods": "METHOD", "operators": "Operator"}[group]
    install({group: {"theirs": thing}}, code)
    assert get(group, "theirs") is not None
    install({group: {"theirs": thing}}, code.replace(old, new), version="1.1")
    with pytest.raises(Unusable, match=said):
        get(group, "theirs")


POINTS = {group: {"bad_one": "X"} for group in (*PROMISES, "stages", "levers")}
RAISES = "raise ImportError('no such thing')"


def test_a_product_that_uses_none_of_it_is_checked_and_the_schema_shown(
    install, stranger, tmp_path, capsys
):
    install(POINTS, RAISES)
    path = written(tmp_path, REPLY, replies(), train="train: {methods: [commonest, by_word]}")
    assert estimate(load(path))["problems"] == []
    assert "reply" in json.dumps(schema())
    rows = {row["name"]: row for row in examine() if not row["found"]}
    for group in PROMISES:
        row = rows[f"{PROMISES[group].called} bad_one"]
        assert "theirs_module:X of theirs==1.0: ImportError: no such thing" in row["for"]
    assert left_out("readers").keys() == {"bad_one"}


def test_help_is_shown_whatever_others_installed(install):
    install(POINTS, RAISES)
    done = subprocess.run(
        [sys.executable, "-m", "steelyard", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "turn" in done.stdout


NEEDED = {
    "task.name": ("{name: bad_one}", "", ""),
    "train.methods.1": (REPLY, "", "train: {methods: [commonest, bad_one]}"),
    "data.operators.0": (REPLY, "operators: [bad_one]", "train: {methods: [commonest, by_word]}"),
    "compress.variants.0": (
        REPLY,
        "",
        "train: {methods: [commonest, by_word]}\ncompress: {variants: [bad_one]}",
    ),
    "data.sources.0.reader": (REPLY, "bad_one", "train: {methods: [commonest, by_word]}"),
}


@pytest.mark.parametrize("code", [RAISES, "X = object()"])
@pytest.mark.parametrize("where", NEEDED)
def test_a_product_that_needs_it_is_refused_where_it_is_named_before_anything_is_paid(
    install, stranger, tmp_path, where, code
):
    install(POINTS, code)
    task, data, train = NEEDED[where]
    path = written(tmp_path, task, replies(), train=train)
    text = path.read_text(encoding="utf-8")
    if where.startswith("data.operators"):
        text = text.replace("  split:", f"  {data}\n  split:")
    elif where.startswith("data.sources"):
        text = text.replace("reader: jsonl", "reader: bad_one")
    path.write_text(text, encoding="utf-8")
    for work in (estimate, turn):
        with pytest.raises(SpecError, match=rf"yaml:\d+:\d+ {where}: .*of theirs==1\.0\)"):
            work(load(path))
    assert not (tmp_path / ".steelyard").exists()


def test_a_word_that_is_no_kind_is_still_told_what_it_may_have_been():
    with pytest.raises(UserError, match="did you mean 'normalize'"):
        get("operators", "normalise")

"""What only shows while a stranger's kind works is told with its name and its package."""

import subprocess
import sys

import pytest
from tests.brought.package import GOOD_METHOD, GOOD_OPERATOR, GOOD_READER
from tests.e2e.strange import replies, written

from steelyard.brought import packages
from steelyard.errors import Unusable
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.stage import stage_named
from steelyard.strangers import at_work, blamed
from steelyard.tasks import task_of

REPLY = "{name: reply, length_max: 60}"
METHODS = "train: {methods: [commonest, by_word]}"


def product(tmp_path, *, train=METHODS, **changed):
    path = written(tmp_path, REPLY, replies(), train=train)
    text = path.read_text(encoding="utf-8")
    for old, new in changed.items():
        words = {
            "reader": "{path: data.jsonl, reader: jsonl, label: right, id: id}",
            "operators": "  split:",
        }
        assert words[old] in text
        text = text.replace(words[old], new)
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("yield []", "yield [1, 2]", "expected batches of Raw records, found int among them"),
        ("yield []", "yield 7", "expected batches of Raw records, found int"),
        ("yield []", "raise KeyError('feed')", "found KeyError: 'feed' in theirs_module.py:6"),
        ('return "1"', "return 1", "expected a text as fingerprint, found int"),
        ('return "theirs"', "return None", "expected a text as place, found NoneType"),
    ],
)
def test_a_reader_that_gives_something_else_is_named(install, stranger, tmp_path, old, new, said):
    assert old in GOOD_READER
    install({"readers": {"theirs": "READER"}}, GOOD_READER.replace(old, new))
    file = product(tmp_path, reader="{reader: theirs}")
    with pytest.raises(Unusable) as error:
        turn(file, until="data")
    assert str(error.value).startswith("reader theirs (theirs_module:READER of theirs==1.0): ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("None", "expected rows and counts by kind, found NoneType"),
        ("[1], {}", "expected rows, found int among them"),
        ("rows, 3", "found int of counts"),
        ("rows[0].gone, {}", "found AttributeError: .* in theirs_module.py:5"),
    ],
)
def test_an_operator_that_gives_something_else_is_named(install, stranger, tmp_path, given, said):
    install(
        {"operators": {"theirs": "Operator"}},
        GOOD_OPERATOR.replace("return rows, {}", f"return {given}"),
    )
    file = product(tmp_path, operators="  operators: [theirs]\n  split:")
    with pytest.raises(Unusable, match=rf"operator theirs \(.*theirs==1\.0\): .*{said}"):
        turn(file, until="data")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("42", "found int without cpu_s, told, card, answers, save"),
        ("Made([7] * 99)", "expected a list of Answer, found int among them"),
        ("Made([])", "expected one answer to each of 99 contents, found 0"),
        ("1 / 0", "found ZeroDivisionError: division by zero in theirs_module.py"),
    ],
)
def test_a_method_that_makes_no_model_is_named(install, stranger, tmp_path, made, said):
    code = GOOD_METHOD.replace("return None\n    def open(", f"return {made}\n    def open(")
    code += """
class Made:
    cpu_s, told, card = 0.0, {}, {}
    def __init__(self, given): self.given = given
    def answers(self, contents): return self.given
    def save(self, draft): pass
"""
    install({"methods": {"theirs": "METHOD"}}, code)
    with pytest.raises(Unusable, match=rf"method theirs \(.*theirs==1\.0\): .*{said}"):
        turn(product(tmp_path, train="train: {methods: [theirs, commonest]}"), until="baseline")


STAGE = """
from steelyard.stage import Stage
def work(context, step): {body}
STAGE = Stage("theirs", work, after=("data",), {more})
"""


@pytest.mark.parametrize(
    ("body", "more", "said"),
    [
        (
            "raise RuntimeError('boom')",
            "",
            r"found RuntimeError: boom in theirs_module\.py:3 \(work\)",
        ),
        ("return {}", "also=lambda context: [1]", "expected a list of str of 'also'"),
        ("return {'x': object()}", "", "expected work without an error, found TypeError"),
    ],
)
def test_a_stage_that_fails_is_named_and_what_was_done_stays(
    install, stranger, tmp_path, body, more, said
):
    install({"stages": {"theirs": "STAGE"}}, STAGE.format(body=body, more=more))
    file = product(tmp_path)
    line = rf"stage theirs \(theirs_module:STAGE of theirs==1\.0\): .*{said}"
    with pytest.raises(Unusable, match=line):
        turn(file, until="theirs")
    assert turn(file, until="data").ran == []


def test_a_summary_that_is_no_text_is_named(install):
    more = "summary=lambda left, *, ran: 7"
    install({"stages": {"theirs": "STAGE"}}, STAGE.format(body="return {}", more=more))
    with pytest.raises(Unusable, match="expected str of 'summary', found int"):
        stage_named("theirs").line({})


def test_the_command_line_tells_it_in_one_line_and_shows_the_traceback_only_where_that_is_asked(
    install, stranger, tmp_path, monkeypatch
):
    install({"readers": {"theirs": "READER"}}, GOOD_READER.replace("yield []", "yield [1]"))
    file = product(tmp_path, reader="{reader: theirs}")
    asked = [sys.executable, "-m", "steelyard", "turn", str(file.path)]
    monkeypatch.setenv("PYTHONPATH", ":".join(p for p in sys.path if p))
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("reader theirs (theirs_module:READER")
    monkeypatch.setenv("STEELYARD_DEBUG", "1")
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert "Traceback" in shown.stderr


def test_code_of_a_stranger_that_nobody_guards_is_blamed_for_what_it_raises(install):
    install({"tasks": {"theirs": "work"}}, "def work(): return {}['gone']")
    import theirs_module

    try:
        theirs_module.work()
    except KeyError as error:
        told = blamed(error, doing="step train")
    assert str(told).startswith(
        "step train: theirs==1.0: expected work without an error, found KeyErr"
    )
    with pytest.raises(OSError, match="28"), at_work("tasks", "theirs"):
        raise OSError(28, "no room")  # the disk is full, whoever writes
    try:
        raise ValueError("of ours")
    except ValueError as error:
        assert blamed(error) is None


def test_a_new_version_of_a_package_runs_the_steps_again_that_use_it(install, stranger, tmp_path):
    points, code = {"operators": {"theirs": "Operator"}}, GOOD_OPERATOR
    install(points, code)
    file = product(tmp_path, operators="  operators: [theirs]\n  split:")
    assert turn(file, until="label").ran == ["data", "label"]
    assert turn(file, until="label").ran == []
    install(points, code, version="1.1")
    assert turn(file, until="label").ran == [
        "data"
    ]  # the same records, and the same labels of them
    task = task_of(file)
    stranger_only = ["package stranger==1.0"]
    assert packages(file, task, stage_named("data")) == [*stranger_only, "package theirs==1.1"]
    assert packages(file, task, stage_named("train")) == stranger_only


def test_what_takes_a_variant_depends_on_the_package_of_its_method(install, stranger, tmp_path):
    install({"methods": {"theirs": "METHOD"}}, GOOD_METHOD)
    file = product(tmp_path, train="train: {methods: [commonest, theirs]}")
    task = task_of(file)
    using = {
        n
        for n in ("data", "label", "baseline", "train", "compress", "release", "curve")
        if "package theirs==1.0" in packages(file, task, stage_named(n))
    }
    assert using == {"baseline", "train", "compress", "release", "curve"}


def test_steelyards_own_kinds_add_nothing_to_a_key(product_file):
    file = load(product_file)
    task = task_of(file)
    assert packages(file, task, stage_named("train")) == []

"""Spans of records follow their text through every operator, or the operator is refused by name."""

from dataclasses import replace

import pytest
from tests.conftest import write_jsonl

from steelyard import plugins
from steelyard.data.operators import operators_of
from steelyard.data.pipeline import prepare
from steelyard.data.sources import check_sources
from steelyard.errors import DataError, SpecError, UserError
from steelyard.spec import load
from steelyard.spec.section import NoSettings
from steelyard.tasks import task_of

FILE = """\
product: spans
task: {{name: token_classification, entities: [name]{more}}}
money: {{currency: CNY, prices: {{label: 0.3, cpu_hour: 0.35}}, correct_answer: 0.01}}
data:
  sources: [{{path: a.jsonl, reader: jsonl, label: label}}]
{operators}
"""
ROWS = [
    {"text": f"电话１３８１２３４５６７８\u200b，  马云 {i}", "label": [[17, 19, "name"]]}
    for i in range(30)
]


@pytest.fixture
def product(tmp_path):
    def made(operators="", more=""):
        write_jsonl(tmp_path / "a.jsonl", ROWS)
        path = tmp_path / "product.yaml"
        path.write_text(FILE.format(operators=operators, more=more), encoding="utf-8")
        return load(path)

    return made


def stripped(rows):
    return [replace(row, content=str(row.content).strip()) for row in rows], {}


class Strips:
    """A stranger's: its texts are plain ones."""

    name, content, whole, Settings = "strips", "text", False, NoSettings

    changes = staticmethod(stripped)

    def __init__(self, settings):
        return None

    def apply(self, rows):
        return self.changes(rows)


class Point:
    def __init__(self, thing):
        self.load, self.dist, self.value = (lambda: thing), None, "stranger"


@pytest.fixture
def strips(monkeypatch):
    whole = plugins._points
    own = {"strips": Point(Strips), "half": Point(type("Half", (), {"name": "half"}))}
    monkeypatch.setattr(
        plugins, "_points", lambda group: whole(group) | (own if group == "operators" else {})
    )


def spans_of(product):
    task = task_of(product)
    made = prepare(product, task=task, store=None)
    return {(row.content[a:b], label) for row in made.rows for a, b, label in task.read(row.label)}


@pytest.mark.parametrize(
    "operators", ["", "  operators: [normalize, pii]", "  operators: [pii, normalize, dedupe]"]
)
def test_spans_follow_their_text_through_cleaning(product, operators):
    assert spans_of(product(operators)) == {("马云", "name")}


def test_an_operator_that_changes_nothing_may_give_plain_texts(product, strips):
    assert spans_of(product("  operators: [strips, normalize, pii]")) == {("马云", "name")}


def test_an_operator_that_changes_a_text_and_loses_its_places_is_refused(
    product, strips, monkeypatch
):
    cut = staticmethod(lambda rows: ([replace(r, content=r.content[1:]) for r in rows], {}))
    monkeypatch.setattr(Strips, "changes", cut)
    with pytest.raises(DataError, match=r"data\.operators: strips"):
        spans_of(product("  operators: [strips, normalize, pii]"))


def test_an_operator_that_breaks_the_protocol_is_named_with_what_it_lacks(product, strips):
    with pytest.raises(UserError, match=r"operator half \(.* without content, whole, apply"):
        spans_of(product("  operators: [half]"))


@pytest.mark.parametrize(
    ("operators", "more", "said"),
    [
        ("  operators: [normalize]", "", "expected 'pii'.*say task.personal: keep"),
        ("  operators: [pii]", "", "expected 'normalize'"),
        ("  operators: []", "", "expected 'normalize'"),
        ("  operators: [normalize, pii]", ", personal: keep", "expected no 'pii'"),
    ],
)
def test_records_and_requests_are_cleaned_alike_or_the_file_is_refused(
    product, operators, more, said
):
    file = product(operators, more)
    with pytest.raises(SpecError, match=said):
        check_sources(file, task_of(file))


def test_no_operator_is_none(product):
    file = product("  operators: []", ", personal: keep")
    assert operators_of(file, task_of(file)) == ()
    assert len(operators_of(product(), task_of(product()))) == 4

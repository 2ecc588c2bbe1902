"""One contract over every registered kind of content: what is kept and sent comes back the same."""

import json

import pyarrow as pa
import pytest
from tests.contract.common import TASKS, opened

from steelyard.errors import UserError
from steelyard.plugins import names
from steelyard.tasks import Reading, content_kind

KINDS = names("contents")


@pytest.fixture(params=TASKS)
def contents(request):
    """(kind, contents) of a task's own examples."""
    task = opened(request.param)
    values = [value for value, _ in task.contract_examples()]
    return content_kind(task.content), task.decode_all(values)


def test_every_kind_is_that_of_a_task_and_every_task_has_one():
    assert {opened(name).content for name in TASKS} == set(KINDS)
    assert all(content_kind(name).name == name for name in KINDS)


def test_what_arrow_keeps_comes_back(contents):
    kind, values = contents
    kept = pa.table({"content": [kind.keep(value) for value in values]})
    assert [kind.load(c) for c in kept["content"].to_pylist()] == values


def test_what_is_sent_is_json_and_comes_back(contents):
    kind, values = contents
    wire = json.loads(json.dumps([kind.sent(value) for value in values]))
    assert [kind.received(value) for value in wire] == values


def test_what_is_shown_is_a_line_or_nothing(contents):
    kind, values = contents
    lines = [kind.shown(value) for value in values]
    assert all(line is None or "\n" not in line for line in lines)


def test_more_to_read_is_never_read_sooner(contents):
    kind, values = contents
    order = list(Reading)
    places = [order.index(kind.reading([kind.sent(values[0])] * n)) for n in (1, 4, 5, 64, 100_000)]
    assert places == sorted(places) and places[-1] == order.index(Reading.APART)


def test_a_kind_that_is_not_there_is_named():
    with pytest.raises(UserError, match="did you mean 'image'"):
        content_kind("imag")

"""One contract over every registered operator, and over the one of a stranger's package."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.contract.common import with_strangers

from steelyard.data.operators import Row, opened
from steelyard.data.sources import check_sources
from steelyard.errors import SpecError
from steelyard.plugins import get
from steelyard.promises import broken_by
from steelyard.spec import load
from steelyard.spec.section import Kind, NoSettings, Section
from steelyard.tasks import open_task
from steelyard.tasks.places import Placed, characters

# What operators look for: spellings, personal data, languages, twins and texts that are nearly one.
PARTS = [
    "物流很快", "包装完好", "退货", "ｆｕｌｌ　ｗｉｄｔｈ", "\u200b", "  ", "A", "é", "e\u0301", "😀", "，", "the parcel was broken",
    "13812345678", "li@example.com", "je suis très content", "https://example.com/a?b=1", "110101199003070038", "\ud7ff",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=8).map("".join)
LABELS = st.sampled_from([None, "a", "b"])
QUIET = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def texts(draw):
    """Rows of texts with ids of their own, as a source gives them."""
    pairs = draw(st.lists(st.tuples(TEXTS, LABELS), max_size=12))
    return [
        Row(f"r{i:02d}", text, label, "s.jsonl", own=f"o{i}", raw=f"h{i}")
        for i, (text, label) in enumerate(pairs)
    ]


@st.composite
def rows_for(draw, operator):
    """Rows of what it is for: bytes too where that is anything."""
    rows = draw(texts())
    if operator.content == "any" and draw(st.booleans()):
        return [replace(row, content=row.content.encode("utf-8")) for row in rows]
    return rows


@pytest.fixture(params=with_strangers("operators"))
def name(request, stranger):
    return request.param


@pytest.fixture
def operator(name):
    return opened(Kind(name=name))


def test_it_is_called_as_it_is_registered_and_says_all_that_an_operator_says(name, operator):
    assert operator.name == name and isinstance(operator.whole, bool)
    assert operator.content in ("any", "text", "image")


def test_its_settings_have_defaults_and_refuse_what_they_are_not(name):
    kind = getattr(get("operators", name), "Settings", NoSettings)
    assert issubclass(kind, Section)
    said = kind().model_dump(mode="json")
    assert json.loads(json.dumps(said)) == said  # they stand in the key of a step
    opened(Kind(name=name, settings=said))
    with pytest.raises(ValidationError, match="no_setting"):
        opened(Kind(name=name, settings={"no_setting": 1}))


def test_no_rows_are_no_rows_and_nothing_is_counted(operator):
    kept, counts = operator.apply([])
    assert list(kept) == [] and not any(counts.values())


@QUIET
@given(data=st.data())
def test_what_it_keeps_are_rows_that_it_was_given_with_their_ids_and_labels(operator, data):
    rows = data.draw(rows_for(operator))
    before = list(rows)
    kept, counts = operator.apply(rows)
    assert rows == before  # the list is its caller's
    given_rows = {row.id: row for row in rows}
    assert len({row.id for row in kept}) == len(kept) and {r.id for r in kept} <= given_rows.keys()
    for row in kept:
        was = given_rows[row.id]
        assert type(row.content) is type(was.content)
        assert replace(was, content=row.content, language=row.language, cluster=row.cluster) == row
    assert all(isinstance(n, int) and n >= 0 for n in counts.values())
    assert json.loads(json.dumps(counts)) == counts


@QUIET
@given(data=st.data())
def test_the_same_rows_give_the_same_whenever_they_are_asked(name, operator, data):
    rows = data.draw(rows_for(operator))
    first = operator.apply(rows)
    assert operator.apply(rows) == first == opened(Kind(name=name)).apply(rows)


@QUIET
@given(data=st.data())
def test_batches_of_any_size_give_the_rows_and_counts_of_the_whole(operator, data):
    if operator.whole:
        pytest.skip("it must see every row at once, and says so")
    rows = data.draw(rows_for(operator))
    size = data.draw(st.integers(1, 13))
    kept, counts = operator.apply(rows)
    parts = [operator.apply(rows[at : at + size]) for at in range(0, len(rows), size)]
    assert [row for part, _ in parts for row in part] == kept
    total = Counter()
    for _, counted in parts:
        total.update(counted)
    assert +total == +Counter(counts)


@QUIET
@given(data=st.data())
def test_one_that_sees_every_row_keeps_the_same_in_whatever_order_they_come(operator, data):
    if not operator.whole:
        pytest.skip("it looks at one row at a time, and its batches are tested")
    rows = data.draw(rows_for(operator))
    other = data.draw(st.permutations(rows))
    (kept, counts), (again, counted) = operator.apply(rows), operator.apply(other)
    assert sorted(kept, key=lambda r: r.id) == sorted(again, key=lambda r: r.id)
    assert counts == counted


@QUIET
@given(data=st.data())
def test_what_it_made_it_makes_no_second_time(operator, data):
    """An earlier version of the data is cleaned again before it is compared with what was read."""
    once, _ = operator.apply(data.draw(rows_for(operator)))
    again, _ = operator.apply(once)
    assert [(r.id, r.content, r.language) for r in again] == [
        (r.id, r.content, r.language) for r in once
    ]


@QUIET
@given(rows=texts())
def test_a_text_that_knows_its_places_still_knows_them(operator, rows):
    if operator.content == "image":
        pytest.skip("it is for pictures")
    placed = [replace(row, content=Placed(row.content)) for row in rows]
    sent = {row.id: row.content for row in rows}
    plain = {row.id: row.content for row in operator.apply(rows)[0]}
    for row in operator.apply(placed)[0]:
        assert row.content == plain[row.id] and isinstance(row.content, Placed)
        assert all(0 <= start <= end <= len(sent[row.id]) for start, end in spans_of(row.content))


def spans_of(text):
    """Where each character of a text stood, as it was sent."""
    return [(int(start), int(end)) for _, start, end in characters(text)]


FILE = """\
product: contract
task: {name: %s, labels: [a, b]}
money: {currency: CNY, prices: {label: 0.3, cpu_hour: 0.35}, correct_answer: 0.01}
data: {sources: [{path: data.jsonl, reader: jsonl}], operators: [%s]}
"""
TASK_OF = {"text": "text_classification", "image": "image_classification"}


def test_a_product_of_another_content_is_refused_by_its_name(name, operator, tmp_path):
    path = tmp_path / "product.yaml"
    (tmp_path / "data.jsonl").write_text("{}", encoding="utf-8")
    if operator.content == "any":
        path.write_text(FILE % ("image_classification", name), encoding="utf-8")
        check_sources(load(path), open_task("image_classification", {"labels": ("a", "b")}))
        return
    other = TASK_OF["image" if operator.content == "text" else "text"]
    path.write_text(FILE % (other, name), encoding="utf-8")
    with pytest.raises(SpecError, match=f"found '{name}' for {operator.content}; leave it out"):
        check_sources(load(path), open_task(other, {"labels": ("a", "b")}))


@pytest.mark.parametrize("lacks", ["content", "whole", "apply"])
def test_one_that_lacks_what_an_operator_says_is_named_with_it(name, lacks):
    kind = get("operators", name)
    said = {n: getattr(kind, n) for n in ("name", "content", "whole", "apply") if n != lacks}
    told = broken_by("operators", name, type("Short", (), said))
    assert told is not None and f"without {lacks}" in told

"""Whatever a person or an editor did to a product file: a product, or an error with its place."""

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.conftest import PRODUCT
from tests.spec.test_load import problems

from steelyard.errors import SpecError
from steelyard.spec import load
from steelyard.spec.written import DEPTH_MAX, Unreadable, tree_of

WHOLE = PRODUCT.format(encoder="tiny")
LABELS = "labels: [negative, positive]"
ODD = [
    "!!bool ",
    "!!int ",
    "!!float ",
    "!!null ",
    "!!str ",
    "!!set ",
    "!!omap ",
    "!!pairs ",
    "!!binary ",
    "!!timestamp ",
    "!!map ",
    "!!seq ",
    "!!merge ",
    "! ",
    "!x ",
    "!<tag:x> ",
    "!e!x ",
    "&a ",
    "*a ",
    "&a *a",
    "&a [*a]",
    "<<: *a\n",
    "<<: ",
    "? ",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    "|",
    ">",
    "|2-\n",
    "#",
    "\n",
    "\r",
    "\t",
    "  ",
    "---\n",
    "...\n",
    "%YAML 1.1\n---\n",
    "%YAML 9.9\n---\n",
    "%TAG !e! tag:x,1:\n---\n",
    "=",
    "~",
    "null",
    ".nan",
    "-.inf",
    "0x_",
    "0o9",
    "2024-02-30",
    "2024-01-01T99:99:99Z",
    "190:20:30",
    "1e999",
    "1" * 5000,
    "\\ud800",
    '"\\U00110000"',
    '"\\uD800"',
    '"\\x"',
    "\0",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
    "\u200b",
    "\ufffe",
    "\U0001f468\u200d",
    "é",
    "e\u0301",
    "！",
    "：",
    "~\\0",
    "~nobody/",
    "sNaN",
    "1_0",
    "%ff",
    "`",
    "@",
]


def mutated(draws: list[tuple[str, int, int, str]]) -> str:
    text = WHOLE
    for what, at, size, odd in draws:
        at %= len(text) + 1
        if what == "insert":
            text = text[:at] + odd + text[at:]
        elif what == "delete":
            text = text[:at] + text[at + size :]
        elif what == "replace":
            text = text[:at] + odd + text[at + size :]
        else:
            lines = text.split("\n")
            i, j = at % len(lines), size % len(lines)
            lines[i], lines[j] = lines[j], lines[i]
            text = "\n".join(lines)
    return text


MUTATED = st.builds(
    mutated,
    st.lists(
        st.tuples(
            st.sampled_from(["insert", "insert", "delete", "replace", "swap"]),
            st.integers(0, 10**4),
            st.integers(0, 30),
            st.sampled_from(ODD) | st.text(max_size=3),
        ),
        min_size=1,
        max_size=5,
    ),
)
VALUES = st.builds(
    lambda old, tag, new: re.sub(
        rf"({old}: )[^,}}\n]+", lambda m: m[1] + tag + new, WHOLE, count=1
    ),
    st.sampled_from(
        [
            "product",
            "currency",
            "label",
            "start",
            "epochs",
            "frozen_embeddings",
            "labels",
            "path",
            "holdout",
            "backbone",
            "unit",
        ]
    ),
    st.sampled_from([*ODD[:24], ""]),
    st.sampled_from(["", '""', "nein", "3", "x", "[a]", "{a: 1}", "2024-02-30", *ODD]),
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(text=MUTATED | VALUES)
@example(text="!!bool nein")
@example(text="%YAML 1.1\n---\na: 017")
@example(text="a: &a [*a]")
@example(text='data: {sources: [{path: "~\\0", reader: csv}]}')
def test_a_file_that_was_changed_anyhow_is_a_product_or_an_error_of_ours(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "product.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        load(path)
    except SpecError as error:
        assert error.problems
        for line in error.problems:
            assert re.match(rf"{re.escape(str(path))}:\d+:\d+ ", line), line
            assert not re.search(r"<class|object at 0x|NoText|Scalar|Commented|datetime", line), (
                line
            )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "frozen_embeddings: false",
            "frozen_embeddings: !!bool nein",
            ":19:22 expected true or false, found 'nein'",
        ),
        ("epochs: 3", "epochs: !!bool x", ":14:11 expected true or false, found 'x'"),
        ("start: 200", 'start: !!int ""', ":11:16 expected an integer, found ''"),
        (
            "label: {start: 200}",
            "label: !!set 3",
            ":11:8 expected no tag, found !!set; leave it out",
        ),
        ("label: {start: 200}", "label: !!omap 3", ":11:8 expected no tag, found !!omap"),
        ("epochs: 3", "epochs: 0x_", ":14:11 expected an integer, found '0x_'"),
        (
            "epochs: 3",
            "epochs: 3\n  epochs: 4",
            ":15:3 expected each field once, found 'epochs' twice",
        ),
        ("epochs: 3", "? [a]\n  : 3", ":14:5 expected a name before the colon"),
        ("epochs: 3", "epochs: &e [*e]", "expected at most"),
        ("product: tiny", "product: tiny\x07", ":1:14 expected text, found the character 0x0007"),
        ("product: tiny", 'product: "\\U00110000"', ":1:13 expected YAML, found what is none"),
        ("product: tiny", "product: tiny\na: 2024-02-30", ":2:1 a: not a field"),
    ],
)
def test_what_no_file_can_say_is_told_with_its_place(product_file, old, new, said):
    assert said in problems(product_file, old, new)[0]


@pytest.mark.parametrize("whole", ["!!set 3", "!!omap 3", "!!bool nein", "!!set {a, b}", "!x {}"])
def test_a_tag_on_the_whole_file_is_told_with_its_place(tmp_path, whole):
    path = tmp_path / "product.yaml"
    path.write_text(whole, encoding="utf-8")
    with pytest.raises(SpecError, match=r"product\.yaml:1:1 expected"):
        load(path)


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("[!!str 1, !!str 0]", ("1", "0")),
        ("[&a !!str 1, !!str true]", ("1", "true")),
        ("[!!str 2024-01-01, b]", ("2024-01-01", "b")),
        ("[=, <<]", ("=", "<<")),
        ("!!seq [a, b]", ("a", "b")),
    ],
)
def test_a_text_by_its_tag_is_a_text(product_file, written, labels):
    text = product_file.read_text(encoding="utf-8")
    product_file.write_text(text.replace(LABELS, f"labels: {written}"), encoding="utf-8")
    assert tuple(load(product_file).spec.task.labels) == labels


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (LABELS, "labels: [&a 0, b]", 'task.labels.0: expected a text, found 0; quote it: "0"'),
        (
            LABELS,
            "labels: [2024-02-30, b]",
            'expected a text, found 2024-02-30; quote it: "2024-02-30"',
        ),
        (
            "label: 0.30",
            "label: 2024-01-01",
            "money.prices.label: expected a number, found 2024-01-01",
        ),
        ("label: 0.30", "label: !!str x", "expected a number, found 'x'"),
        ("epochs: 3", "epochs: 2.5", "train.epochs: expected an integer, found 2.5"),
        (
            "frozen_embeddings: false",
            "frozen_embeddings: nein",
            "expected true or false, found 'nein'",
        ),
        ("precision: fp32", "precision: .inf", "'bf16', found .inf"),
        (
            "product: tiny",
            "product: Tiny Shop",
            "product: expected at most 63 lower case letters, digits, - and _, and a letter or digit first, found 'Tiny Shop'",
        ),
        (
            "path: reviews.jsonl",
            "package: a.b",
            "expected the name of a package as Python imports it, without dots, found 'a.b'",
        ),
        (
            "currency: CNY",
            "currency: cny",
            "money.currency: expected three capital letters such as CNY, found 'cny'; did you mean CNY?",
        ),
        (
            "currency: CNY",
            "currency: RMB",
            "expected a code of ISO 4217, found 'RMB'; did you mean CNY?",
        ),
        ("currency: CNY", "currency: 人民币", "found '人民币'; did you mean CNY?"),
        ("currency: CNY", "currency: QQQ", "found 'QQQ'; use the one your prices are in"),
        (
            LABELS,
            'labels: [a, "b\\nc"]',
            'expected a text without control characters, found "b\\nc"',
        ),
        (
            LABELS,
            f"labels: [a, {'x' * 201}]",
            "expected a text of at most 200 characters, found 'xxx",
        ),
    ],
)
def test_a_mistake_is_told_in_words_of_the_file(product_file, old, new, said):
    line = problems(product_file, old, new)[0]
    assert said in line
    assert "pattern" not in line and "^" not in line


@pytest.mark.parametrize("code", ["CNY", "USD", "EUR", "XTS", "KWD", "VES"])
def test_a_currency_in_use_is_taken(product_file, code):
    text = product_file.read_text(encoding="utf-8").replace("currency: CNY", f"currency: {code}")
    product_file.write_text(text, encoding="utf-8")
    assert load(product_file).spec.money.currency == code


def test_every_pattern_of_the_file_has_words():
    from steelyard.spec import Product
    from steelyard.spec.currencies import PATTERN
    from steelyard.spec.section import PATTERNS

    schema = json.dumps(Product.model_json_schema())
    patterns = re.findall(r'"pattern": "([^"]*)"', schema)
    keys = re.findall(r'"patternProperties": {"([^"]*)"', schema)
    assert patterns and keys and {*patterns, *keys} - {PATTERN} == set(PATTERNS)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ('["café", "cafe\\u0301"]', 'found "café" and "cafe\\u0301"; keep one'),
        ('["a ", a]', 'found "a " and "a"; keep one'),
        ('["好评", "好评\\u200b"]', 'found "好评" and "好评\\u200b"; keep one'),
        ('["a b", "a\\u00a0b"]', 'found "a b" and "a\\u00a0b"; keep one'),
        ('["\\u1112\\u1161\\u11ab", 한]', 'found "\\u1112\\u1161\\u11ab" and "한"; keep one'),
        ('["\\u200b", a]', 'task.labels.0: expected a text that can be seen, found "\\u200b"'),
        ('[" ", a]', 'expected a text that can be seen, found " "'),
        ('["\\u3164\\ufe0f", a]', 'expected a text that can be seen, found "\\u3164\\ufe0f"'),
    ],
)
def test_labels_that_look_the_same_or_like_nothing_are_refused(product_file, labels, said):
    (line,) = problems(product_file, LABELS, f"labels: {labels}")
    assert said in line and ":2:" in line


@pytest.mark.parametrize(
    "labels", ["[a, A]", "[a, á]", "[Ａ, A]", "[a b, ab]", "[好评, 好 评]", '["a ", b]']
)
def test_labels_that_can_be_told_apart_stay(product_file, labels):
    text = product_file.read_text(encoding="utf-8").replace(LABELS, f"labels: {labels}")
    product_file.write_text(text, encoding="utf-8")
    assert len(load(product_file).spec.task.labels) == 2


def test_aliases_and_merged_fields_are_what_they_stand_for():
    tree = tree_of("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: {<<: [{y: 5}, *a]}\nd: [*a]\ne: 1_0")
    assert tree.plain() == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 3, "y": 2},
        "c": {"y": 5, "x": 1},
        "d": [{"x": 1, "y": 2}],
        "e": 10,
    }


def test_a_file_that_nests_too_deep_is_told_where():
    with pytest.raises(Unreadable, match=f"at most {DEPTH_MAX} levels") as error:
        tree_of("a: " + "[" * 5000)
    assert error.value.place[0] == 1 and error.value.place[1] > DEPTH_MAX

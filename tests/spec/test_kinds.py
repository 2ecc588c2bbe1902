"""A kind and its settings are read where they are named, and what is neither is told in one line."""

import pytest

from steelyard.errors import SpecError
from steelyard.spec import load


def refused(product_file, old, new):
    text = product_file.read_text(encoding="utf-8")
    assert old in text
    product_file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError) as error:
        load(product_file)
    return error.value.problems


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[{dedupe: null, threshold: 0.9}]", "indent the settings one step more"),
        ("[{dedupe: 0.9}]", "as in `dedupe: {threshold: 0.9}`"),
        ("[3]", "as in `dedupe: {threshold: 0.9}`"),
        (
            "[{dedupe: {threshold: 7}}]",
            "data.operators.0.dedupe.threshold: expected less than or equal to 1",
        ),
        ("[{dedupe: {treshold: 0.9}}]", "not a setting; did you mean 'threshold'"),
        ("[{normalize: {a: 1}}]", "not a setting; normalize has none"),
    ],
)
def test_what_is_no_kind_with_its_settings_is_one_line(product_file, written, said):
    problems = refused(product_file, "data:\n", f"data:\n  operators: {written}\n")
    assert len(problems) == 1 and said in problems[0] and "product.yaml:" in problems[0]


def test_settings_are_kept_as_they_are_meant(product_file):
    text = product_file.read_text(encoding="utf-8")
    for written, whole in (
        ("[dedupe]", {}),
        ("[{dedupe: {}}]", {}),
        ("[{dedupe: {threshold: 0.9}}]", {"threshold": 0.9}),
    ):
        product_file.write_text(
            text.replace("data:\n", f"data:\n  operators: {written}\n", 1), encoding="utf-8"
        )
        (kind,) = load(product_file).spec.data.operators
        assert (kind.name, kind.settings) == ("dedupe", whole)


def test_a_method_is_named_once(product_file):
    problems = refused(product_file, "train:\n", "train:\n  methods: [linear, linear]\n")
    assert "every method must be named once" in problems[0]


def test_a_misspelled_task_is_told_whatever_stands_beside_it(product_file):
    problems = refused(
        product_file,
        "{name: text_classification, labels: [negative, positive]}",
        "{name: text_clasification, labels: 5}",
    )
    assert "did you mean 'text_classification'?" in problems[0]


def test_names_of_entities_that_the_task_has_not_are_told_with_their_line(product_file):
    text = product_file.read_text(encoding="utf-8")
    text = text.replace(
        "{name: text_classification, labels: [negative, positive]}",
        "{name: token_classification, entities: [name]}",
    )
    product_file.write_text(text.replace("macro_f1", "span_f1"), encoding="utf-8")
    problems = refused(product_file, "label: label,", "label: label, names: {PER: nmae},")
    assert "expected labels in ['name'], found ['nmae']" in problems[0]

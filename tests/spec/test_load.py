"""A wrong product file is answered with place, expectation, fact and repair."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.errors import SpecError
from steelyard.spec import Money, Product, load


def problems(path, old: str, new: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SpecError) as error:
        load(path)
    return error.value.problems


def test_a_field_of_a_section_that_the_file_names_is_told_with_those_that_it_has(product_file):
    text = product_file.read_text(encoding="utf-8")
    plan = text.replace("  prices:", "  plans: {shop: {a_month: 199, price: 3}}\n  prices:", 1)
    product_file.write_text(plan, encoding="utf-8")
    with pytest.raises(
        SpecError, match=r"plans\.shop\.price: not a field; expected one of \['a_month'"
    ):
        load(product_file)


def test_a_misspelt_field_is_named_with_its_line_and_what_was_meant(product_file):
    (line,) = problems(product_file, "release: {replay", "release: {replya")
    assert line.startswith(
        f"{product_file}:23:11 release.replya: not a field; did you mean 'replay'?"
    )


def test_a_wrong_type_says_what_was_expected_and_found(product_file):
    (line,) = problems(product_file, "epochs: 3", "epochs: 三")
    assert ":14:3 train.epochs: expected" in line and "integer" in line and "'三'" in line


def test_a_value_out_of_range_says_the_range(product_file):
    (line,) = problems(product_file, "holdout: 0.2", "holdout: 1.5")
    assert "data.split.holdout: expected less than 1, found 1.5" in line


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "label: {start: 200}",
            "label:",
            "label: expected fields below it; give one, or leave the line out, found nothing",
        ),
        (
            "id: id}",
            "id: id, names: [a]}",
            "names: expected pairs such as {name: value}, found a list",
        ),
        ("label: 0.30", "label: true", "money.prices.label: expected a number, found true"),
        (
            "labels: [negative, positive]",
            "labels: [negative, '']",
            "expected a text that is not empty, found ''",
        ),
        ("labels: [negative, positive]", "labels: negative", "expected a list, found 'negative'"),
    ],
)
def test_a_mistake_is_told_without_names_of_python(product_file, old, new, said):
    assert said in problems(product_file, old, new)[0]


def test_a_missing_price_is_an_error_and_never_zero(product_file):
    (line,) = problems(product_file, ", cpu_hour: 0.35", "")
    assert "money.prices.cpu_hour: missing; add it: money per CPU core-hour" in line


def test_every_problem_is_listed_at_once(product_file):
    text = product_file.read_text(encoding="utf-8")
    product_file.write_text(text.replace("epochs: 3", "epochs: 0"), encoding="utf-8")
    assert len(problems(product_file, "batch: 16", "batsh: 16")) == 2


def test_an_unknown_task_names_the_registered_ones(product_file):
    (line,) = problems(product_file, "name: text_classification", "name: text_clasification")
    assert "did you mean 'text_classification'?" in line and ":2:8 task.name" in line


def test_a_missing_data_file_is_found_before_anything_runs(product_file):
    (line,) = problems(product_file, "path: reviews.jsonl", "path: 评论.jsonl")
    assert "found nothing at '评论.jsonl'" in line and ":9:" in line


def test_a_label_that_the_task_does_not_have_is_refused(product_file):
    (line,) = problems(product_file, "label: label, id: id", "every_label: neutral, id: id")
    assert "['neutral']" in line


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"product: [", "expected YAML"),
        (b"", "found nothing"),
        (b"- a\n- b\n", "found a list"),
        ("产品".encode("gbk"), "expected UTF-8"),
        (b"a: !!python/object:os.system x", "1:4 expected no tag, found !!python/object:os.system"),
        (b"a: " + b"[" * 5000, "expected"),
    ],
)
def test_a_file_that_is_no_product_is_refused_with_its_place(tmp_path, body, said):
    path = tmp_path / "product.yaml"
    path.write_bytes(body)
    with pytest.raises(SpecError) as error:
        load(path)
    assert said in error.value.problems[0] and str(path) in error.value.problems[0]


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(SpecError, match="steelyard init"):
        load(tmp_path / "none.yaml")


def test_the_hash_follows_the_content_and_not_the_spelling(product_file):
    before = load(product_file).sha256
    product_file.write_text("# 注释\n" + product_file.read_text(encoding="utf-8"), encoding="utf-8")
    assert load(product_file).sha256 == before
    text = product_file.read_text(encoding="utf-8")
    product_file.write_text(text.replace("epochs: 3", "epochs: 4"), encoding="utf-8")
    assert load(product_file).sha256 != before


def test_the_schema_describes_every_field():
    schema = Product.model_json_schema()
    plain = json.dumps(schema)
    assert "money per CPU core-hour" in plain and "p95_ms" in plain


@given(st.lists(st.decimals("-1e6", "1e6", places=9), max_size=20))
def test_sums_of_money_are_exact(amounts):
    total = Money(0, "CNY")
    for amount in amounts:
        total = total + Money.of(amount, "CNY")
    assert total.amount == sum(amounts, Decimal(0))


def test_two_currencies_do_not_add_up():
    with pytest.raises(ValueError, match="CNY and USD"):
        Money.of(1, "CNY") + Money.of(1, "USD")


def test_the_command_line_imports_no_torch():
    code = "import sys, steelyard.cli.commands, steelyard.spec, steelyard.store; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_few_lines_of_aliases_do_not_fill_the_memory(product_file):
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    text = product_file.read_text(encoding="utf-8")
    product_file.write_text("\n".join(bomb) + "\n" + text, encoding="utf-8")
    with pytest.raises(SpecError, match="do not nest aliases"):
        load(product_file)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("labels: [negative, positive]", 'labels: [negative, "\\ud800"]', "surrogate"),
        ("path: reviews.jsonl", f"path: {'x' * 5000}", "found nothing at"),
        ("path: reviews.jsonl", "package: no_such.sub", "data.sources.0.package"),
        ("path: reviews.jsonl", "file: reviews.jsonl", "'file' stands inside a 'package'"),
        ("label: 0.30", "label: 1.0e+12", "less than or equal to 1000000000"),
        ("label: 0.30", "label: .inf", "money.prices.label"),
        ("start: 200", "start: 200, seed: -1", "greater than or equal to 0"),
        ("labels: [negative, positive]", "labels: [negative, '']", "task.labels.1"),
        ("memory_mb: 5000", "memory_mb: .inf", "finite number"),
    ],
)
def test_what_could_only_fail_later_is_refused_in_the_file(product_file, old, new, said):
    (line,) = problems(product_file, old, new)
    assert said in line and str(product_file) in line


def test_labels_that_are_numbers_are_told_once_each(product_file):
    found = problems(product_file, "labels: [negative, positive]", "labels: [0, 1]")
    assert len(found) == 2 and all("expected a text" in line for line in found)


def test_a_section_that_serving_alone_reads_is_no_part_of_another_key(product_file):
    from steelyard.spec import sections

    spec = load(product_file).spec
    assert sections(spec, "serve.threads") == {"serve.threads": 1}
    assert sections(spec, "plan.curve") == {"plan.curve": [0.3, 0.6]}


KEYS = [
    "true",
    "False",
    "001",
    "1.0",
    "1e3",
    "null",
    "~",
    "2024-01-01",
    "0x1F",
    "1_000",
    "yes",
    "12:30:00",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_read_as_it_is_written(product_file, key):
    text = product_file.read_text(encoding="utf-8")
    product_file.write_text(
        text.replace("id: id}", f"id: id, names: {{{key}: positive}}}}"), encoding="utf-8"
    )
    assert load(product_file).spec.data.sources[0].names == {key: "positive"}


def test_keys_that_are_written_differently_are_different_keys(product_file):
    text = product_file.read_text(encoding="utf-8")
    names = "{1: positive, 01: positive, 1.0: positive, '1.00': positive, true: negative}"
    product_file.write_text(text.replace("id: id}", f"id: id, names: {names}}}"), encoding="utf-8")
    found = load(product_file).spec.data.sources[0].names
    assert list(found) == ["1", "01", "1.0", "1.00", "true"]


def test_a_merged_mapping_is_still_merged(product_file):
    text = product_file.read_text(encoding="utf-8")
    text = text.replace("money:", "money: &m", 1).replace(
        "label: {start: 200}", "label: &l {start: 200}"
    )
    product_file.write_text(
        text.replace("label: &l {start: 200}", "label: {<<: {start: 99}}"), encoding="utf-8"
    )
    assert load(product_file).spec.label.start == 99


@pytest.mark.parametrize("label", [k for k in KEYS if k not in ("yes", "12:30:00")] + ["0", "01"])
def test_a_label_that_yaml_takes_for_something_else_says_quote_it(product_file, label):
    (line,) = problems(product_file, "labels: [negative, positive]", f"labels: [negative, {label}]")
    assert f'; quote it: "{label}"' in line and ":2:54 task.labels.1" in line


@pytest.mark.parametrize("label", ["yes", "no", "on", "off", "Y", "12:30:00"])
def test_a_label_that_yaml_reads_as_text_is_that_text(product_file, label):
    text = product_file.read_text(encoding="utf-8")
    text = text.replace("labels: [negative, positive]", f"labels: [negative, positive, {label}]")
    product_file.write_text(text, encoding="utf-8")
    assert load(product_file).spec.task.labels[2] == label


def test_a_name_that_is_a_number_says_quote_it_in_block_style(product_file):
    (line,) = problems(product_file, "product: tiny", "product: 2024  # the year")
    assert line.endswith('; quote it: "2024"')

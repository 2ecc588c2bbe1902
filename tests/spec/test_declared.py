"""A step sees the sections it declares and nothing else."""

import pytest
from tests.conftest import PRODUCT

from steelyard.errors import SteelyardError
from steelyard.spec import only
from steelyard.spec.load import as_it_was


@pytest.fixture
def file(tmp_path):
    return as_it_was(PRODUCT.format(encoder="x/y"), tmp_path / "product.yaml")


def test_declared_sections_and_fields_are_what_the_file_says(file):
    cut = only(file, "label", "money.prices.label", "money.currency")
    assert cut.spec.label == file.spec.label
    assert cut.spec.money.prices.label == file.spec.money.prices.label
    assert cut.spec.money.currency == "CNY"
    assert (cut.path, cut.folder, cut.sha256) == (file.path, file.folder, file.sha256)


@pytest.mark.parametrize(
    "read",
    [
        lambda spec: spec.release.replay,
        lambda spec: spec.money.prices.cpu_hour,
        lambda spec: spec.money.correct_answer,
        lambda spec: spec.model_dump(),
        lambda spec: spec.money.model_copy(),
    ],
)
def test_what_is_not_declared_is_named(file, read):
    cut = only(file, "label", "money.prices.label")
    with pytest.raises(SteelyardError, match="is read by a step that does not declare it"):
        read(cut.spec)


def test_a_whole_section_stays_whole_beside_a_field_of_it(file):
    for names in (("money", "money.prices.label"), ("money.prices.label", "money")):
        assert only(file, *names).spec.money == file.spec.money


def test_a_field_that_no_file_has_is_an_attribute_error(file):
    with pytest.raises(AttributeError):
        _ = only(file, "label").spec.lable

"""Names of earlier versions: refused in a file that is run, with the new ones; read in a past turn's."""

from pathlib import Path

import pytest

from steelyard.errors import SpecError
from steelyard.spec import as_it_was, load, renamed


def test_a_section_of_an_earlier_version_is_named_with_what_it_is_called_now(product_file):
    text = product_file.read_text(encoding="utf-8").replace("release: {", "market: {")
    product_file.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as error:
        load(product_file)
    said = [p.removeprefix(f"{product_file}:23:") for p in error.value.problems]
    assert [p.partition(" ")[2] for p in said] == [
        f"market.{name}: called 'release.{name}' now; write that"
        for name in ("replay", "canary_share", "outcome_loss_max")
    ]


def test_the_file_of_a_past_turn_is_read_with_the_names_it_had(product_file):
    now = load(product_file)
    old = now.text.replace("release: {", "market: {")
    was = as_it_was(old, product_file)
    assert was.spec == now.spec and was.text == old


def test_names_inside_a_section_move_and_what_stands_there_already_stays(monkeypatch):
    table = {("goals", "macro_f1"): ("goals", "quality", "macro_f1"), ("a", "b"): ("c",)}
    monkeypatch.setattr(renamed, "RENAMED", table)
    given = {"goals": {"macro_f1": 0.8, "p95_ms": 20}, "a": {"b": {"x": 1}, "y": 2}, "c": 5}
    found = renamed.as_now(given)
    assert found == {"goals": {"p95_ms": 20, "quality": {"macro_f1": 0.8}}, "a": {"y": 2}, "c": 5}
    assert given["goals"] == {"macro_f1": 0.8, "p95_ms": 20}  # what was given is not changed
    assert renamed.now_called(("a", "b", 0, "z")) == "c.0.z"
    assert renamed.now_called(("goals", "p95_ms")) is None
    for odd in ({"goals": None}, {"goals": [1]}, {"a": "text"}, {}):
        assert renamed.as_now(odd) == odd


@pytest.mark.parametrize("odd", ["market:\n", "market: 5\n"])
def test_an_old_section_that_holds_nothing_is_an_error_and_no_crash(product_file, odd):
    lines = product_file.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("release:")) + odd
    if odd == "market:\n":
        assert as_it_was(text, Path("product.yaml")).spec.release.canary_share == 0.5
    else:
        with pytest.raises(SpecError):
            as_it_was(text, Path("product.yaml"))


def test_what_became_a_setting_of_a_kind_is_named_with_how_it_is_written_now(product_file):
    now = load(product_file)
    old = now.text.replace("data:\n", "data:\n  near_duplicate: 0.9\n", 1)
    product_file.write_text(old, encoding="utf-8")
    with pytest.raises(SpecError, match=r"data\.near_duplicate: called 'data\.operators: .*dedupe"):
        load(product_file)
    assert as_it_was(old, product_file).spec == now.spec


OLD_PAGE = (
    "market: {page: {title: {en: a}, summary: {en: a}, plans: [{name: {en: Shop}, price: 199}]}}\n"
)


def test_a_page_with_prices_of_its_own_is_refused_and_read_in_a_past_turn(product_file):
    old = product_file.read_text(encoding="utf-8") + OLD_PAGE
    product_file.write_text(old, encoding="utf-8")
    with pytest.raises(SpecError, match=r"market\.page\.plans: .*did you mean money\.plans"):
        load(product_file)
    page = as_it_was(old, product_file).spec.market.page
    assert page.title == {"en": "a"} and page.plans == {}

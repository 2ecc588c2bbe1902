"""The pages on content say what the code does, in both languages."""

import re
from pathlib import Path

import pytest

from steelyard.tasks import limits
from steelyard.tasks.masking import mask

PAGES = [Path(__file__).parents[2] / "docs" / part / "content.md" for part in ("en", "zh")]
MASKED = re.compile(r"^\| `([^`]+)` \| `([^`]*\[[A-Z]+\][^`]*)` \|$", re.M)
STAYS = re.compile(r"^\| ((?:`[^`]+`(?:, )?)+) \| (?!`)", re.M)


@pytest.mark.parametrize("page", PAGES, ids=("en", "zh"))
def test_every_example_of_masking_is_true(page):
    examples = MASKED.findall(page.read_text(encoding="utf-8"))
    assert len(examples) == 7
    for text, masked in examples:
        assert mask(text)[0] == masked


@pytest.mark.parametrize("page", PAGES, ids=("en", "zh"))
def test_every_example_of_what_stays_is_true(page):
    cells = STAYS.findall(page.read_text(encoding="utf-8"))
    examples = [
        text for cell in cells for text in re.findall(r"`([^`]+)`", cell) if "[" not in text
    ]
    assert len(examples) == 9
    for text in [*examples, "2024010113812345678"]:
        assert mask(text) == (text, {})


@pytest.mark.parametrize("page", PAGES, ids=("en", "zh"))
@pytest.mark.parametrize("name", sorted(n for n in vars(limits) if n.endswith("_MAX")))
def test_every_limit_is_said(page, name):
    assert re.search(rf"\b{vars(limits)[name]:,}\b", page.read_text(encoding="utf-8")), name


def test_both_languages_tell_the_same_numbers_and_examples():
    told = [re.findall(r"`[^`]+`|\d[\d,]+", p.read_text(encoding="utf-8")) for p in PAGES]
    examples = [{t for t in page if t.startswith("`")} for page in told]
    assert examples[0] == examples[1]

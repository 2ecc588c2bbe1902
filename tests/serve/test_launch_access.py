"""The launch page can be read and used by everybody: what can be told without a browser.

`python bench/launch.py` runs axe in one.
"""

import re
from itertools import pairwise

import pytest
from tests.launching import PAGE, demo, launched, parsed, visit

from steelyard.serve.launch.page import style
from steelyard.serve.launch.words import PER, WORDS

TEXT_RATIO, EDGE_RATIO = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
# What stands on what, by the names of the style's colours.
TEXTS = [
    *[("ink", ground) for ground in ("paper", "ground", "mark")],
    *[("soft", ground) for ground in ("paper", "ground", "mark")],
    *[("accent", ground) for ground in ("paper", "ground")],
    ("on-accent", "accent"),
]
EDGES = [("edge", "paper"), ("edge", "ground"), ("accent", "paper"), ("alarm", "paper")]
SCHEMES = {
    "light": re.search(r"^:root\{(.*?)\}", style())[1],
    "dark": re.search(r"dark\)\{:root\{(.*?)\}", style())[1],
}
COLOURS = {
    name: dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", rules)) for name, rules in SCHEMES.items()
}


def luminance(colour: str) -> float:
    """Relative luminance of sRGB (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def ratio(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Every state of the page in both languages."""
    made = {}
    folder = tmp_path_factory.mktemp("access")
    page = PAGE + "  demo: {per_client: 1000, overall: 1000}\n"
    for task in ("text_classification", "token_classification"):
        with launched(folder / task, task=task, page=page) as (address, _, _):
            for language in ("en", "zh"):
                made[task, language, "plain"] = visit(address, f"/?lang={language}")[1]
                for said in ("这个很好，用了一周 0", ""):
                    made[task, language, said] = demo(address, said, language=language)[1]
    with launched(folder / "none", live=False) as (address, _, _):
        made["none", "en", "plain"] = visit(address)[1]
    return made


def test_both_schemes_have_every_colour():
    assert COLOURS["light"].keys() == COLOURS["dark"].keys()
    used = set(re.findall(r"var\(--([\w-]+)\)", style()))
    assert used == COLOURS["light"].keys()
    outside = style().replace(SCHEMES["light"], "").replace(SCHEMES["dark"], "")
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgba?\(", outside)  # each colour has its name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_that_meet_can_be_told_apart(scheme):
    colours = COLOURS[scheme]
    faint = {(a, b): round(ratio(colours[a], colours[b]), 2) for a, b in TEXTS}
    assert {pair: r for pair, r in faint.items() if r < TEXT_RATIO} == {}
    edges = {(a, b): round(ratio(colours[a], colours[b]), 2) for a, b in EDGES}
    assert {pair: r for pair, r in edges.items() if r < EDGE_RATIO} == {}


def test_the_ratio_is_that_of_the_standard():
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_page_says_its_language_and_that_of_links_to_others(pages):
    for (_, language, _), page in pages.items():
        assert page.one("html")["lang"] == {"en": "en", "zh": "zh-CN"}[language]
        for link in [a for a in page.all("a") if a.get("hreflang")]:
            assert link["lang"] == link["hreflang"] != page.one("html")["lang"]


def test_headings_begin_with_one_and_leave_no_step_out(pages):
    for page in pages.values():
        levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4")]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert all(e.text.strip() for e in page.all("h1", "h2", "h3"))


def test_ids_are_there_once_and_whatever_names_one_finds_it(pages):
    for page in pages.values():
        ids = [e["id"] for e in page.elements if e.get("id")]
        assert len(ids) == len(set(ids))
        named = [e["for"] for e in page.all("label")]
        for name in ("aria-labelledby", "aria-describedby"):
            named += [part for e in page.elements for part in (e.get(name) or "").split()]
        named += [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
        assert set(named) <= set(ids)


def test_every_field_has_a_label_and_every_link_and_button_a_name(pages):
    for page in pages.values():
        labelled = {e["for"] for e in page.all("label") if e.text.strip()}
        assert all(e["id"] in labelled for e in page.all("textarea", "input"))
        assert all(e.text.strip() for e in page.all("a", "button", "th", "caption"))
        assert all(e.get("aria-label") for e in page.all("meter", "nav"))
        assert all(e.get("alt") is not None for e in page.all("img"))


def test_the_parts_of_the_page_are_landmarks(pages):
    for page in pages.values():
        for tag in ("main", "header", "footer"):
            assert len(page.all(tag)) == 1
        skip = page.all("a")[0]
        assert skip["href"] == "#main" and page.by_id("main").tag == "main"
        sections = [e for e in page.all("section") if e.get("class") != "hero"]
        assert all(e.get("aria-labelledby") for e in sections)


def test_an_answer_and_a_problem_are_said_aloud(pages):
    for (task, _, said), page in pages.items():
        if task == "none" or said == "plain":
            continue
        answer = page.by_id("answer")
        assert answer["role"] == ("status" if said else "alert")
        assert page.one("textarea").get("aria-invalid") == (None if said else "true")
        assert answer["tabindex"] == "-1"  # the form's address leads there


def test_nothing_needs_a_script_and_a_screen_may_be_narrow_or_enlarged(pages):
    for page in pages.values():
        assert not page.all("noscript") and not [e for e in page.all("script") if not e.get("type")]
        (viewport,) = [e["content"] for e in page.all("meta") if e.get("name") == "viewport"]
        assert "width=device-width" in viewport and "scalable" not in viewport
        assert "maximum" not in viewport
    assert "prefers-reduced-motion" in style() and ":focus-visible" in style()


def test_a_page_that_is_not_whole_would_be_seen():
    with pytest.raises(AssertionError):
        parsed("<main><p></main>")


def test_both_languages_have_the_same_words_and_holes():
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for name, en in WORDS["en"].items():
        holes = [set(re.findall(r"\{(\w+)", text)) for text in (en, WORDS["zh"][name])]
        assert holes[0] == holes[1], name
    assert all(en and zh for en, zh, _ in PER.values())

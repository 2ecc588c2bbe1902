"""A cleaned text knows where each character stood, whatever script it is and whatever was done to it."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from steelyard.tasks import open_task
from steelyard.tasks.cleaning import check_text, clean, normalize
from steelyard.tasks.masking import mask
from steelyard.tasks.places import Placed, cut_at, placed

TASK = open_task("token_classification", {"entities": ("name", "address")})
# characters that cleaning joins, parts, drops, folds and masks
ODD = st.sampled_from(
    [
        "e\u0301",
        "\u0301",
        "\u00e9",
        "\u1100\u1161\u11a8",
        "\uac00\u11a8",
        "\u09c7\u09be",
        "\u0958",
        "\u212b",
        "\u0344",
        "\u200b",
        "\u00ad",
        "\ufeff",
        "  ",
        "\t\n",
        "\u3000",
        "Ａ１",
        "，",
        "😀",
        "👨‍👩‍👧",
        "a",
        "汉",
        "1",
        " ",
        "13812345678",
        "a@b.cn",
        "192.168.1.1",
        "\u0f71\u0f72",
        "\u1fef",
        "\ufb1d",
        "\U0001d15e",
        "ﬁ",
        "①",
    ]
)
TEXTS = st.lists(ODD | st.characters(exclude_categories=["Cs"]), max_size=25).map("".join)


def readable(text):
    try:
        check_text(text)
    except ValueError:
        return False
    return True


@settings(max_examples=600)
@given(TEXTS.filter(readable))
@example("e\u0301\u200b\u0323")
@example(" a\u3000 ")
@example("x" + "\u0301" * 30)
def test_a_placed_text_is_cleaned_to_the_same_characters_as_a_plain_one(text):
    for change in (normalize, lambda t: mask(t)[0], clean):
        made = change(Placed(text))
        assert str(made) == change(text)
        found = placed(made)
        ranges = [found.at(i) for i in range(len(found))]
        assert all(0 <= a < b <= len(text) for a, b in ranges)
        assert [a for a, _ in ranges] == sorted(a for a, _ in ranges)


@settings(max_examples=400)
@given(TEXTS, st.text("马云杭州Jack Ma", min_size=1, max_size=6), TEXTS)
def test_a_span_goes_into_the_cleaned_text_and_comes_back(left, name, right):
    if name.strip() != name or "  " in name or not readable(left + name + right):
        return
    # borders that neither join nor mask what stands beside them
    text = f"{left}。{name}。{right}"
    start = len(left) + 1
    made = clean(Placed(text))
    ((here, end, label),) = TASK.moved([[start, start + len(name), "name"]], made)
    assert (made[here:end], label) == (name, "name")
    assert placed(made).source(here, end) == (start, start + len(name))


@pytest.mark.parametrize(
    ("text", "start", "end", "here"),
    [
        ("电话１３８１２３４５６７８，马云", 14, 16, "马云"),
        ("  Ｊａｃｋ\u200b Ｍａ  在杭州", 2, 10, "Jack Ma"),
        ("Cafe\u0301 Zoë", 0, 5, "Café"),
        ("😀😀杭州😀", 2, 4, "杭州"),
        ("a@b.cn 是马云的邮箱", 8, 10, "马云"),
    ],
)
def test_places_of_known_texts(text, start, end, here):
    made = clean(Placed(text))
    ((a, b, _),) = TASK.moved([[start, end, "name"]], made)
    assert made[a:b] == here and placed(made).source(a, b) == (start, end)


def test_a_span_of_which_nothing_is_left_is_gone_and_two_in_one_mask_are_one():
    made = clean(Placed("马\u200b\u200b云"))
    assert TASK.moved([[1, 3, "name"]], made) == []
    made = clean(Placed("电话 13812345678"))
    assert TASK.moved([[3, 6, "name"], [6, 9, "name"]], made) == [[3, 10, "name"]]


def test_a_text_that_is_cut_keeps_its_places():
    made = cut_at(normalize(Placed("\u200bab c")), 2)
    assert made == "ab" and made.source(0, 2) == (1, 3)
    assert cut_at("abc", 2) == "ab" and type(cut_at("abc", 2)) is str


def test_ranges_for_other_characters_are_refused():
    with pytest.raises(ValueError, match="expected a range for each"):
        Placed("ab", [(0, 1)])


def test_the_longest_request_is_placed_in_a_bounded_time():
    assert unicodedata.is_normalized("NFC", clean(Placed("é汉" * 50_000)))

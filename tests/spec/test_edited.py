"""One number of a product file is set, and everything else of it stays as it was written."""

import pytest

from steelyard.errors import UserError
from steelyard.spec.edited import start_of, with_start

WRITTEN = [
    ("label: {start: 200}  # ours\n", "label: {start: 300}  # ours\n"),
    (
        "a: 1\nlabel:\n  # why\n  start: 2_00   # so many\n  seed: 3\n",
        "a: 1\nlabel:\n  # why\n  start: 300   # so many\n  seed: 3\n",
    ),
    ("label:\n  seed: 3\nb: 2\n", "label:\n  start: 300\n  seed: 3\nb: 2\n"),
    ("label: {seed: 3}\n", "label: {start: 300, seed: 3}\n"),
    ("label: {}\n", "label: {start: 300}\n"),
    ("label:\nb: 2\n", "label: {start: 300}\nb: 2\n"),
    ("label:  # later\nb: 2\n", "label: {start: 300}  # later\nb: 2\n"),
    ("label: {start: }\n", "label: {start: 300 }\n"),
    ("a: 1\n# the end", "a: 1\n# the end\n\nlabel:\n  start: 300\n"),
    ("a: 1\r\nlabel:\r\n  seed: 3\r\n", "a: 1\r\nlabel:\r\n  start: 300\r\n  seed: 3\r\n"),
    ("\ufeffa: 1\nlabel: {start: 200}\n", "\ufeffa: 1\nlabel: {start: 300}\n"),
    ("{a: 1, label: {start: 200}}\n", "{a: 1, label: {start: 300}}\n"),
    ("{a: 1}\n", "{label: {start: 300}, a: 1}\n"),
    ("名称: 评论  # 中文\nlabel: {start: 200}\n", "名称: 评论  # 中文\nlabel: {start: 300}\n"),
    ("other: {start: 7}\nlabel: {start: 200}\n", "other: {start: 7}\nlabel: {start: 300}\n"),
]


@pytest.mark.parametrize(("before", "after"), WRITTEN)
def test_the_number_is_set_and_comments_and_layout_stay(before, after):
    assert with_start(before, 300) == after


@pytest.mark.parametrize(
    "text",
    [
        "many: &n 200\nlabel: {start: *n}\n",  # the anchor stands for another field too
        "both: &l {start: 200}\nlabel: *l\n",
        "label: [200]\n",
        "label: 200\n",
        "- a\n",
    ],
)
def test_what_stands_for_more_is_left_to_a_person(text):
    with pytest.raises(UserError, match=r"set label\.start: 300 by hand"):
        with_start(text, 300)


def test_how_it_is_written_is_told():
    written = ["label: {start: 200}", "label: {start: 2_000}", "label: {seed: 1}", "a: 1"]
    assert [start_of(text) for text in written] == ["200", "2000", "", ""]

"""One token a line: texts and spans as their tags say, in the schemes that people use."""

import pytest

from steelyard.data.conll import ODD_TAG, TAGGED_ODD, read_conll, read_tagged
from steelyard.spec.model import Source


def read(tmp_path, text):
    path = tmp_path / "a.conll"
    path.write_text(text, encoding="utf-8")
    rejected = []
    source = Source(path="a.conll", reader="conll")
    raws = read_conll(source, path, line_bytes_max=1000, reject=lambda *said: rejected.append(said))
    return [(r.where, r.content, r.label) for r in raws], rejected


@pytest.mark.parametrize(
    "tags",
    [
        ("B-name", "I-name", "O", "B-address", "I-address"),
        ("I-name", "I-name", "O", "I-address", "I-address"),
        ("B-name", "E-name", "O", "B-address", "E-address"),
        ("B-name", "L-name", "O", "B-address", "L-address"),
    ],
)
@pytest.mark.parametrize("sep", [" ", "\t"])
def test_every_scheme_says_the_same_spans(tmp_path, tags, sep):
    lines = "\n".join(f"{c}{sep}{t}" for c, t in zip("马云在杭州", tags, strict=True))
    found, rejected = read(tmp_path, f"-DOCSTART- -X- O\n\n{lines}\n\n\n哦 O\n")
    assert found[0][1:] == ("马云在杭州", [[0, 2, "name"], [3, 5, "address"]])
    assert found[1][1:] == ("哦", []) and not rejected
    assert found[0][0] == "a.conll:3"


def test_words_of_letters_are_parted_by_a_space_and_columns_between_are_left_alone(tmp_path):
    text = "Jack NNP B-NP B-PER\nMa NNP I-NP I-PER\n在 P O O\nHangzhou NNP O S-LOC\n. . O O\n"
    found, _ = read(tmp_path, text)
    assert found == [("a.conll:1", "Jack Ma在Hangzhou .", [[0, 7, "PER"], [8, 16, "LOC"]])]


def test_two_entities_side_by_side_are_two(tmp_path):
    found, _ = read(tmp_path, "马 B-name\n云 B-name\n杭 S-name\n州 I-name\n")
    assert found[0][2] == [[0, 1, "name"], [1, 2, "name"], [2, 3, "name"], [3, 4, "name"]]


def test_a_text_with_an_odd_line_is_rejected_with_its_reason_and_the_rest_is_read(tmp_path):
    found, rejected = read(tmp_path, "马 X9\n云 O\n\n好\n\n杭 B-a\n")
    assert [content for _, content, _ in found] == ["杭"]
    assert rejected[0] == ("a.conll:1", ODD_TAG) and rejected[1][0] == "a.conll:4"


def test_words_with_tags_are_spans_where_names_has_their_tag(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("兰/nr 红光/nr 在/p 中国/ns 说/v 1/2/m ok/x\n\n没有 标记/n\n", encoding="utf-8")
    rejected = []
    source = Source(path="a.txt", reader="tagged", names={"nr": "person", "ns": "place"})
    raws = list(
        read_tagged(source, path, line_bytes_max=1000, reject=lambda *s: rejected.append(s))
    )
    assert [(r.content, r.label) for r in raws] == [
        ("兰红光在中国说1/2 ok", [[0, 3, "nr"], [4, 6, "ns"]])
    ]
    assert rejected == [("a.txt:3", TAGGED_ODD)]


def test_a_text_that_is_written_one_character_a_line_is_the_text_that_users_send(tmp_path):
    lines = "\n".join(
        f"{c} {t}"
        for c, t in zip("2026年APP", ["B-D", *["I-D"] * 4, "B-P", "I-P", "I-P"], strict=True)
    )
    found, _ = read(tmp_path, lines + "\n")
    assert found[0][1:] == ("2026年APP", [[0, 5, "D"], [5, 8, "P"]])


@pytest.mark.parametrize("space", ["  O", "\tO", " \tO"])
def test_a_token_may_be_a_space(tmp_path, space):
    found, rejected = read(tmp_path, f"马 B-n\n云 I-n\n{space}\n好 O\n")
    assert found[0][1:] == ("马云 好", [[0, 2, "n"]]) and not rejected
